/**
 * Operations of TensorFlow.js by name, each of which its JavaScript backend answers in the types that it is listed with: what
 * the engine must give too, whosever kernel computes it. Sizes are small and odd, and no value is near a step.
 */
import * as tf from "@tensorflow/tfjs";

export type Type = "float32" | "int32" | "bool";
type Operation = (type: Type) => tf.Tensor | tf.Tensor[];

const data: Readonly<Record<Type, readonly number[]>> = {
  float32: [-2.5, -1.25, 0, 0.5, 3, 1.75, 7, -0.25, 0.3],
  int32: [-5, -1, 0, 1, 2, 7, 3, -300, 4],
  bool: [1, 0, 1, 1, 0, 0, 1, 0, 1],
};

/** Values of a type, others for each `shift`. */
export function of(type: Type, shape: readonly number[] = [3, 5], shift = 0): tf.Tensor {
  const values = data[type];
  const count = tf.util.sizeFromShape([...shape]);
  const at = (index: number): number => values[(index * 4 + shift + (index >> 2)) % values.length];
  return tf.tensor(Array.from({ length: count }, (_, index) => at(index)), [...shape], type); // prettier-ignore
}

const images = (type: Type, size = 5, channels = 2): tf.Tensor4D => of(type, [2, size, size, channels]) as tf.Tensor4D;
const indices = (...values: number[]): tf.Tensor1D => tf.tensor1d(values, "int32");
const some = (): tf.Tensor => tf.tensor2d([1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0, 1, 0, 0, 1], [3, 5], "bool");

const unary =
  "abs acos acosh asin asinh atan atanh ceil cos cosh elu erf exp expm1 floor isFinite isInf isNaN leakyRelu log log1p neg " +
  "reciprocal relu relu6 round rsqrt selu sigmoid sign sin sinh softplus sqrt square step tan tanh onesLike zerosLike clone";
const binary =
  "add atan2 div divNoNan floorDiv equal greater greaterEqual less lessEqual maximum minimum mod mul notEqual pow " +
  "squaredDifference sub";
const reductions = "all any max min mean prod sum argMax argMin";

/** Operations of TensorFlow.js by name. */
const named = tf as unknown as Readonly<Record<string, (...args: unknown[]) => tf.Tensor>>;

export const operations: Record<string, Operation> = {};

for (const name of unary.split(" ")) operations[name] = (type) => named[name](of(type));
for (const name of binary.split(" ")) {
  // Not by zero: TensorFlow.js's backends differ in what whole numbers become then.
  const divides = /div|mod/i.test(name);
  const right = (type: Type, shape: number[]): tf.Tensor =>
    divides && type === "int32" ? of(type, shape, 1).mul(2).add(1) : of(type, shape, 1);
  operations[name] = (type) => named[name](of(type), right(type, [3, 5]));
  operations[`${name} of rows`] = (type) => named[name](of(type), right(type, [5]));
  operations[`${name} of columns`] = (type) => named[name](of(type, [3, 1]), right(type, [3, 5]));
}
for (const name of reductions.split(" ")) {
  for (const axis of [0, 1, 2]) operations[`${name} along ${axis}`] = (type) => named[name](of(type, [3, 5, 7]), axis);
  // Of nothing there is no mean and no index, and JavaScript says NaN for a maximum that is -Infinity.
  if (!/mean|arg|max/.test(name))
    operations[`${name} of nothing`] = (type) => named[name](tf.tensor([], [2, 0, 3], type), 1);
}

