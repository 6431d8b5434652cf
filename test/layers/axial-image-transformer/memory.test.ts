import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../src/engine/index.js";
import { AxialImageTransformer } from "../../../src/layers/index.js";

/** The most bytes of the engine's heap that a forward and backward pass allocates beyond weights and image. */
async function trainingPeak(depth: number, reversible: boolean): Promise<number> {
  await engine.start({ threads: 1 }); // a new heap, whose high water is zero
  const layer = new AxialImageTransformer({
    filters: 8,
    depth,
    heads: 2,
    positionShape: [61, 67],
    reversible,
    seed: 1,
  });
  const image = tf.randomNormal([1, 61, 67, 8], 0, 1, "float32", 2);
  tf.dispose(layer.apply(image) as tf.Tensor);
  const before = engine.memory().heap!.liveBytes;
  const { value, grads } = tf.variableGrads(() => (layer.apply(image) as tf.Tensor).square().mean());
  assert.equal(Object.keys(grads).length, layer.trainableWeights.length);
  const { peakBytes } = engine.memory().heap!;
  tf.dispose([value, grads, image]);
  layer.dispose();
  return peakBytes - before;
}

describe("the memory of a training pass through the axial image transformer, in bytes", () => {
  after(() => engine.stop());

  it("stays within 15 % from depth 6 to 24 where it is reversible, and grows with it where it is not", async () => {
    await engine.start({ threads: 1 });
    const [shallow, deep] = [await trainingPeak(6, true), await trainingPeak(24, true)];
    assert.ok(deep < 1.15 * shallow, `${shallow} bytes at depth 6, ${deep} at depth 24`);
    const plain = [await trainingPeak(3, false), await trainingPeak(9, false)];
    assert.ok(plain[1] > 2.8 * plain[0] && plain[0] > 5 * shallow, `plain: ${plain.join(" bytes at depth 3, ")} at 9`);
  });
});
