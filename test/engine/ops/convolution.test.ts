import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../src/engine/index.js";
import { groupedConvolution } from "../../../src/engine/ops/index.js";
import { assertClose, numbers } from "../../helpers/compare.js";

interface Case {
  readonly x: [number, number, number, number];
  readonly window: [number, number];
  readonly channels: number;
  readonly stride: [number, number];
  readonly pad: number | "same" | "valid" | [[number, number], [number, number], [number, number], [number, number]];
  readonly dilation?: number;
  readonly groups?: number;
}

const cases: Record<string, Case> = {
  "1 x 1": { x: [2, 5, 7, 11], window: [1, 1], channels: 13, stride: [1, 1], pad: "valid" },
  "1 x 1 with stride 2": { x: [2, 7, 5, 11], window: [1, 1], channels: 13, stride: [2, 2], pad: "same" },
  "1 x 1 with padding": { x: [2, 3, 5, 7], window: [1, 1], channels: 9, stride: [1, 1], pad: 1 },
  "1 x 1 with stride 3 and 2 over a single row": {
    ...{ x: [3, 1, 8, 5], window: [1, 1], channels: 3, stride: [3, 2], pad: "valid" },
  },
  "3 x 3, same": { x: [2, 7, 5, 11], window: [3, 3], channels: 13, stride: [1, 1], pad: "same" },
  "3 x 3, valid": { x: [2, 7, 5, 3], window: [3, 3], channels: 17, stride: [1, 1], pad: "valid" },
  "3 x 3, stride 2, padding 1, odd sizes": { x: [2, 7, 9, 5], window: [3, 3], channels: 11, stride: [2, 2], pad: 1 },
  "3 x 3, stride 2, padding 1, even sizes": { x: [2, 8, 6, 5], window: [3, 3], channels: 11, stride: [2, 2], pad: 1 },
  "3 x 3, stride 2, same, even sizes": { x: [1, 8, 6, 5], window: [3, 3], channels: 11, stride: [2, 2], pad: "same" },
  "3 x 3 over images of one pixel": { x: [3, 1, 1, 5], window: [3, 3], channels: 7, stride: [1, 1], pad: "same" },
  "2 x 5, strides 3 and 1, uneven padding": {
    x: [2, 11, 7, 3],
    ...{ window: [2, 5], channels: 9, stride: [3, 1] },
    pad: [
      [0, 0],
      [1, 0],
      [3, 2],
      [0, 0],
    ],
  },
  "7 x 7 stem": { x: [2, 23, 19, 3], window: [7, 7], channels: 16, stride: [2, 2], pad: 3 },
  "stride beyond the window": { x: [2, 11, 13, 3], window: [2, 2], channels: 5, stride: [4, 3], pad: "valid" },
  "many small images, many channels": { x: [8, 5, 5, 37], window: [3, 3], channels: 67, stride: [1, 1], pad: 1 },
  "large images": { x: [2, 61, 59, 5], window: [3, 3], channels: 17, stride: [1, 1], pad: 1 },
  "3 x 3, dilation 2": { x: [2, 11, 9, 5], window: [3, 3], channels: 7, stride: [1, 1], pad: 2, dilation: 2 },
  "3 x 2, dilation 3, stride 2": {
    x: [2, 13, 11, 5],
    window: [3, 2],
    channels: 7,
    stride: [2, 2],
    pad: 2,
    dilation: 3,
  },
  "3 groups, 1 x 1": { x: [2, 5, 7, 15], window: [1, 1], channels: 21, stride: [1, 1], pad: 0, groups: 3 },
  "5 groups, 3 x 3, stride 2": { x: [2, 9, 7, 15], window: [3, 3], channels: 20, stride: [2, 2], pad: 1, groups: 5 },
  "2 groups, 3 x 3, dilation 2": {
    ...{ x: [1, 9, 7, 6], window: [3, 3], channels: 22, stride: [1, 1], pad: 2, dilation: 2, groups: 2 },
  },
  "depthwise as groups of one channel": {
    x: [2, 7, 5, 11],
    window: [3, 3],
    channels: 11,
    stride: [1, 1],
    pad: 1,
    groups: 11,
  },
};

