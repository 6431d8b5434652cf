import { describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { createAverage } from "../../src/training/index.js";
import { assertClose } from "../helpers/compare.js";

describe("the average of the weights", () => {
  it("is a_t = d_t a + (1 - d_t) w, d_t = min(d, (1 + t) / (10 + t))", () => {
    const variable = tf.variable(tf.tensor1d([10]));
    const average = createAverage([{ name: "w", variable, trainable: true, ofOutput: false }], { decay: 0.15 });
    variable.assign(tf.tensor1d([20]));
    average.update(0); // d = 1/10
    const first = 10 * 0.1 + 20 * 0.9;
    variable.assign(tf.tensor1d([40]));
    average.update(1); // d = 0.15 rather than 2/11
    const expected = first * 0.15 + 40 * 0.85;
    assertClose(average.state.get("w")!, [expected], 3e-7);
  });
});
