import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { localExchange, type Exchange } from "../../src/exchange/index.js";
import { metered } from "../../src/exchange/metered.js";

const busy = (milliseconds: number): void => {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
};

/** Every call takes 20 ms. */
const slow: Exchange = {
  ...localExchange,
  size: 3,
  rank: 2,
  sum: () => sleep(20),
  sumAtOnce: () => busy(20),
  beginSum() {
    busy(20);
    return {
      poll() {
        busy(20);
        return true;
      },
      end: () => sleep(20),
    };
  },
  broadcast: () => sleep(20),
  barrier: () => sleep(20),
};

describe("a metered exchange", () => {
  it("counts the seconds in each of its calls, and starts anew when asked", async () => {
    const exchange = metered(slow);
    assert.deepEqual([exchange.rank, exchange.size], [2, 3]);
    const values = new Float32Array(7);
    const sum = exchange.beginSum(values);
    const calls: [string, () => unknown][] = [
      ["sum", () => exchange.sum([values])],
      ["sumAtOnce", () => exchange.sumAtOnce([values])],
      ["beginSum", () => exchange.beginSum(values)],
      ["poll", () => sum.poll()],
      ["end", () => sum.end()],
      ["broadcast", () => exchange.broadcast([values])],
      ["barrier", () => exchange.barrier()],
    ];
    for (const [name, call] of calls) {
      exchange.lap();
      const start = performance.now();
      await call();
      const passed = (performance.now() - start) / 1000;
      await sleep(5); // Time outside of the exchange.
      const counted = exchange.lap();
      assert.ok(counted > 0.015 && counted <= passed, `${name}: ${counted} s of ${passed} s`);
    }
    assert.equal(exchange.lap(), 0);
  });
});