/** [B, H, W], window, and what differs from stride 1 without padding; channels that fill lanes of four, and that do not. */
const depthwise: Record<string, Pick<Case, "x" | "window"> & Partial<Case>> = {
  "5 x 5 on long rows": { x: [2, 7, 37, 21], window: [5, 5], pad: 2 },
  "5 x 5 on many rows": { x: [3, 41, 13, 32], window: [5, 5], pad: 2 },
  "3 x 3, stride 2": { x: [2, 11, 43, 13], window: [3, 3], stride: [2, 2], pad: 1 },
  "3 x 5, dilation 3": { x: [1, 13, 29, 7], window: [3, 5], pad: 4, dilation: 3 },
  "no padding": { x: [2, 9, 17, 5], window: [3, 2] },
  "padding beyond the window": { x: [2, 3, 5, 6], window: [2, 2], pad: 4 },
  "images smaller than the window": { x: [3, 2, 3, 19], window: [5, 5], pad: 2 },
};
for (const [name, one] of Object.entries(depthwise))
  cases[`depthwise, ${name}`] = { stride: [1, 1], pad: 0, channels: one.x[3], groups: one.x[3], ...one };

/** Calls `visit` for every product x[...] * w[...] that y[...] sums, with flat indices. */
function visitProducts(
  one: Case,
  y: number[],
  padding: [number, number],
  visit: (y: number, x: number, w: number) => void,
): void {
  const { x, window, channels, stride, dilation = 1, groups = 1 } = one;
  const [images, height, width, inputs] = x;
  const perGroup = inputs / groups;
  for (let b = 0; b < images; b++)
    for (let i = 0; i < y[1]; i++)
      for (let j = 0; j < y[2]; j++)
        for (let r = 0; r < window[0]; r++)
          for (let s = 0; s < window[1]; s++) {
            const row = i * stride[0] + r * dilation - padding[0];
            const column = j * stride[1] + s * dilation - padding[1];
            if (row < 0 || row >= height || column < 0 || column >= width) continue;
            for (let n = 0; n < channels; n++) {
              const group = Math.floor(n / (channels / groups));
              for (let c = 0; c < perGroup; c++) {
                const from = ((b * height + row) * width + column) * inputs + group * perGroup + c;
                const tap = ((r * window[1] + s) * perGroup + c) * channels + n;
                visit(((b * y[1] + i) * y[2] + j) * channels + n, from, tap);
              }
            }
          }
}

for (const relaxedSimd of [true, false]) {
  describe(`convolution on the threaded backend, ${relaxedSimd ? "relaxed" : "plain"} SIMD`, () => {
    before(() => engine.start({ threads: 3, relaxedSimd }));
    after(() => engine.stop());

    for (const [name, one] of Object.entries(cases)) {
      it(`${name}: result and both gradients equal plain loops`, () => {
        const { x: xShape, window, channels, stride, pad, dilation = 1, groups = 1 } = one;
        const wShape: [number, number, number, number] = [...window, xShape[3] / groups, channels];
        const x = tf.randomNormal<tf.Rank.R4>(xShape, 0, 1, "float32", 1);
        const w = tf.randomNormal<tf.Rank.R4>(wShape, 0, 1, "float32", 2);
        const inTfjs = groups === 1 && dilation === 1;
        const convolve = (x: tf.Tensor, w: tf.Tensor): tf.Tensor4D =>
          inTfjs
            ? tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, pad)
            : groupedConvolution(x as tf.Tensor4D, w as tf.Tensor4D, {
                stride: stride[0],
                padding: pad as number,
                dilation,
              })!;
        const y = convolve(x, w);
        const dy = tf.randomNormal<tf.Rank.R4>(y.shape, 0, 1, "float32", 3);
        const [dx, dw] = tf.grads(convolve)([x, w], dy);

        // By its sides: of one number TensorFlow.js works out the width by the filter's height.
        const sides = typeof pad === "number" && !inTfjs ? ([[0, 0], [pad, pad], [pad, pad], [0, 0]] as const) : pad; // prettier-ignore
        const info = tf.backend_util.computeConv2DInfo(
          xShape,
          [...window, xShape[3], channels],
          stride,
          dilation,
          sides as typeof pad,
        );
        assert.deepEqual(y.shape, info.outShape);
        const [valuesX, valuesW, valuesDy] = [x, w, dy].map(numbers);
        const [sumY, sumX, sumW] = [y, x, w].map((tensor) => new Float64Array(tensor.size));
        visitProducts(one, y.shape, [info.padInfo.top, info.padInfo.left], (to, from, tap) => {
          sumY[to] += valuesX[from] * valuesW[tap];
          sumX[from] += valuesDy[to] * valuesW[tap];
          sumW[tap] += valuesDy[to] * valuesX[from];
        });
        // Rounding of a sum of that many terms of size 1.
        assertClose(y, sumY, 2e-6, "y");
        assertClose(dx, sumX, 2e-6, "dx");
        assertClose(dw, sumW, 2e-6, "dw");
        tf.dispose([x, w, y, dy, dx, dw]);
      });
    }
  });
}

