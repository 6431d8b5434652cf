import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import { localAttention } from "../../src/functions/local-attention.js";
import { standAloneAttention } from "../../src/functions/stand-alone-attention.js";
import { assertClose } from "../helpers/compare.js";

const [batch, height, width] = [2, 7, 6];
const normal = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, "float32", seed);

describe("stand-alone self-attention", () => {
  before(async () => void (await engine.start()));
  after(() => engine.stop());

  it("is local attention whose query alone has encodings", () =>
    tf.tidy(() => {
      const geometry = { heads: 3, keyDepth: 2, valueDepth: 5, window: { before: 1, after: 2 } };
      const qkv = normal([batch, height, width, 27], 1) as tf.Tensor4D;
      const encodings = normal([16, 2], 2) as tf.Tensor2D;
      const scales = normal([3, 3], 3) as tf.Tensor2D;
      const relative = { query: encodings, key: null, value: null };
      const { content, position } = localAttention({ qkv, relative, scales }, geometry);
      assert.equal(position, null);
      assertClose(standAloneAttention({ qkv, encodings, scales }, geometry), content, 1e-7);
    }));
});
