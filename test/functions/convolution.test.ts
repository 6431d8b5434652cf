import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import { ConfigError } from "../../src/core/errors.js";
import { convolution, type ConvolutionOptions } from "../../src/functions/convolution.js";
import { assertClose } from "../helpers/compare.js";

/** B, H, W, channels of a group, filters of a group. */
const [batch, height, width, channels, filters] = [2, 11, 7, 3, 5];

/** y_o = sum_p x_{stride o + dilation p} kernel_p, summed in double precision. */
function loop(x: Float32Array, kernel: Float32Array, size: number, options: ConvolutionOptions): number[] {
  const { stride = 1, groups = 1, dilation = 1 } = options;
  const [across, out] = [channels * groups, filters * groups];
  const [rows, columns, reach] = [Math.ceil(height / stride), Math.ceil(width / stride), size >> 1];
  const result: number[] = [];
  for (let image = 0; image < batch; image++)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++)
        for (let filter = 0; filter < out; filter++) {
          let sum = 0;
          for (let r = 0; r < size; r++)
            for (let s = 0; s < size; s++) {
              const [y, z] = [row * stride + dilation * (r - reach), column * stride + dilation * (s - reach)];
              if (y < 0 || z < 0 || y >= height || z >= width) continue;
              for (let channel = 0; channel < channels; channel++) {
                const from = Math.floor(filter / filters) * channels + channel;
                sum +=
                  x[((image * height + y) * width + z) * across + from] *
                  kernel[((r * size + s) * channels + channel) * out + filter];
              }
            }
          result.push(sum);
        }
  return result;
}

const cases: Record<string, ConvolutionOptions & { readonly size: number }> = {
  "a 3 x 3 kernel": { size: 3 },
  "a 3 x 3 kernel with dilation 2": { size: 3, dilation: 2 },
  "a 5 x 5 kernel with dilation 3, wider than the image": { size: 5, dilation: 3 },
  "a 3 x 3 kernel with dilation 2 in 2 groups": { size: 3, dilation: 2, groups: 2 },
  "a 3 x 3 kernel with stride 2 in 2 groups": { size: 3, stride: 2, groups: 2 },
  "a 1 x 1 kernel with stride 2": { size: 1, stride: 2 },
};

const problem = (size: number, groups: number) => ({
  x: tf.randomNormal<tf.Rank.R4>([batch, height, width, channels * groups], 0, 1, "float32", 1),
  kernel: tf.randomNormal<tf.Rank.R4>([size, size, channels, filters * groups], 0, 1, "float32", 2),
});

describe("convolution", () => {
  after(() => engine.stop());

  for (const [name, { size, ...options }] of Object.entries(cases)) {
    it(`with ${name} equals the loop, by kernels of ours and composed, and so do the gradients`, async () => {
      const gradientsOn = async (backend: "wasm" | "cpu") => {
        await engine.start({ backend });
        return tf.tidy(() => {
          const { x, kernel } = problem(size, options.groups ?? 1);
          const y = convolution(x, kernel, options);
          assertClose(y, loop(x.dataSync<"float32">(), kernel.dataSync<"float32">(), size, options));
          const cotangent = tf.randomNormal(y.shape, 0, 1, "float32", 3);
          const gradients = tf.grads((x, kernel) =>
            convolution(x as tf.Tensor4D, kernel as tf.Tensor4D, options).mul(cotangent),
          )([x, kernel]);
          return gradients.map((gradient) => [...gradient.dataSync()]);
        });
      };
      const [dx, dKernel] = await gradientsOn("cpu");
      const [ourDx, ourDKernel] = await gradientsOn("wasm");
      assertClose(ourDx, dx);
      assertClose(ourDKernel, dKernel);
    });
  }

  it("dilates without a copy of the image where there is a kernel for it", async () => {
    await engine.start();
    const { x, kernel } = problem(3, 1);
    const { kernels } = engine.profileStep(() => void tf.tidy(() => convolution(x, kernel, { dilation: 2 })));
    assert.deepEqual(
      kernels.map((each) => each.name),
      ["GroupedConv2D"],
    );
    tf.dispose([x, kernel]);
  });

  it("refuses an option that there is not", () => {
    const { x, kernel } = problem(3, 1);
    assert.throws(() => convolution(x, kernel, { dilations: 2 } as ConvolutionOptions), ConfigError);
    tf.dispose([x, kernel]);
  });
});
