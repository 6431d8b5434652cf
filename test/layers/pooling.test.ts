import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import { convolution, subsample } from "../../src/functions/convolution.js";
import { averagePool, maxPooledSide } from "../../src/functions/pooling.js";
import { AveragePool, ChannelDropout, Convolution, MaxPool } from "../../src/layers/index.js";
import { viewAs } from "../../src/functions/view.js";
import { assertClose } from "../helpers/compare.js";

before(async () => void (await engine.start()));
after(() => engine.stop());

/** 0, 1, 2, ... in the given shape: every place tells where it is from. */
const count = (shape: [number, number, number, number]) =>
  tf
    .range(
      0,
      shape.reduce((product, size) => product * size, 1),
    )
    .reshape<tf.Tensor4D>(shape);

describe("averagePool", () => {
  it("takes the mean of whole windows, by hand", () =>
    tf.tidy(() => {
      const x = count([1, 2, 4, 1]); // 0 1 2 3 / 4 5 6 7
      assertClose(averagePool(x, 2, "drop"), [2.5, 4.5]);
      assertClose(averagePool(count([1, 3, 3, 1]), 2, "drop"), [2]);
    }));

  it("takes the mean over the places that there are where the remainder is kept", () =>
    tf.tidy(() => {
      const pooled = averagePool(count([1, 3, 3, 1]), 2, "keep"); // 0 1 2 / 3 4 5 / 6 7 8
      assertClose(pooled, [2, 3.5, 6.5, 8]);
    }));

  it("spreads its gradient evenly over each window", () =>
    tf.tidy(() => {
      const gradient = tf.grad((x) => averagePool(x as tf.Tensor4D, 2, "keep").sum())(count([1, 3, 2, 1]));
      assertClose(gradient, [0.25, 0.25, 0.25, 0.25, 0.5, 0.5]);
    }));
});

describe("AveragePool with a stride", () => {
  it("equals averagePool that keeps the remainder, and says so beforehand", () =>
    tf.tidy(() => {
      const x = count([2, 5, 7, 3]);
      const layer = new AveragePool({ stride: 2 });
      assert.deepEqual(layer.computeOutputShape(x.shape), [2, 3, 4, 3]);
      assert.deepEqual(layer.computeOutputShape([null, null, 7, 3]), [null, null, 4, 3]);
      assertClose(layer.apply(x) as tf.Tensor, [...averagePool(x, 2, "keep").dataSync()]);
      assertClose(new AveragePool({ stride: 1 }).apply(x) as tf.Tensor, [...x.dataSync()]);
    }));

  it("refuses a window beside it and what is no stride", () => {
    assert.throws(
      () => new AveragePool({ name: "pool", stride: 2, window: [3, 5] }),
      /^ConfigError: AveragePool pool: only one of window and stride can be given, got 3,5 and 2; leave one out$/,
    );
    for (const stride of [0, 1.5]) assert.throws(() => new AveragePool({ stride }), /stride/);
  });
});

describe("subsample", () => {
  it("takes every second row and column, from the first on, and hands gradients back there", () =>
    tf.tidy(() => {
      assertClose(subsample(count([1, 3, 5, 1]), 2), [0, 2, 4, 10, 12, 14]);
      const gradient = tf.grad((x) => subsample(x as tf.Tensor4D, 2).sum())(count([1, 2, 3, 1]));
      assertClose(gradient, [1, 0, 1, 0, 0, 0]);
    }));
});

