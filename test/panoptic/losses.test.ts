import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { ConfigError, ShapeError } from "../../src/core/errors.js";
import { resizeOffsets } from "../../src/functions/resize.js";
import * as engine from "../../src/engine/index.js";
import { panopticLosses, type PanopticPrediction, type PanopticTargetTensors } from "../../src/panoptic/index.js";
import { assertClose } from "../helpers/compare.js";

const ignore = 255;

/** One image of 1 x 3 pixels and 2 classes; the last pixel is void. */
function example(): { prediction: PanopticPrediction; target: PanopticTargetTensors } {
  return {
    prediction: {
      semantic: tf.tensor4d([0, 0, 3, 0, 0, 0], [1, 1, 3, 2]),
      center: tf.tensor3d([0.5, 0, 7], [1, 1, 3]),
      offset: tf.tensor4d([2, 0, 0, 0, 5, 5], [1, 1, 3, 2]),
    },
    target: {
      semantic: tf.tensor3d([1, 0, ignore], [1, 1, 3], "int32"),
      semanticWeight: tf.tensor3d([3, 1, 1], [1, 1, 3]),
      center: tf.tensor3d([1, 0, 0], [1, 1, 3]),
      centerWeight: tf.tensor3d([1, 1, 0], [1, 1, 3]),
      offset: tf.tensor4d([1, 1, 0, 0, 0, 0], [1, 1, 3, 2]),
      offsetWeight: tf.tensor3d([1, 0, 0], [1, 1, 3]),
    },
  };
}

describe("panopticLosses", () => {
  before(async () => void (await engine.start()));
  after(() => engine.stop());

  it("are the hardest cross entropies, the squared error and the absolute error, by hand", () => {
    tf.tidy(() => {
      const { prediction, target } = example();
      const weights = { semantic: 1, center: 1, offset: 1 };
      const losses = panopticLosses(prediction, target, { ignore, topK: 1 / 3, weights });
      // The hardest of three pixels is the first, which weighs 3.
      assertClose(losses.semantic, [3 * Math.log(2)], 2e-7);
      assertClose(losses.center, [0.25], 2e-7);
      assertClose(losses.offset, [1], 2e-7);
      assertClose(losses.total, [3 * Math.log(2) + 1.25], 2e-7);
    });
  });

  it("share what is left among pixels that are equally hard", () => {
    tf.tidy(() => {
      const { prediction, target } = example();
      const equal = {
        ...target,
        semanticWeight: tf.onesLike(target.semanticWeight),
        semantic: tf.zeros<tf.Rank.R3>([1, 1, 3], "int32"),
      };
      const logits = tf.zeros<tf.Rank.R4>([1, 1, 3, 2]);
      const gradient = tf.grad(
        (semantic) =>
          panopticLosses({ ...prediction, semantic: semantic as tf.Tensor4D }, equal, { ignore, topK: 1 / 3 }).total,
      )(logits);
      assertClose(gradient.abs(), new Float32Array(6).fill(1 / 6), 2e-7);
    });
  });

  it("have the gradients of finite differences", () => {
    tf.tidy(() => {
      const { prediction, target } = example();
      const loss = (semantic: tf.Tensor) =>
        panopticLosses({ ...prediction, semantic: semantic as tf.Tensor4D }, target, { ignore, topK: 2 / 3 }).total;
      const gradient = tf.grad(loss)(prediction.semantic).dataSync();
      const values = prediction.semantic.dataSync();
      const differences = values.map((_, index) => {
        const shifted = (step: number) =>
          loss(
            tf.tensor(
              values.map((value, i) => (i === index ? value + step : value)),
              [1, 1, 3, 2],
            ),
          ).dataSync()[0];
        return (shifted(0.01) - shifted(-0.01)) / 0.02;
      });
      assertClose(gradient, differences, 1e-4);
    });
  });

  it("of an image without labels are zero, and so is their gradient", () => {
    tf.tidy(() => {
      const { prediction, target } = example();
      const empty = {
        ...target,
        semantic: tf.fill<tf.Rank.R3>([1, 1, 3], ignore, "int32"),
        centerWeight: tf.zerosLike(target.centerWeight),
        offsetWeight: tf.zerosLike(target.offsetWeight),
      };
      for (const reduction of ["deeplab2", "bowenc0221"] as const) {
        const loss = (semantic: tf.Tensor) =>
          panopticLosses({ ...prediction, semantic: semantic as tf.Tensor4D }, empty, { ignore, reduction }).total;
        assert.equal(loss(prediction.semantic).dataSync()[0], 0);
        assert.ok(
          tf
            .grad(loss)(prediction.semantic)
            .dataSync()
            .every((value) => value === 0),
        );
      }
    });
  });

  it("leave no tensor behind", () => {
    const { prediction, target } = example();
    const before = tf.memory().numTensors;
    tf.dispose({ ...panopticLosses(prediction, target, { ignore }) });
    assert.equal(tf.memory().numTensors, before);
    tf.dispose([{ ...prediction }, { ...target }]);
  });

  it("refuse what does not fit, with both shapes", () => {
    const { prediction, target } = example();
    assert.throws(
      () => panopticLosses({ ...prediction, center: tf.zeros([1, 2, 3]) }, target, { ignore }),
      /panopticLosses: prediction\.center must be \[1, 1, 3\], got \[1, 2, 3\]/,
    );
    assert.throws(() => panopticLosses(prediction, target, { ignore, topK: 0 }), ConfigError);
    assert.throws(() => panopticLosses(prediction, target, { ignore, reduction: "sum" as "deeplab2" }), ConfigError);
    assert.throws(() => resizeOffsets(tf.zeros([1, 1, 5, 2]), [3, 9]), ShapeError);
    tf.dispose([{ ...prediction }, { ...target }]);
  });
});