Object.assign(operations, {
  clip: (type) => tf.clipByValue(of(type), 0, 3),
  prelu: (type) => tf.prelu(of(type), of(type, [5], 2)),
  "prelu of columns": (type) => tf.prelu(of(type, [3, 1]), of(type, [3, 5], 2)),
  logicalAnd: () => tf.logicalAnd(of("bool"), of("bool", [3, 5], 1)),
  logicalOr: () => tf.logicalOr(of("bool"), of("bool", [3, 5], 1)),
  logicalXor: () => tf.logicalXor(of("bool"), of("bool", [3, 5], 1)),
  logicalNot: () => tf.logicalNot(of("bool")),
  cumsum: (type) => tf.cumsum(of(type), 1),
  "cumsum backwards": (type) => tf.cumsum(of(type), 0, true, true),
  cumprod: (type) => tf.cumprod(of(type), 1),
  "cast to float32": (type) => tf.cast(of(type), "float32"),
  "cast to int32": (type) => tf.cast(of(type), "int32"),
  "cast to bool": (type) => tf.cast(of(type), "bool"),
  concat: (type) => tf.concat([of(type), of(type, [3, 2])], 1),
  "concat with nothing": (type) => tf.concat([of(type, [3, 0]), of(type)], 1),
  stack: (type) => tf.stack([of(type), of(type, [3, 5], 1)], 1),
  unstack: (type) => tf.unstack(of(type), 1),
  split: (type) => tf.split(of(type), [2, 3], 1),
  slice: (type) => tf.slice(of(type), [1, 2], [2, 3]),
  stridedSlice: (type) => tf.stridedSlice(of(type), [0, 1], [3, 5], [2, 3]),
  "stridedSlice backwards": (type) => tf.stridedSlice(of(type), [2, 4], [0, 0], [-1, -2]),
  pad: (type) => tf.pad(of(type), [[1, 0], [2, 1]], 1), // prettier-ignore
  "pad of four axes": (type) => tf.pad(of(type, [2, 3, 2, 1]), [[1, 0], [0, 2], [1, 1], [2, 0]], type === "float32" ? -Infinity : 1), // prettier-ignore
  mirrorPad: (type) => tf.mirrorPad(of(type), [[1, 0], [2, 1]], "reflect"), // prettier-ignore
  reverse: (type) => tf.reverse(of(type), 1),
  "reverse of all axes": (type) => tf.reverse(of(type)),
  tile: (type) => tf.tile(of(type), [2, 3]),
  transpose: (type) => tf.transpose(of(type)),
  "transpose of three axes": (type) => tf.transpose(of(type, [2, 3, 5]), [2, 0, 1]),
  "transpose of four axes": (type) => tf.transpose(of(type, [2, 3, 5, 7]), [3, 1, 0, 2]),
  "transpose of nothing": (type) => tf.transpose(of(type, [2, 0, 3])),
  reshape: (type) => tf.reshape(of(type), [5, 3]),
  broadcastTo: (type) => tf.broadcastTo(of(type, [1, 5]), [3, 5]),
  gather: (type) => tf.gather(of(type), indices(2, 0, 2)),
  "gather of columns": (type) => tf.gather(of(type), indices(1, 3, 1), 1),
  "gather in a batch": (type) => tf.gather(of(type, [2, 5]), tf.tensor2d([1, 0, 3, 2], [2, 2], "int32"), 1, 1),
  "gather of nothing": (type) => tf.gather(of(type), tf.tensor1d([], "int32")),
  gatherND: (type) => tf.gatherND(of(type), tf.tensor2d([[1, 0], [0, 3]], [2, 2], "int32")), // prettier-ignore
  scatterND: (type) => tf.scatterND(tf.tensor2d([[1], [3]], [2, 1], "int32"), of(type, [2, 3]), [5, 3]), // prettier-ignore
  unsortedSegmentSum: (type) => tf.unsortedSegmentSum(of(type), indices(1, 0, 1), 3),
  where: (type) => tf.where(some(), of(type), of(type, [3, 5], 1)),
  "where by rows": (type) => tf.where(tf.tensor1d([1, 0, 1], "bool"), of(type), of(type, [3, 5], 1)),
  oneHot: (type) => tf.oneHot(indices(0, 2, 1, 5), 3, type === "bool" ? 1 : 5, type === "bool" ? 0 : 2, type),
  topk: (type) => Object.values(tf.topk(of(type), 2)),
  unique: (type) => Object.values(tf.unique(of(type, [7]))),
  fill: (type) => tf.fill([2, 3], type === "bool" ? 1 : 3, type),
  range: () => [tf.range(0, 5, 2, "int32"), tf.range(0, 5, 2)],
  diag: (type) => tf.diag(of(type, [5])),
  bandPart: (type) => tf.linalg.bandPart(of(type, [5, 5]) as tf.Tensor2D, 1, 0),
  bincount: (type) => tf.bincount(indices(1, 2, 1), of(type, [3]) as tf.Tensor1D, 4),
  searchSorted: () => tf.searchSorted(indices(1, 2, 4, 8), indices(3, 1, 9)),
  batchToSpaceND: (type) => tf.batchToSpaceND(of(type, [4, 2, 2, 1]), [2, 2], [[0, 0], [0, 1]]), // prettier-ignore
  spaceToBatchND: (type) => tf.spaceToBatchND(of(type, [1, 4, 4, 1]), [2, 2], [[0, 0], [0, 0]]), // prettier-ignore
  depthToSpace: (type) => tf.depthToSpace(of(type, [1, 2, 2, 4]) as tf.Tensor4D, 2, "NHWC"),
  maxPool: (type) => tf.maxPool(images(type), 2, 2, "valid"),
  "maxPool same": (type) => tf.maxPool(images(type), 3, 2, "same"),
  "maxPool ceil": (type) => tf.maxPool(images(type), 2, 2, 0, "ceil"),
  "maxPool padded": (type) => tf.maxPool(images(type), 3, 1, 1),
  "avgPool ceil": (type) => tf.avgPool(images(type), 2, 2, 0, "ceil"),
  "avgPool same": (type) => tf.avgPool(images(type), 3, 2, "same"),
  "maxPool of three axes": (type) => tf.maxPool3d(of(type, [1, 3, 4, 4, 1]) as tf.Tensor5D, 2, 2, "valid"),
  maxPoolWithArgmax: (type) => Object.values(tf.maxPoolWithArgmax(images(type), 2, 2, "valid", true)),
  matMul: (type) => tf.matMul(of(type), of(type, [5, 2])),
  "matMul transposed": (type) => tf.matMul(of(type, [5, 3]), of(type, [2, 5]), true, true),
  "matMul of nothing": (type) => tf.matMul(of(type, [3, 0]), of(type, [0, 2])),
  dot: (type) => tf.dot(of(type, [5]), of(type, [5, 3])),
  addN: (type) => tf.addN([of(type), of(type, [3, 5], 1), of(type, [3, 5], 2)]),
  confusionMatrix: () => tf.math.confusionMatrix(indices(0, 1, 1), indices(0, 1, 0), 2),
  softmax: (type) => tf.softmax(of(type)),
  resizeNearestNeighbor: (type) => tf.image.resizeNearestNeighbor(images(type), [3, 7]),
  flipLeftRight: (type) => tf.image.flipLeftRight(images(type)),
  rgbToGrayscale: (type) => tf.image.rgbToGrayscale(images(type, 2, 3)),
  "sum of nothing": (type) => tf.sum(of(type, [1, 0, 7])),
} satisfies Record<string, Operation>);