describe("Convolution", () => {
  const [batch, height, width, channels, filters] = [2, 7, 5, 6, 9];
  const normal = (shape: number[], seed: number) => tf.randomNormal<tf.Rank.R4>(shape as never, 0, 1, "float32", seed);

  for (const [size, stride, groups] of [
    [1, 1, 1],
    [1, 2, 1],
    [3, 1, 1],
    [3, 2, 3],
    [7, 2, 1],
  ])
    it(`with a ${size} x ${size} kernel, stride ${stride} and ${groups} groups equals loops`, () =>
      tf.tidy(() => {
        const x = normal([batch, height, width, channels], 1);
        const kernel = normal([size, size, channels / groups, filters], 2);
        const y = convolution(x, kernel, { stride, groups });
        const [rows, columns] = [Math.ceil(height / stride), Math.ceil(width / stride)];
        assert.deepEqual(y.shape, [batch, rows, columns, filters]);
        const [pixels, weights, pad] = [x.arraySync(), kernel.arraySync(), size >> 1];
        const expected: number[] = [];
        for (let b = 0; b < batch; b++)
          for (let i = 0; i < rows; i++)
            for (let j = 0; j < columns; j++)
              for (let f = 0; f < filters; f++) {
                let sum = 0;
                const first = Math.floor(f / (filters / groups)) * (channels / groups);
                for (let di = 0; di < size; di++)
                  for (let dj = 0; dj < size; dj++)
                    for (let c = 0; c < channels / groups; c++)
                      sum +=
                        (pixels[b][i * stride + di - pad]?.[j * stride + dj - pad]?.[first + c] ?? 0) *
                        weights[di][dj][c][f];
                expected.push(sum);
              }
        assertClose(y, expected);
      }));

  it("starts with the variance 2 / (k k filters)", () =>
    tf.tidy(() => {
      const layer = new Convolution({ filters: 400, kernelSize: 3, seed: 4 });
      layer.build([null, null, null, 20]);
      const { mean, variance } = tf.moments(layer.getWeights()[0]);
      assert.ok(Math.abs(mean.dataSync()[0]) < 1e-3);
      assert.ok(Math.abs(variance.dataSync()[0] * 9 * 200 - 1) < 0.02);
    }));

  it("adds a bias where asked, and is rebuilt from its configuration", () =>
    tf.tidy(() => {
      const layer = new Convolution({ filters: 3, bias: true, stride: 2, name: "c" });
      const x = normal([1, 4, 4, 2], 3);
      const y = layer.apply(x) as tf.Tensor;
      layer.setWeights([layer.getWeights()[0], tf.tensor1d([1, 2, 3])]);
      assertClose((layer.apply(x) as tf.Tensor).sub(y), tf.tensor1d([1, 2, 3]).tile([4]).reshape([1, 2, 2, 3]));
      assert.deepEqual(Convolution.fromConfig(Convolution, layer.getConfig()).getConfig(), layer.getConfig());
    }));

  it("with dilation equals a kernel with zeros between its places, gradients included", () =>
    tf.tidy(() => {
      const [dilation, groups] = [3, 2];
      const layer = new Convolution({ filters, kernelSize: 3, dilation, seed: 5 });
      const x = normal([batch, height, width, channels], 1);
      const cotangent = normal([batch, height, width, filters], 3);
      layer.apply(x);
      const kernel = layer.getWeights()[0] as tf.Tensor4D;
      const wide = (w: tf.Tensor4D) => {
        const gaps = w.reshape([3, 1, 3, 1, channels, filters]).pad([[0, 0], [0, 2], [0, 0], [0, 2], [0, 0], [0, 0]]); // prettier-ignore
        return gaps.reshape<tf.Tensor4D>([9, 9, channels, filters]).slice([0, 0, 0, 0], [7, 7, channels, filters]);
      };
      const plain = (input: tf.Tensor, w: tf.Tensor) =>
        convolution(input as tf.Tensor4D, wide(w as tf.Tensor4D), { stride: 1, groups: 1 });
      assertClose(layer.apply(x) as tf.Tensor, plain(x, kernel));
      const ours = tf.grad((input) => (layer.apply(input) as tf.Tensor).mul(cotangent).sum())(x);
      const [dInput, dKernel] = tf.grads((input, w) => plain(input, w).mul(cotangent).sum())([x, kernel]);
      assertClose(ours, dInput);
      const { grads } = tf.variableGrads(() => (layer.apply(x) as tf.Tensor).mul(cotangent).sum());
      assertClose(Object.values(grads)[0], dKernel);
      const grouped = new Convolution({ filters: 4, kernelSize: 3, dilation: 2, groups });
      assert.deepEqual((grouped.apply(x) as tf.Tensor).shape, [batch, height, width, 4]);
      assert.deepEqual(Convolution.fromConfig(Convolution, layer.getConfig()).getConfig(), layer.getConfig());
    }));

  it("refuses a dilation that is no distance, or beside a stride", () => {
    assert.throws(
      () => new Convolution({ filters: 4, kernelSize: 3, dilation: 2, stride: 2 }),
      /dilation must be a positive integer, and 1 where there is a stride, got dilation=2, stride=2; leave one out/,
    );
    assert.throws(() => new Convolution({ filters: 4, dilation: 0.5 }), /got dilation=0.5, stride=1/);
  });

  it("refuses even kernels and channels that its groups do not divide", () => {
    assert.throws(() => new Convolution({ filters: 4, kernelSize: 2 }), /kernelSize must be odd, got 2; use 3/);
    assert.throws(
      () => new Convolution({ filters: 4, groups: 3 }),
      /filters must be a multiple of groups, got filters=4, groups=3; use 6/,
    );
    assert.throws(
      () => new Convolution({ filters: 6, groups: 3 }).build([null, 5, 5, 4]),
      /got 4 channels, groups=3; change groups/,
    );
  });
});

