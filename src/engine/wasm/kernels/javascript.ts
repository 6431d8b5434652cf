/**
 * Kernels that TensorFlow.js's JavaScript backend computes: those that its WebAssembly backend lacks, and the calls that it
 * answers wrongly without a word. Most of its WebAssembly kernels take every input for float32; given bool, a quarter of the
 * size, some write past the end of the memory that they have. So they are given what they are known to be right for
 * ({@link isRight}), and all else takes the slow and certain way: values are copied out, computed and copied in.
 */
import * as tf from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { KernelCall } from "../kernel.js";

/** Ragged operations take lists of tensors beside tensors. */
type Inputs = Readonly<Record<string, tf.TensorInfo | readonly tf.TensorInfo[] | undefined>> | readonly tf.TensorInfo[];

/** What is used of TensorFlow.js's backend named "cpu". */
interface JavaScriptBackend {
  makeTensorInfo(shape: number[], dtype: tf.DataType, values: tf.backend_util.BackendValues): tf.TensorInfo;
  readSync(dataId: object): tf.backend_util.BackendValues;
  disposeData(dataId: object, force: boolean): boolean;
}

interface Call {
  readonly inputs: Inputs;
  readonly attrs: tf.NamedAttrMap;
}

/** Of TensorFlow.js's WebAssembly kernels, beside float32: the types that are right in any input. */
const typesBesideFloat: Readonly<Record<string, readonly tf.DataType[]>> = {
  ...sameFor(["Reshape", "ExpandDims", "Identity"], ["int32", "bool", "string", "complex64"]),
  ...sameFor(["StringNGrams", "StringSplit", "StringToHashBucketFast"], ["int32", "string"]),
  ...sameFor(["Add", "Sub", "Multiply"], ["int32"]),
  ...sameFor(["Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual"], ["int32"]),
  ...sameFor(["LogicalAnd", "LogicalOr", "LogicalNot"], ["bool"]),
  ...sameFor(["Fill", "Range", "LinSpace"], []),
  // Boxes and indices are whole numbers beside values in float32.
  ...sameFor(["CropAndResize", "GatherV2", "NonMaxSuppressionV3"], ["int32"]),
  ...sameFor(["NonMaxSuppressionV4", "NonMaxSuppressionV5"], ["int32"]),
  Cast: ["int32", "bool"],
  OneHot: ["int32"],
};

/** Calls in float32 that TensorFlow.js's WebAssembly kernels get wrong all the same. */
const wrongInFloat: Readonly<Record<string, (call: Call) => boolean>> = {
  Cast: ({ attrs }) => attrs["dtype"] === "bool" || attrs["dtype"] === "complex64",
  Fill: ({ attrs }) => attrs["dtype"] === "string",
  OneHot: ({ attrs }) => attrs["dtype"] !== "int32",
  // Strides of zeros around the input are taken for those of the output.
  Conv3DBackpropFilterV2: () => true,
  Conv3DBackpropInputV2: () => true,
  PadV2: () => true,
  // They do not notice an index past the end: they read what lies there, or write over it.
  GatherNd: () => true,
  ScatterNd: () => true,
  SparseToDense: () => true,
  TensorScatterUpdate: () => true,
  // Whole numbers, also of a division by zero.
  FloorDiv: () => true,
  MaxPoolWithArgmax: () => true,
  // A maximum that begins with the smallest positive number: never below zero.
  MaxPool3D: () => true,
  Dilation2D: () => true,
  Dilation2DBackpropFilter: () => true,
  Dilation2DBackpropInput: () => true,
  // Slopes are taken over and over in their order, which is right where they are of the last axes.
  Prelu: ({ inputs }) => {
    const { x, alpha } = inputs as Readonly<Record<"x" | "alpha", tf.TensorInfo>>;
    const first = alpha.shape.findIndex((size) => size !== 1);
    const slopes = first < 0 ? [] : alpha.shape.slice(first);
    return (
      slopes.join() !== x.shape.slice(x.shape.length - slopes.length).join() || alpha.shape.length > x.shape.length
    );
  },
  RotateWithOffset: ({ attrs }) => ![attrs["fillValue"]].flat().every((value) => Number.isInteger(value)),
  Transform: ({ attrs }) => attrs["fillMode"] === "reflect",
  // Indices of each example are taken for those of the first.
  GatherV2: ({ attrs }) => attrs["batchDims"] !== 0,
};