/** The same in float32 alone, with gradients where TensorFlow.js has them. */
export const floatOperations: Record<string, Operation> = {
  conv2d: () => tf.conv2d(images("float32"), of("float32", [3, 2, 2, 3]) as tf.Tensor4D, 2, "same"),
  "conv2d of channels first": () =>
    tf.conv2d(
      of("float32", [2, 2, 5, 4]) as tf.Tensor4D,
      of("float32", [3, 2, 2, 3]) as tf.Tensor4D,
      1,
      "same",
      "NCHW",
    ),
  depthwiseConv2d: () => tf.depthwiseConv2d(images("float32"), of("float32", [3, 2, 2, 2]) as tf.Tensor4D, 1, "same"),
  "depthwiseConv2d dilated": () =>
    tf.depthwiseConv2d(images("float32"), of("float32", [2, 2, 2, 1]) as tf.Tensor4D, 1, "valid", "NHWC", 2),
  conv2dTranspose: () =>
    tf.conv2dTranspose(of("float32", [1, 3, 3, 2]) as tf.Tensor4D, of("float32", [2, 2, 3, 2]) as tf.Tensor4D, [1, 6, 6, 3], 2, "same"), // prettier-ignore
  conv3d: () => tf.conv3d(of("float32", [1, 3, 4, 3, 1]) as tf.Tensor5D, of("float32", [2, 2, 2, 1, 2]) as tf.Tensor5D, 1, "same"), // prettier-ignore
  einsum: () => tf.einsum("bij,jkb->kbi", of("float32", [2, 3, 5]), of("float32", [5, 7, 2])),
  "einsum of one": () => tf.einsum("ijk->ki", of("float32", [2, 3, 5])),
  "absolute values of complex numbers": () => tf.abs(tf.complex([3, 1, 0], [4, -1, 2])),
  fft: () => parts(tf.spectral.fft(tf.complex([1, 2, 3, -1], [0, 1, 0, 2]))),
  ifft: () => parts(tf.spectral.ifft(tf.complex([1, 2, 3], [0, 1, 0]))),
  rfft: () => parts(tf.spectral.rfft(tf.tensor2d([1, 2, 3, 4, -2, 0], [2, 3]))),
  stft: () => tf.abs(tf.signal.stft(tf.tensor1d([1, 2, 3, 4, 5, 6, 1]), 4, 2)),
  "complex numbers, moved": () => parts(tf.complex([[1, 2], [3, 4]], [[5, 6], [7, 8]]).transpose().concat(tf.complex([[1, 0]], [[0, 1]]), 0).slice([1, 0], [2, 2])), // prettier-ignore
  "complex numbers, added and multiplied": () => parts(tf.complex([1, 2], [3, 4]).mul(tf.complex([0, 1], [1, 1])).add(tf.complex([1, 1], [0, 2]))), // prettier-ignore
};
for (const activation of ["linear", "relu", "relu6", "elu", "sigmoid", "leakyrelu"] as const)
  for (const [name, shape] of Object.entries({
    vector: [3],
    "one value": [1],
    map: [5, 5, 3],
    scalar: [],
    none: null,
  })) {
    const bias = () => (shape === null ? undefined : of("float32", shape, 2));
    const more = { strides: 1, pad: "same", activation, leakyreluAlpha: 0.3 } as const;
    floatOperations[`fused.conv2d with ${activation} and bias: ${name}`] = () =>
      tf.fused.conv2d({
        x: images("float32"),
        filter: of("float32", [2, 3, 2, 3]) as tf.Tensor4D,
        bias: bias(),
        ...more,
      });
    const matrix = name === "map" ? () => of("float32", [3, 3], 1) : bias;
    floatOperations[`fused.matMul with ${activation} and bias: ${name}`] = () =>
      tf.fused.matMul({ a: of("float32"), b: of("float32", [5, 3]), bias: matrix(), activation, leakyreluAlpha: 0.3 });
  }
floatOperations["fused.matMul with prelu"] = () =>
  tf.fused.matMul({
    a: of("float32"),
    b: of("float32", [5, 3]),
    activation: "prelu",
    preluActivationWeights: of("float32", [3]),
  });

function parts(complex: tf.Tensor): tf.Tensor[] {
  return [tf.real(complex), tf.imag(complex)];
}
