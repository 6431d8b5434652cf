/**
 * What processes that train one model together say to each other. Each runs the same program on its own share of the
 * images; they are numbered by rank, from 0. Calls are collective: every rank makes the same ones in the same order, with
 * arrays of the same lengths, and each waits for the others.
 */
export interface Exchange {
  /** Which of the processes this is, from 0 to `size` - 1. Rank 0 writes logs and checkpoints. */
  readonly rank: number;
  /** How many processes there are. */
  readonly size: number;
  /** Puts the sum over all ranks in place of the values, array by array: the same bits on every rank. */
  sum(arrays: readonly (Float32Array | Float64Array)[]): Promise<void>;
  /** As `sum`, at once: in the middle of a forward or a backward pass, nothing can be waited for otherwise. */
  sumAtOnce(arrays: readonly (Float32Array | Float64Array)[]): void;
  /**
   * Begins to put the sum over all ranks in place of the values, and comes back at once where the ranks can be heard while
   * other work goes on, else when it has ended. Until then nobody reads or writes the values, whose buffer must not be
   * resized. Several sums may be under way; every rank begins the same ones in the same order.
   */
  beginSum(values: Float32Array): SumUnderWay;
  /** Puts the values of rank 0 in place of the others'. */
  broadcast(arrays: readonly (Float32Array | Float64Array)[]): Promise<void>;
  /** Comes back when every rank has called it. */
  barrier(): Promise<void>;
  /** Leaves the others; nothing can be exchanged afterwards. */
  end(): Promise<void>;
}

/** A sum that goes on beside other work. */
export interface SumUnderWay {
  /** Moves it on, without waiting for anyone; whether it has ended. */
  poll(): boolean;
  /** Comes back when it has ended. */
  end(): Promise<void>;
}

/** A sum that nobody has to wait for any more. */
export const endedSum: SumUnderWay = { poll: () => true, end: () => Promise.resolve() };

/** One process alone: nothing to add, nothing to wait for. */
export const localExchange: Exchange = {
  rank: 0,
  size: 1,
  sum: () => Promise.resolve(),
  sumAtOnce: () => undefined,
  beginSum: () => endedSum,
  broadcast: () => Promise.resolve(),
  barrier: () => Promise.resolve(),
  end: () => Promise.resolve(),
};
