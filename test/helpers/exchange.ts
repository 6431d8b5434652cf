/** Ranks within one process, for tests: each call waits until all ranks have made it. */
import assert from "node:assert/strict";
import type { Exchange } from "../../src/exchange/exchange.js";

type Arrays = readonly (Float32Array | Float64Array)[];

interface Call {
  readonly name: string;
  readonly arrays: Arrays;
  readonly done: () => void;
}

export function ranksOf(size: number): Exchange[] {
  /** Of each rank, the calls that it has made and others have not. */
  const waiting: Call[][] = Array.from({ length: size }, () => []);
  const meet = (rank: number, name: string, arrays: Arrays, work: (all: Arrays[]) => void): Promise<void> =>
    new Promise((done) => {
      waiting[rank].push({ name, arrays, done });
      if (waiting.some((calls) => calls.length === 0)) return;
      const all = waiting.map((calls) => calls.shift()!);
      for (const other of all) {
        assert.equal(other.name, name, "ranks make the same calls in the same order");
        assert.deepEqual(
          other.arrays.map(({ length }) => length),
          all[0].arrays.map(({ length }) => length),
        );
      }
      work(all.map((one) => one.arrays));
      all.forEach((one) => one.done());
    });
  const addUp = (all: Arrays[]): void =>
    all[0].forEach((_, i) => {
      const sum = all[0][i].slice().fill(0);
      for (const own of all) own[i].forEach((value, j) => (sum[j] += value));
      for (const own of all) own[i].set(sum);
    });
  return Array.from({ length: size }, (_, rank) => ({
    rank,
    size,
    sum: (arrays) => meet(rank, "sum", arrays, addUp),
    sumAtOnce: () => assert.fail("ranks in one thread cannot wait for each other; see thread-exchange.ts"),
    beginSum(values) {
      let ended = false;
      const sum = meet(rank, "beginSum", [values], addUp).then(() => void (ended = true));
      return { poll: () => ended, end: () => sum };
    },
    broadcast: (arrays) =>
      meet(rank, "broadcast", arrays, (all) => all.forEach((own) => own.forEach((to, i) => to.set(all[0][i])))),
    barrier: () => meet(rank, "barrier", [], () => undefined),
    end: () => Promise.resolve(),
  }));
}
