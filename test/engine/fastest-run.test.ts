import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";

before(() => engine.start({ threads: 1 }));
after(() => engine.stop());

describe("the fastest run", () => {
  it("is one of those after the first, and leaves no tensors", (t) => {
    let now = 0;
    t.mock.method(performance, "now", () => now);
    const pauses = [2, 25, 7, 31];
    let runs = 0;
    const tensors = tf.memory().numTensors;
    const milliseconds = engine.fastestRun(() => {
      now += pauses[runs++];
      return tf.ones([2, 3]);
    });
    assert.deepEqual([runs, milliseconds, tf.memory().numTensors], [4, 7, tensors]);
  });

  it("must be of one run at least", () => {
    assert.throws(() => engine.fastestRun(() => tf.ones([1]), { runs: 0 }), {
      name: "ConfigError",
      message: /engine\.fastestRun: runs must be a positive integer, got 0/,
    });
  });
});