describe("convolution on the threaded backend", () => {
  before(() => engine.start({ threads: 3 }));
  after(() => engine.stop());

  it("takes a filter of more places than a call has arguments", () => {
    const y = tf.tidy(() =>
      tf.conv2d(tf.ones<tf.Rank.R4>([1, 368, 375, 1]), tf.ones<tf.Rank.R4>([367, 373, 1, 1]), 1, "valid"),
    );
    assert.deepEqual([y.shape, [...y.dataSync()]], [[1, 2, 3, 1], new Array(6).fill(367 * 373)]);
    y.dispose();
  });

  it("dilates tf.conv2d itself, by other amounts in rows and columns", () => {
    const x = tf.randomNormal<tf.Rank.R4>([2, 11, 13, 3], 0, 1, "float32", 4);
    const w = tf.randomNormal<tf.Rank.R4>([3, 2, 3, 7], 0, 1, "float32", 5);
    const spread = tf.zeros<tf.Rank.R4>([5, 4, 3, 7]).bufferSync();
    const weights = w.bufferSync();
    for (let r = 0; r < 3; r++)
      for (let s = 0; s < 2; s++)
        for (let c = 0; c < 3; c++) for (let n = 0; n < 7; n++) spread.set(weights.get(r, s, c, n), 2 * r, 3 * s, c, n);
    const expected = tf.conv2d(x, spread.toTensor(), 1, "same");
    assertClose(numbers(tf.conv2d(x, w, 1, "same", "NHWC", [2, 3])), expected, 5e-7);
  });

  it("adds a bias and clamps in the fused form, and hands other activations back to tfjs", () => {
    const x = tf.randomNormal<tf.Rank.R4>([2, 7, 5, 3], 0, 1, "float32", 6);
    for (const size of [1, 3]) {
      const filter = tf.randomNormal<tf.Rank.R4>([size, size, 3, 11], 0, 1, "float32", 7);
      const bias = tf.randomNormal<tf.Rank.R1>([11], 0, 1, "float32", 8);
      const sum = tf.conv2d(x, filter, 1, "same").add(bias);
      for (const activation of ["linear", "relu", "relu6"] as const) {
        const expected = { linear: sum, relu: sum.relu(), relu6: sum.relu6() }[activation];
        const y = tf.fused.conv2d({ x, filter, strides: 1, pad: "same", bias, activation });
        assertClose(y, expected, 5e-7);
      }
    }
  });

  it("serves tf.conv2dTranspose and its gradients, which use the same kernels the other way round", async () => {
    const run = async (backend: string): Promise<Float32Array[]> => {
      await tf.setBackend(backend);
      return tf.tidy(() => {
        const x = tf.randomNormal<tf.Rank.R4>([2, 5, 3, 7], 0, 1, "float32", 14);
        const w = tf.randomNormal<tf.Rank.R4>([3, 3, 11, 7], 0, 1, "float32", 15);
        const transpose = (x: tf.Tensor, w: tf.Tensor) =>
          tf.conv2dTranspose(x as tf.Tensor4D, w as tf.Tensor4D, [2, 10, 6, 11], 2, "same");
        const dy = tf.randomNormal([2, 10, 6, 11], 0, 1, "float32", 16);
        return [transpose(x, w), ...tf.grads(transpose)([x, w], dy)].map(numbers);
      });
    };
    const expected = await run("cpu");
    const actual = await run("wasm");
    actual.forEach((values, index) => assertClose(values, expected[index], 6e-7));
  });

  it("lets NaN through to the pixels that see it, and to no others", () => {
    const x = tf.ones<tf.Rank.R4>([1, 9, 9, 2]).bufferSync();
    x.set(NaN, 0, 4, 4, 1);
    const y = tf.conv2d(x.toTensor(), tf.ones([3, 3, 2, 5]), 1, "same");
    const seen = numbers(y.isNaN().cast("float32").sum([0, 3]));
    const near = (place: number) => Math.abs(place - 4) <= 1;
    for (let row = 0; row < 9; row++)
      for (let column = 0; column < 9; column++)
        assert.equal(seen[row * 9 + column], near(row) && near(column) ? 5 : 0, `pixel ${row}, ${column}`);
  });

  it("repeats its results bit for bit", () => {
    const x = tf.randomNormal<tf.Rank.R4>([3, 29, 31, 13], 0, 1, "float32", 9);
    const w = tf.randomNormal<tf.Rank.R4>([3, 3, 13, 17], 0, 1, "float32", 10);
    const convolve = (x: tf.Tensor, w: tf.Tensor) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 2, "same");
    const run = () => [convolve(x, w), ...tf.grads(convolve)([x, w])].map(numbers);
    const first = run();
    for (let round = 0; round < 5; round++) assert.deepEqual(run(), first);
  });

  it("gives the same bits on any number of threads", async () => {
    const run = async (threads: number): Promise<Float32Array[]> => {
      await engine.start({ threads });
      return tf.tidy(() => {
        const x = tf.randomNormal<tf.Rank.R4>([5, 23, 29, 13], 0, 1, "float32", 9);
        const w = tf.randomNormal<tf.Rank.R4>([3, 3, 13, 17], 0, 1, "float32", 10);
        const convolve = (x: tf.Tensor, w: tf.Tensor) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, "same");
        return [convolve(x, w), ...tf.grads(convolve)([x, w])].map(numbers);
      });
    };
    const one = await run(1);
    assert.deepEqual(await run(2), one);
    assert.deepEqual(await run(4), one);
  });

  it("leaves nothing behind but its results", () => {
    const x = tf.ones<tf.Rank.R4>([2, 9, 9, 6]);
    const w = tf.ones<tf.Rank.R4>([3, 3, 3, 10]);
    const before = tf.memory().numTensors;
    const convolve = (x: tf.Tensor, w: tf.Tensor) =>
      groupedConvolution(x as tf.Tensor4D, w as tf.Tensor4D, { padding: 1 })!;
    tf.dispose(tf.grads(convolve)([x, w]));
    assert.equal(tf.memory().numTensors, before);
  });

  it("with channels first is that of the same images with channels last, whichever sides are padded", () => {
    tf.tidy(() => {
      const x = tf.randomNormal<tf.Rank.R4>([2, 5, 7, 3], 0, 1, "float32", 1);
      const filter = tf.randomNormal<tf.Rank.R4>([3, 2, 5, 11], 0, 1, "float32", 2);
      const weights = tf.randomNormal<tf.Rank.R3>([7, 7, 7], 0, 1, "float32", 3); // channels first, as the images
      const sides = [
        [1, 2],
        [0, 4],
      ] as const;
      const [first, last] = [
        [[0, 0], [0, 0], ...sides],
        [[0, 0], ...sides, [0, 0]],
      ] as tf.backend_util.ExplicitPadding[];
      const inPlace = (x: tf.Tensor, filter: tf.Tensor): tf.Tensor =>
        tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, first, "NCHW");
      const turned = (x: tf.Tensor, filter: tf.Tensor): tf.Tensor =>
        tf.conv2d(x.transpose<tf.Tensor4D>([0, 2, 3, 1]), filter as tf.Tensor4D, 1, last).transpose([0, 3, 1, 2]);
      const gradients = (run: typeof turned) => tf.grads((x, filter) => run(x, filter).square())([x, filter]);
      const [actual, expected] = [inPlace, turned].map((run) => [run(x, filter), ...gradients(run)]);
      actual.forEach((result, i) => {
        assert.deepEqual(result.shape, expected[i].shape);
        assertClose(result.dataSync(), expected[i].dataSync(), 1e-5);
      });
      // TensorFlow.js compares the weights' shape with that of channels last: only of a cube both agree.
      const cube = tf.randomNormal<tf.Rank.R4>([2, 7, 7, 7], 0, 1, "float32", 4);
      const square = tf.randomNormal<tf.Rank.R4>([3, 2, 7, 7], 0, 1, "float32", 5);
      const fused = tf.fused.conv2d({
        ...{ x: cube, filter: square, strides: 1, pad: "same", dataFormat: "NCHW" },
        ...{ activation: "prelu", preluActivationWeights: weights },
      });
      const same = tf.conv2d(cube.transpose<tf.Tensor4D>([0, 2, 3, 1]), square, 1, "same").transpose([0, 3, 1, 2]);
      assertClose(fused.dataSync(), same.prelu(weights).dataSync(), 1e-5);
    });
  });

  it("takes of a larger dy what its result has a place for, as TensorFlow.js does for an even filter", () => {
    tf.tidy(() => {
      // The rows of dy by which a convolution of 4 x 4 with "same" gives 4 x 4; the others are of a larger image.
      const dy = tf.randomNormal<tf.Rank.R4>([1, 8, 7, 3], 0, 1, "float32", 1);
      const filter = tf.randomNormal<tf.Rank.R4>([6, 4, 2, 3], 0, 1, "float32", 2);
      const transposed = (dy: tf.Tensor4D) => tf.conv2dTranspose(dy, filter, [1, 4, 4, 2], 1, "same");
      assertClose(transposed(dy).dataSync(), transposed(dy.slice([0, 0, 0, 0], [1, 4, 4, 3])).dataSync(), 1e-5);
    });
  });

  it("refuses groups that do not divide the channels", () => {
    const message =
      "groupedConvolution: channels of x and of the result must be multiples of the groups, got x [1, 5, 5, 6], " +
      "filter [1, 1, 4, 6]; groups = channels of x / filter's third size";
    assert.throws(() => groupedConvolution(tf.zeros([1, 5, 5, 6]), tf.zeros([1, 1, 4, 6])), { message });
  });

  it("has no grouped kernel on other backends, and says so with null", async () => {
    await tf.setBackend("cpu");
    assert.equal(groupedConvolution(tf.zeros([1, 5, 5, 6]), tf.zeros([1, 1, 3, 4])), null);
    await tf.setBackend("wasm");
  });

  it("trains tf.layers' own convolution and dense layers end to end", async () => {
    const model = tf.sequential({
      layers: [
        tf.layers.conv2d({
          ...{ inputShape: [8, 8, 2], filters: 7, kernelSize: 3, strides: 2, padding: "same", activation: "relu" },
          kernelInitializer: tf.initializers.glorotNormal({ seed: 11 }),
        }),
        tf.layers.flatten(),
        tf.layers.dense({
          units: 3,
          activation: "softmax",
          kernelInitializer: tf.initializers.glorotNormal({ seed: 12 }),
        }),
      ],
    });
    model.compile({ optimizer: tf.train.sgd(0.5), loss: "categoricalCrossentropy" });
    const x = tf.randomNormal([24, 8, 8, 2], 0, 1, "float32", 13);
    const y = tf.oneHot(
      Array.from({ length: 24 }, (_, index) => index % 3),
      3,
    );
    const history = await model.fit(x, y, { epochs: 60, batchSize: 24, shuffle: false, verbose: 0 });
    const losses = history.history["loss"] as number[];
    assert.ok(
      losses[0] > 0.9 && losses[losses.length - 1] < 0.1,
      `loss from ${losses[0]} to ${losses[losses.length - 1]}`,
    );
  });
});