describe("MaxPool", () => {
  it("takes the maximum with one place beyond every edge ignored, by hand", () =>
    tf.tidy(() => {
      const pooled = new MaxPool().apply(count([1, 4, 5, 1])) as tf.Tensor;
      assert.deepEqual(pooled.shape, [1, 2, 3, 1]);
      assertClose(pooled, [6, 8, 9, 16, 18, 19]);
      assert.deepEqual(new MaxPool().computeOutputShape([null, 4, null, 8]), [null, 2, null, 8]);
    }));

  it("without padding begins at the first place, and lets the last window reach beyond the edge", () =>
    tf.tidy(() => {
      const blocks = new MaxPool({ size: 2, stride: 2, padding: 0 });
      assertClose(blocks.apply(count([1, 3, 3, 1]).sub(100)) as tf.Tensor, [-96, -95, -93, -92]);
      const every = new MaxPool({ size: 1, stride: 2 });
      assertClose(every.apply(count([1, 3, 4, 1])) as tf.Tensor, [0, 2, 8, 10]);
      assert.deepEqual(MaxPool.fromConfig(MaxPool, blocks.getConfig()).getConfig(), blocks.getConfig());
    }));
});

describe("MaxPool with ceil", () => {
  it("has a last window of the last row or column alone where the size is even, by hand", () =>
    tf.tidy(() => {
      const layer = new MaxPool({ ceil: true });
      const pooled = layer.apply(count([1, 4, 5, 1])) as tf.Tensor;
      assert.deepEqual(pooled.shape, [1, 3, 3, 1]);
      assertClose(pooled, [6, 8, 9, 16, 18, 19, 16, 18, 19]);
      assert.deepEqual(layer.computeOutputShape([null, 4, null, 8]), [null, 3, null, 8]);
      const gradient = tf.grad((x) => (layer.apply(x) as tf.Tensor).sum())(count([1, 2, 2, 1]));
      assertClose(gradient, [0, 0, 0, 4]);
      assert.deepEqual(MaxPool.fromConfig(MaxPool, layer.getConfig()).getConfig(), layer.getConfig());
    }));

  it("has no window that begins beyond the map and its padding: PyTorch's sizes", () => {
    // torch.nn.MaxPool2d(size, stride, padding, ceil_mode=True) of 5, 6, 7 and 8 places
    const sides = (size: number, stride: number, padding: number) =>
      [5, 6, 7, 8].map((side) => maxPooledSide(side, { size, stride, padding, ceil: true }));
    assert.deepEqual(
      [sides(3, 2, 1), sides(2, 3, 0), sides(2, 4, 1)],
      [
        [3, 4, 4, 5],
        [2, 2, 3, 3],
        [2, 2, 2, 3],
      ],
    );
  });
});

describe("ChannelDropout", () => {
  it("leaves whole channels out in training, in expectation nothing, and repeats itself from a seed", () =>
    tf.tidy(() => {
      const make = () => new ChannelDropout({ rate: 0.25, seed: 7 });
      const [layer, twin] = [make(), make()];
      const x = tf.ones([5, 3, 2, 400]);
      const passes = [1, 2].map(() => layer.apply(x, { training: true }) as tf.Tensor);
      for (const y of passes) {
        assertClose(y.min([1, 2]), y.max([1, 2]));
        assertClose(y.max(), [4 / 3]);
        assert.equal(y.min().dataSync()[0], 0);
        assert.ok(Math.abs(y.mean().dataSync()[0] - 1) < 0.05);
        assertClose(twin.apply(x, { training: true }) as tf.Tensor, y);
      }
      assert.ok(passes[0].sub(passes[1]).abs().max().dataSync()[0] > 1);
      assertClose(layer.apply(x) as tf.Tensor, x);
      assert.deepEqual(ChannelDropout.fromConfig(ChannelDropout, layer.getConfig()).getConfig(), layer.getConfig());
    }));

  it("refuses a rate that is no share", () =>
    assert.throws(() => new ChannelDropout({ rate: 1 }), /rate must be from 0 to below 1, got 1; use 0.1/));
});

describe("viewAs", () => {
  it("gives the same numbers under another shape, hands gradients back, and keeps nothing for them", () =>
    tf.tidy(() => {
      const x = count([1, 2, 3, 1]);
      const gradient = tf.grad((input) => {
        const before = tf.memory().numTensors;
        const view = viewAs<tf.Tensor2D>(input, [3, -1]);
        assert.equal(tf.memory().numTensors - before, 1);
        assert.deepEqual(view.shape, [3, 2]);
        return view.mul(tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2])).sum();
      })(x);
      assert.deepEqual(gradient.shape, [1, 2, 3, 1]);
      assertClose(gradient, [1, 2, 3, 4, 5, 6]);
    }));
});
