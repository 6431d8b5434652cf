/**
 * Operations of TensorFlow.js whose gradients are ours. Each is a linear map, written here by its definition as the places that
 * a place of the result is made of: results are those sums, and gradients those of the transposed map, in float64.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../src/engine/index.js";
import { assertClose, values } from "../../helpers/compare.js";

type Place = readonly number[];
type Share = readonly [place: Place, share: number];

interface LinearMap {
  readonly apply: (x: tf.Tensor) => tf.Tensor;
  readonly shape: readonly number[];
  readonly result: readonly number[];
  /** What a place of the result is made of. */
  readonly made: (place: Place) => readonly Share[];
}

const placesOf = (shape: readonly number[]): Place[] =>
  shape.reduce<number[][]>(
    (places, size) => places.flatMap((place) => Array.from({ length: size }, (_, i) => [...place, i])),
    [[]],
  );
const indexOf = (shape: readonly number[], place: Place): number =>
  place.reduce((index, at, axis) => index * shape[axis] + at, 0);

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
/** Each of the first with each of the second, shares multiplied, places joined. */
const crossed = (...axes: readonly (readonly (readonly [number, number])[])[]): Share[] =>
  axes.reduce<Share[]>(
    (shares, axis) => shares.flatMap(([place, a]) => axis.map(([at, b]): Share => [[...place, at], a * b])),
    [[[], 1]],
  );

function assertGradient({ apply, shape, result, made }: LinearMap): void {
  const x = values(tf.util.sizeFromShape([...shape]), 1);
  const weights = values(tf.util.sizeFromShape([...result]), 2);
  const expected = new Float64Array(weights.length);
  const gradient = new Float64Array(x.length);
  placesOf(result).forEach((place, index) => {
    for (const [source, share] of made(place)) {
      const from = indexOf(shape, source);
      expected[index] += share * x[from];
      gradient[from] += share * weights[index];
    }
  });
  tf.tidy(() => {
    const loss = (input: tf.Tensor) => apply(input).mul(tf.tensor(weights, [...result])).sum(); // prettier-ignore
    const input = tf.tensor(x, [...shape]);
    const output = apply(input);
    assert.deepEqual(output.shape, result);
    assertClose(output.dataSync(), expected, 3e-6, "result");
    assertClose(tf.grad(loss)(input).dataSync(), gradient, 3e-6, "gradient");
    // A map that is linear: the gradient of a gradient along a direction is the map of the direction.
    const again = tf.grad((dy: tf.Tensor) => tf.grad((input: tf.Tensor) => apply(input).mul(dy).sum())(input).mul(input).sum()); // prettier-ignore
    assertClose(again(tf.tensor(weights, [...result])).dataSync(), expected, 3e-6, "second derivative");
  });
}

/** Of an axis of `size` places at `position`, in units of places. */
function interpolated(position: number, size: number): [number, number][] {
  const at = Math.min(Math.max(position, 0), size - 1);
  const lower = Math.floor(at);
  return at === lower
    ? [[lower, 1]]
    : [
        [lower, 1 - (at - lower)],
        [lower + 1, at - lower],
      ];
}

const mirrored = (at: number, size: number, edge: 0 | 1): number =>
  at < 0 ? -at - 1 + edge : at >= size ? 2 * size - 1 - at - edge : at;

