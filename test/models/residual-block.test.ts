import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import type { BlockConfig } from "../../src/models/config.js";
import { costAssembler } from "../../src/models/cost-assembler.js";
import { layerAssembler } from "../../src/models/layer-assembler.js";
import { applyBlock } from "../../src/models/residual-block.js";
import { assertClose } from "../helpers/compare.js";

before(async () => void (await engine.start({ threads: 2 })));
after(() => engine.stop());

const operators = [{ kind: "convolution" }, { kind: "axial", heads: 2 }] as const;

/** A block on maps of 5 channels, its norms away from zero, that its branch be seen. */
function blockOf(config: BlockConfig, side = 6): tf.LayersModel {
  const input = tf.input({ shape: [null, null, 5] });
  const assembler = layerAssembler({ constants: "torch", seed: 3 });
  const { tensor } = applyBlock(assembler, "block", { tensor: input, side }, config);
  const model = tf.model({ inputs: input, outputs: tensor });
  for (const weight of model.weights)
    if (weight.originalName.endsWith("gamma")) weight.write(tf.onesLike(weight.read()));
  return model;
}

describe("a block that strides on its input", () => {
  for (const operator of operators)
    for (const block of ["bottleneck", "basic"] as const) {
      const config = { block, stride: 2, width: 8, filters: 12, operator } as const;

      it(`equals the ${block} with ${operator.kind} and stride 1 on the means of the input`, () =>
        tf.tidy(() => {
          const x = tf.randomNormal([2, 6, 10, 5], 0, 1, "float32", 7);
          const means = tf.avgPool(x as tf.Tensor4D, 2, 2, "valid");
          const strided = blockOf({ ...config, strideOn: "input" });
          const plain = blockOf({ ...config, stride: 1 }, 3);
          const y = strided.predict(x) as tf.Tensor;
          assert.deepEqual(y.shape, [2, 3, 5, 12]);
          assertClose(y, [...(plain.predict(means) as tf.Tensor).dataSync()]);
        }));
    }

  it("equals one that strides on its first convolution where neighbours are alike", () =>
    tf.tidy(() => {
      const config = { stride: 2, width: 8, filters: 12, operator: operators[1] } as const;
      const x = tf.image.resizeNearestNeighbor(tf.randomNormal<tf.Rank.R4>([2, 3, 5, 5], 0, 1, "float32", 9), [6, 10]);
      const [a, b] = (["input", "reduce"] as const).map((strideOn) => blockOf({ ...config, strideOn }).predict(x));
      assertClose(a as tf.Tensor, [...(b as tf.Tensor).dataSync()]);
    }));

  it("costs as many parameters as one that strides elsewhere, and fewer multiply-adds", () => {
    const cost = (strideOn: BlockConfig["strideOn"]) => {
      const assembler = costAssembler();
      const map = { height: 6, width: 10, channels: 5, kept: false };
      const out = applyBlock(assembler, "block", map, {
        stride: 2,
        width: 8,
        filters: 12,
        operator: operators[0],
        strideOn,
      });
      const sum = (of: "parameters" | "convolutionMacs") =>
        assembler.layers.reduce((total, layer) => total + layer[of], 0);
      return { sides: [out.height, out.width], parameters: sum("parameters"), macs: sum("convolutionMacs") };
    };
    const [input, operator] = [cost("input"), cost("operator")];
    assert.deepEqual(input.sides, [3, 5]);
    assert.equal(input.parameters, operator.parameters);
    // The first 1 x 1 convolution, of 5 to 8 channels, sees 15 places in place of 60.
    assert.equal(operator.macs - input.macs, 45 * 5 * 8);
  });
});
