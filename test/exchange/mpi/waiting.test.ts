import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Operation } from "../../../src/exchange/mpi/library.js";
import { ended, endNow } from "../../../src/exchange/mpi/waiting.js";

/** An operation that ends so many milliseconds from now, and how often it was looked at. */
function endingIn(milliseconds: number): Operation & { polls: number } {
  const end = performance.now() + milliseconds;
  return {
    polls: 0,
    poll() {
      this.polls++;
      return performance.now() >= end;
    },
  };
}

describe("waiting for other ranks", () => {
  it("is over at the first look where the operation has ended", async () => {
    const done = endingIn(0);
    await ended(done);
    endNow(done);
    assert.equal(done.polls, 2);
  });

  it("lets timers in meanwhile, and leaves the core to others the longer it takes", async () => {
    const operation = endingIn(100);
    let came = false;
    setTimeout(() => (came = true), 30);
    const start = process.cpuUsage();
    await ended(operation);
    const { user, system } = process.cpuUsage(start);
    assert.ok(came, "a timer of 30 ms came in while 100 ms were waited");
    // Without pauses all 100 ms would be worked through.
    assert.ok(user + system < 85_000, `${user + system} µs of work`);
  });

  it("ends within a pass too, with fewer looks", () => {
    const operation = endingIn(100);
    const start = performance.now();
    endNow(operation);
    assert.ok(performance.now() - start >= 100);
    const eager = endingIn(100);
    while (!eager.poll());
    assert.ok(operation.polls < 0.8 * eager.polls, `${operation.polls} looks against ${eager.polls}`);
  });
});