function sameFor<T>(names: readonly string[], value: T): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, value]));
}

/** Whether TensorFlow.js's own WebAssembly kernel answers this call rightly. Asked before each of its calls, so it makes nothing. */
export function isRight(kernelName: string, call: Call): boolean {
  const types = typesBesideFloat[kernelName];
  const inputs = call.inputs as Readonly<Record<string, tf.TensorInfo | readonly tf.TensorInfo[] | undefined>>;
  for (const name in inputs) {
    const input = inputs[name];
    if (input === undefined || input === null) continue;
    if ("dataId" in input ? !isKnown(input, types) : !input.every((tensor) => isKnown(tensor, types))) return false;
  }
  return wrongInFloat[kernelName]?.(call) !== true;
}

/** Whether a tensor is not empty, and of a type that the kernel is right for. */
const isKnown = ({ dtype, shape }: tf.TensorInfo, types: readonly tf.DataType[] | undefined): boolean =>
  (dtype === "float32" || (types !== undefined && types.includes(dtype))) && !shape.includes(0);

/** Whether JavaScript has a kernel of that name. */
export const isInJavaScript = (kernelName: string): boolean => kernelOf(kernelName) !== undefined;

const kernelOf = (kernelName: string) => tf.getKernel(kernelName, "cpu") as tf.KernelConfig | undefined;

/** What JavaScript's kernel gives. */
export function computeInJavaScript(
  { backend }: Pick<KernelCall, "backend">,
  kernelName: string,
  { inputs, attrs }: Call,
): tf.TensorInfo | tf.TensorInfo[] {
  const cpu = tf.findBackend("cpu") as unknown as JavaScriptBackend;
  const copies: tf.TensorInfo[] = [];
  const move = (input: unknown): unknown => {
    if (Array.isArray(input)) return input.map(move);
    if (input === undefined || input === null) return input;
    const copy = copyOut(backend, cpu, input as tf.TensorInfo);
    copies.push(copy);
    return copy;
  };
  const moved = Array.isArray(inputs)
    ? move(inputs)
    : Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, move(input)]));
  const outputs = kernelOf(kernelName)!.kernelFunc({ inputs: moved as tf.NamedTensorInfoMap, attrs, backend: cpu });
  const results = [outputs].flat().map((tensor) => copyIn(backend, cpu, tensor));
  for (const tensor of new Set([...copies, ...[outputs].flat()])) cpu.disposeData(tensor.dataId, true);
  return Array.isArray(outputs) ? results : results[0];
}

function copyOut(backend: BackendWasm, cpu: JavaScriptBackend, { dataId, shape, dtype }: tf.TensorInfo): tf.TensorInfo {
  const values = backend.readSync(dataId);
  // Some of its kernels ask for the rank, which only tensors have.
  if (dtype !== "complex64") return Object.assign(cpu.makeTensorInfo(shape, dtype, values), { rank: shape.length });
  const parts = tf.backend_util.splitRealAndImagArrays(values as Float32Array);
  const inputs = {
    real: cpu.makeTensorInfo(shape, "float32", parts.real),
    imag: cpu.makeTensorInfo(shape, "float32", parts.imag),
  };
  return kernelOf("Complex")!.kernelFunc({ inputs, attrs: {}, backend: cpu }) as tf.TensorInfo;
}

function copyIn(backend: BackendWasm, cpu: JavaScriptBackend, { dataId, shape, dtype }: tf.TensorInfo): tf.TensorInfo {
  const values = cpu.readSync(dataId);
  // A kernel may say another type than that of the array it gives.
  const Elements = dtype === "bool" ? Uint8Array : dtype === "int32" ? Int32Array : null;
  const elements = Elements === null || values instanceof Elements ? values : Elements.from(values as Uint8Array);
  return { dataId: backend.write(elements, shape, dtype), shape, dtype };
}
