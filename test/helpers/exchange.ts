/** Ranks within one process, for tests: each call waits until all ranks have made it. */
import assert from "node:assert/strict";
import type { Exchange } from "../../src/exchange/exchange.js";

type Arrays = readonly (Float32Array | Float64Array)[];

export function ranksOf(size: number): Exchange[] {
  let waiting: { call: string; arrays: Arrays; done: () => void }[] = [];
  const meet = (rank: number, call: string, arrays: Arrays, work: (all: Arrays[]) => void): Promise<void> =>
    new Promise((done) => {
      waiting[rank] = { call, arrays, done };
      if (Object.keys(waiting).length < size) return;
      const all = waiting;
      waiting = [];
      for (const other of all) {
        assert.equal(other.call, call, "ranks make the same calls in the same order");
        assert.deepEqual(
          other.arrays.map(({ length }) => length),
          all[0].arrays.map(({ length }) => length),
        );
      }
      work(all.map((one) => one.arrays));
      all.forEach((one) => one.done());
    });
  return Array.from({ length: size }, (_, rank) => ({
    rank,
    size,
    sum: (arrays) =>
      meet(rank, "sum", arrays, (all) =>
        all[0].forEach((_, i) => {
          const sum = all[0][i].slice().fill(0);
          for (const own of all) own[i].forEach((value, j) => (sum[j] += value));
          for (const own of all) own[i].set(sum);
        }),
      ),
    sumAtOnce: () => assert.fail("ranks in one thread cannot wait for each other; see thread-exchange.ts"),
    broadcast: (arrays) =>
      meet(rank, "broadcast", arrays, (all) => all.forEach((own) => own.forEach((to, i) => to.set(all[0][i])))),
    barrier: () => meet(rank, "barrier", [], () => undefined),
    end: () => Promise.resolve(),
  }));
}