describe("gradients in the place of TensorFlow.js's", () => {
  before(() => engine.start({ threads: 2 }));
  after(() => engine.stop());

  for (const [rows, columns] of [
    [7, 11],
    [3, 2],
    [5, 1],
    [13, 3],
  ])
    // prettier-ignore
    it(`of images resized from 5 x 3 to ${rows} x ${columns}, pixels counted from their middles`, () => {
      const [shape, result] = [[2, 5, 3, 2], [2, rows, columns, 2]]; // prettier-ignore
      assertGradient({
        apply: (x) => tf.image.resizeBilinear(x as tf.Tensor4D, [rows, columns], false, true),
        ...{ shape, result },
        made: ([b, i, j, c]) =>
          crossed(
            [[b, 1]],
            interpolated(((i + 0.5) * 5) / rows - 0.5, 5),
            interpolated(((j + 0.5) * 3) / columns - 0.5, 3),
            [[c, 1]],
          ),
      });
      assertGradient({
        apply: (x) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [rows, columns], false, true),
        ...{ shape, result },
        made: ([b, i, j, c]) => [[[b, Math.floor(((i + 0.5) * 5) / rows), Math.floor(((j + 0.5) * 3) / columns), c], 1]],
      });
    });

  it("of images resized with pixels counted from their corners, whose first ones are TensorFlow.js's", () => {
    const [shape, result] = [[2, 5, 3, 2], [2, 9, 7, 2]]; // prettier-ignore
    for (const alignCorners of [false, true]) {
      const scales = alignCorners ? [4 / 8, 2 / 6] : [5 / 9, 3 / 7];
      assertGradient({
        apply: (x) => tf.image.resizeBilinear(x as tf.Tensor4D, [9, 7], alignCorners),
        ...{ shape, result },
        made: ([b, i, j, c]) =>
          crossed([[b, 1]], interpolated(i * scales[0], 5), interpolated(j * scales[1], 3), [[c, 1]]),
      });
      const picked = alignCorners ? Math.round : Math.floor;
      assertGradient({
        apply: (x) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [9, 7], alignCorners),
        ...{ shape, result },
        made: ([b, i, j, c]) => [[[b, picked(i * scales[0]), picked(j * scales[1]), c], 1]],
      });
    }
  });

  it("of images of many channels, made larger and smaller", () => {
    for (const [rows, columns] of [
      [7, 3],
      [2, 5],
    ])
      assertGradient({
        apply: (x) => tf.image.resizeBilinear(x as tf.Tensor4D, [rows, columns]),
        shape: [2, 3, 5, 83],
        result: [2, rows, columns, 83],
        made: ([b, i, j, c]) =>
          crossed([[b, 1]], interpolated((i * 3) / rows, 3), interpolated((j * 5) / columns, 5), [[c, 1]]),
      });
  });

  for (const axes of [[0], [1], [3], [0, 2], [1, 3], [0, 1, 2, 3]])
    it(`of sums and means over axes ${axes.join(", ")}, which are kept or not`, () => {
      const shape = [3, 5, 2, 7];
      const count = axes.reduce((product, axis) => product * shape[axis], 1);
      for (const keepDims of [false, true]) {
        const result = keepDims ? shape.map((size, axis) => (axes.includes(axis) ? 1 : size)) : shape.filter((_, axis) => !axes.includes(axis)); // prettier-ignore
        const made = (share: number) => (place: Place) => {
          let next = 0;
          const own = shape.map((_, axis) => (axes.includes(axis) ? (keepDims && next++, null) : place[next++]));
          return crossed(
            ...shape.map((size, axis) =>
              own[axis] === null ? range(size).map((at): [number, number] => [at, 1]) : [[own[axis], 1] as const],
            ),
          ).map(([at, one]): Share => [at, one * share]);
        };
        assertGradient({ apply: (x) => tf.sum(x, axes, keepDims), shape, result, made: made(1) });
        assertGradient({ apply: (x) => tf.mean(x, axes, keepDims), shape, result, made: made(1 / count) });
      }
    });

  for (const axis of [0, 1, 2])
    it(`of sums along axis ${axis}, from either end, with and without the place itself`, () => {
      const shape = [3, 5, 7];
      for (const [exclusive, reverse] of [
        [false, false],
        [true, false],
        [false, true],
        [true, true],
      ])
        // prettier-ignore
        assertGradient({
          apply: (x) => tf.cumsum(x, axis, exclusive, reverse),
          ...{ shape, result: shape },
          made: (place) =>
            range(shape[axis])
              .filter((at) => (reverse ? at >= place[axis] : at <= place[axis]) && !(exclusive && at === place[axis]))
              .map((at) => [place.map((own, other) => (other === axis ? at : own)), 1]),
        });
    });

  for (const mode of ["reflect", "symmetric"] as const)
    it(`of padding that mirrors, ${mode}`, () => {
      const paddings: [number, number][] = [[0, 0], [2, 3], [1, 0], [4, 4]]; // prettier-ignore
      const shape = [2, 5, 3, 7];
      assertGradient({
        apply: (x) => tf.mirrorPad(x, paddings, mode),
        shape,
        result: [2, 10, 4, 15],
        made: (place) => [
          [place.map((at, axis) => mirrored(at - paddings[axis][0], shape[axis], mode === "reflect" ? 1 : 0)), 1],
        ],
      });
    });

  it("of averages over windows of volumes that reach past the edge", () => {
    const shape = [2, 5, 7, 3, 2];
    // same, stride 2, window 3: windows begin one place before the edge.
    assertGradient({
      apply: (x) => tf.avgPool3d(x as tf.Tensor5D, 3, 2, "same"),
      ...{ shape, result: [2, 3, 4, 2, 2] },
      made: ([b, i, j, k, c]) => {
        const axes = [i, j, k].map(
          (at, axis) =>
          range(3).map((tap) => 2 * at - 1 + tap).filter((from) => from >= 0 && from < shape[axis + 1]), // prettier-ignore
        );
        const share = 1 / axes.reduce((product, axis) => product * axis.length, 1);
        return crossed([[b, share]], ...axes.map((axis) => axis.map((from): [number, number] => [from, 1])), [[c, 1]]);
      },
    });
    assertGradient({
      apply: (x) => tf.avgPool3d(x as tf.Tensor5D, [2, 3, 1], [1, 2, 1], "valid"),
      ...{ shape, result: [2, 4, 3, 3, 2] },
      made: ([b, i, j, k, c]) =>
        crossed([[b, 1 / 6]], [[i, 1], [i + 1, 1]], [[2 * j, 1], [2 * j + 1, 1], [2 * j + 2, 1]], [[k, 1]], [[c, 1]]), // prettier-ignore
    });
  });

  it("of convolutions and averages whose size is rounded up, and of dilated convolutions", () => {
    const [shape, window, channels] = [[2, 7, 8, 3], [3, 2], 5]; // prettier-ignore
    const filterShape = [...window, 3, channels] as [number, number, number, number];
    const filter = values(90, 3);
    /** Places of x and of the filter that meet in a place of the result. */
    const meetings = ([b, i, j, c]: Place, stride: number, padding: number, dilation: Place): [Place, Place][] =>
      placesOf(window).flatMap(([r, q]) => {
        const [row, column] = [i * stride - padding + r * dilation[0], j * stride - padding + q * dilation[1]];
        if (row < 0 || column < 0 || row >= 7 || column >= 8) return [];
        return range(3).map((m): [Place, Place] => [[b, row, column, m], [r, q, m, c]]); // prettier-ignore
      });
    const padded = (padding: number): tf.backend_util.ExplicitPadding => [[0, 0], [padding, padding], [padding, padding], [0, 0]]; // prettier-ignore
    for (const [stride, padding, dilation, rounding, rows, columns] of [
      [3, 1, [1, 1], "ceil", 3, 4],
      [1, 1, [3, 2], undefined, 3, 8],
    ] as const) {
      const convolve = (x: tf.Tensor, w: tf.Tensor): tf.Tensor =>
        tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, padded(padding), "NHWC", [...dilation], rounding);
      const result = [2, rows, columns, channels];
      const x = values(336, 4);
      assertGradient({
        apply: (x) => convolve(x, tf.tensor(filter, filterShape)),
        ...{ shape, result },
        made: (place) =>
          meetings(place, stride, padding, dilation).map(([at, tap]) => [at, filter[indexOf(filterShape, tap)]]),
      });
      assertGradient({
        apply: (w) => convolve(tf.tensor(x, shape), w),
        ...{ shape: filterShape, result },
        made: (place) => meetings(place, stride, padding, dilation).map(([at, tap]) => [tap, x[indexOf(shape, at)]]),
      });
    }
    assertGradient({
      apply: (x) => tf.avgPool(x as tf.Tensor4D, [2, 3], 2, padded(0), "ceil"),
      ...{ shape, result: [2, 4, 4, 3] },
      made: ([b, i, j, c]) => {
        const [rows, columns] = [[i, 2, 7], [j, 3, 8]].map(([at, taps, size]) => range(taps).map((tap) => at * 2 + tap).filter((from) => from < size)); // prettier-ignore
        const each = (axis: number[]) => axis.map((from): [number, number] => [from, 1]); // prettier-ignore
        return crossed([[b, 1 / (rows.length * columns.length)]], each(rows), each(columns), [[c, 1]]);
      },
    });
  });

  it("of depth that becomes space", () => {
    assertGradient({
      apply: (x) => tf.depthToSpace(x as tf.Tensor4D, 3),
      shape: [2, 5, 2, 18],
      result: [2, 15, 6, 2],
      made: ([b, i, j, c]) => [[[b, Math.floor(i / 3), Math.floor(j / 3), ((i % 3) * 3 + (j % 3)) * 2 + c], 1]],
    });
  });

  for (const [pad, stride, larger, front] of [
    ["valid", 2, [7, 5, 9], [0, 0, 0]],
    ["same", 2, [5, 3, 8], [1, 1, 0]],
    ["same", 1, [3, 2, 4], [1, 1, 1]],
  ] as const)
    it(`of transposed convolutions of volumes, ${pad} with stride ${stride}, and their filters`, () => {
      const [small, taps] = [[3, 2, 4], [3, 3, 3]]; // prettier-ignore
      const shape = [2, ...small, 2];
      const filterShape = [...taps, 5, 2];
      const result: [number, number, number, number, number] = [2, ...larger, 5];
      const transposed = (x: tf.Tensor, filter: tf.Tensor): tf.Tensor =>
        tf.conv3dTranspose(x as tf.Tensor5D, filter as tf.Tensor5D, result, stride, pad);
      const [x, filter] = [values(96, 5), values(270, 6)];
      /** Places of x and of the filter that meet in a place of the result. */
      const meetings = ([b, i, j, k, c]: Place): [Place, Place][] =>
        placesOf(small).flatMap(([p, q, r]) => {
          const tap = [i - p * stride + front[0], j - q * stride + front[1], k - r * stride + front[2]];
          if (tap.some((at, axis) => at < 0 || at >= taps[axis])) return [];
          return range(2).map((m): [Place, Place] => [[b, p, q, r, m], [...tap, c, m]]); // prettier-ignore
        });
      assertGradient({
        apply: (x) => transposed(x, tf.tensor(filter, filterShape)),
        ...{ shape, result },
        made: (place) => meetings(place).map(([at, tap]) => [at, filter[indexOf(filterShape, tap)]]),
      });
      assertGradient({
        apply: (filter) => transposed(tf.tensor(x, shape), filter),
        ...{ shape: filterShape, result },
        made: (place) => meetings(place).map(([at, tap]) => [tap, x[indexOf(shape, at)]]),
      });
    });

  it("of maxima whose size is rounded up, and of maxima over windows of volumes that are no cubes", () => {
    tf.tidy(() => {
      const image = tf.tensor<tf.Rank.R4>(values(2 * 8 * 3, 7), [1, 2, 8, 3]);
      // Windows of two columns, three apart, of which the last has a place alone: columns 0 1, 3 4, 6 7; of 7 columns 6.
      const cut = image.slice([0, 0, 0, 0], [1, 2, 7, 3]);
      const pooled = (x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, [1, 2], [1, 3], [[0, 0], [0, 0], [0, 0], [0, 0]], "ceil"); // prettier-ignore
      assert.deepEqual(pooled(cut).shape, [1, 2, 3, 3]);
      assertClose(
        tf
          .grad((x: tf.Tensor) => pooled(x).sum())(cut)
          .dataSync(),
        firstMaxima(cut, [1, 2], [1, 3], [2, 3]),
      );

      const volume = tf.tensor(values(3 * 5 * 7 * 2, 8), [1, 3, 5, 7, 2]);
      const maxima = (x: tf.Tensor) => tf.maxPool3d(x as tf.Tensor5D, [1, 3, 2], [1, 2, 3], "valid"); // prettier-ignore
      const flat = volume.reshape([3, 5, 7, 2]);
      assert.deepEqual(maxima(volume).shape, [1, 3, 2, 2, 2]);
      assertClose(
        tf
          .grad((x: tf.Tensor) => maxima(x).sum())(volume)
          .dataSync(),
        firstMaxima(flat, [3, 2], [2, 3], [2, 2]),
      );
    });
  });
});

/** How often each place of [B, H, W, C] is the greatest of a window. */
function firstMaxima(x: tf.Tensor, window: Place, stride: Place, windows: Place): Float64Array {
  const [batch, height, width, channels] = x.shape;
  const numbers = x.dataSync();
  const counts = new Float64Array(numbers.length);
  for (const [b, i, j, c] of placesOf([batch, ...windows, channels])) {
    const places = placesOf(window)
      .map(([r, q]) => [i * stride[0] + r, j * stride[1] + q])
      .filter(([row, column]) => row < height && column < width)
      .map(([row, column]) => indexOf(x.shape, [b, row, column, c]));
    counts[places.reduce((best, at) => (numbers[at] > numbers[best] ? at : best))]++;
  }
  return counts;
}
