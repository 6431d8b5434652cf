/** Ranks in threads of one process, for tests: sums in shared memory, for which a rank can wait in the middle of a pass. */
import { endedSum, type Exchange } from "../../src/exchange/exchange.js";

/** What the ranks share; goes to a thread as it is. */
export interface SharedRanks {
  readonly size: number;
  /** Places for the sums, and two numbers before them: how many have arrived, and how often all have. */
  readonly memory: SharedArrayBuffer;
}

/** Numbers that travel at once. */
const capacity = 4096;
const arrived = 0;
const turns = 1;
const headBytes = 8;

export const shareRanks = (size: number): SharedRanks => ({
  size,
  memory: new SharedArrayBuffer(headBytes + size * capacity * 8),
});

export function threadExchange({ size, memory }: SharedRanks, rank: number): Exchange {
  const counters = new Int32Array(memory, 0, 2);
  const places = Array.from(
    { length: size },
    (_, i) => new Float64Array(memory, headBytes + i * capacity * 8, capacity),
  );
  const barrier = (): void => {
    const turn = Atomics.load(counters, turns);
    if (Atomics.add(counters, arrived, 1) + 1 === size) {
      Atomics.store(counters, arrived, 0);
      Atomics.add(counters, turns, 1);
      Atomics.notify(counters, turns);
      return;
    }
    while (Atomics.load(counters, turns) === turn)
      if (Atomics.wait(counters, turns, turn, 60_000) === "timed-out") throw new Error(`rank ${rank} waits in vain`);
  };
  const inParts = (
    arrays: readonly (Float32Array | Float64Array)[],
    work: (part: Float32Array | Float64Array) => void,
  ): void => {
    for (const array of arrays)
      for (let start = 0; start < array.length; start += capacity) {
        const part = array.subarray(start, start + capacity);
        places[rank].set(part);
        barrier();
        work(part);
        barrier();
      }
  };
  const sumAtOnce: Exchange["sumAtOnce"] = (arrays) =>
    inParts(arrays, (part) => part.forEach((_, i) => (part[i] = places.reduce((sum, own) => sum + own[i], 0))));
  return {
    rank,
    size,
    sumAtOnce,
    beginSum(values) {
      sumAtOnce([values]);
      return endedSum;
    },
    sum: (arrays) => Promise.resolve(sumAtOnce(arrays)),
    broadcast: (arrays) => Promise.resolve(inParts(arrays, (part) => part.set(places[0].subarray(0, part.length)))),
    barrier: () => Promise.resolve(barrier()),
    end: () => Promise.resolve(),
  };
}
