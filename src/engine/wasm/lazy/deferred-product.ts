/**
 * Products (convolutions, projections) that wait to see who asks for their result. A bias, a norm with given statistics, a
 * sum and a ReLU do not read it: with each the product waits on, or (ReLU) is computed with all of them in it, in one pass.
 * Whatever else asks for the values finds them there, computed at that moment (lazy-data.ts).
 *
 * What is computed is right whoever asks; what it costs is least where each result has one reader, as in most networks. A
 * result that is read itself after it went into a later one costs the product twice.
 */
import * as tf from "@tensorflow/tfjs";
import { isRecording } from "../../recording.js";
import type { KernelCall, WasmContext } from "../kernel.js";
import { share } from "../kernels/identity.js";
import { computeInputs, computeLater, lazyOutput } from "./lazy-data.js";

/** What a product's kernel takes beside its own inputs: [N] each, and a residual of the size of the result. */
type FollowerNames = "bias" | "gamma" | "beta" | "mean" | "variance" | "residual";
export type Followers = Readonly<Partial<Record<FollowerNames, tf.TensorInfo>>>;
export interface FollowerAttributes {
  /** Of the norm, where there is one. */
  readonly epsilon?: number;
  /** Default false. */
  readonly relu?: boolean;
  /** Of the result, of the same size; default its own. */
  readonly shape?: number[];
}

/** A call of a kernel that gives relu(norm(product + bias) + residual), the steps that are asked for. */
interface Product {
  readonly kernelName: string;
  readonly inputs: Readonly<Record<string, tf.TensorInfo | undefined>>;
  readonly attrs: object;
  /** N. */
  readonly channels: number;
}

interface Deferred {
  readonly product: Product;
  /** The result that this one is made of; null where it is the product's own. */
  readonly source: tf.Tensor | null;
}

/** By the data of the results, while they wait. */
const deferred = new WeakMap<tf.TensorInfo["dataId"], Deferred>();

/** The product behind a result, if neither it nor any result that it is made of has been computed. */
function productBehind({ dataId }: tf.TensorInfo): Product | null {
  const result = deferred.get(dataId);
  if (result === undefined) return null;
  return result.source === null || productBehind(result.source) !== null ? result.product : null;
}

/** The product that a step can go into; null where there is none, and while operations are recorded for gradients. */
const waitingProduct = (x: tf.TensorInfo): Product | null => (isRecording() ? null : productBehind(x));

/**
 * The result of a kernel that takes {@link Followers} and {@link FollowerAttributes} too, computed when it is asked for; null
 * while operations are recorded for gradients, which need the values, and of results with fewer elements than given.
 */
export function deferProduct(
  context: WasmContext,
  { kernelName, attrs }: { readonly kernelName: string; readonly attrs: object },
  inputs: Readonly<Record<string, tf.TensorInfo | undefined>>,
  shape: number[],
  minimumElements = 1,
): tf.TensorInfo | null {
  if (isRecording() || tf.util.sizeFromShape(shape) < minimumElements) return null;
  computeInputs(inputs); // What waits is one product deep.
  const kept = keepAll(context, inputs);
  const product = { kernelName, inputs: kept, attrs, channels: shape[shape.length - 1] };
  return defer(context, shape, { product, source: null }, kept, () => compute(context, product));
}

/** Whether a norm can go into what a product waits with: it comes before the residual, and there is one. */
const takesNorm = ({ inputs }: Product): boolean => inputs["mean"] === undefined && inputs["residual"] === undefined;

interface NormInputs extends Record<string, tf.TensorInfo | undefined> {
  readonly x: tf.TensorInfo;
  readonly mean: tf.TensorInfo;
  readonly variance: tf.TensorInfo;
  readonly scale?: tf.TensorInfo;
  readonly offset?: tf.TensorInfo;
}

/** tfjs's FusedBatchNorm of a product's result; null where it cannot go into the product. */
export function deferNorm(call: KernelCall<NormInputs, { varianceEpsilon: number }>): tf.TensorInfo | null {
  const { x, ...vectors } = call.inputs;
  const product = waitingProduct(x);
  if (product === null || !takesNorm(product)) return null;
  const { channels } = product;
  const perChannel = Object.values(vectors).every((v) => v === undefined || isVector(v, channels));
  if (!perChannel || x.shape.at(-1) !== channels) return null;
  const kept = keepAll(call, call.inputs);
  const { scale: gamma, offset: beta, mean, variance } = kept;
  const inputs = { ...product.inputs, gamma, beta, mean, variance };
  const attrs = { ...product.attrs, epsilon: call.attrs.varianceEpsilon };
  return deferStep(call, "FusedBatchNorm", kept.x, kept, { ...product, inputs, attrs });
}

interface Summands extends Record<string, tf.TensorInfo | undefined> {
  readonly a: tf.TensorInfo;
  readonly b: tf.TensorInfo;
}

/** tfjs's Add of a product's result and a residual or, right behind the product, a bias; null where it is neither. */
export function deferSum(call: KernelCall<Summands>): tf.TensorInfo | null {
  const { a, b } = call.inputs;
  if (a.dataId === b.dataId || a.dtype !== "float32" || b.dtype !== "float32") return null;
  for (const [name, otherName] of [
    ["a", "b"],
    ["b", "a"],
  ] as const) {
    const [source, other] = [call.inputs[name], call.inputs[otherName]];
    const product = waitingProduct(source);
    if (product === null || product.inputs["residual"] !== undefined) continue;
    const { channels } = product;
    const follower = tf.util.arraysEqual(source.shape, other.shape) ? "residual" : "bias";
    if (follower === "bias") {
      const isBias =
        isVector(other, channels) && source.shape.at(-1) === channels && other.shape.length <= source.shape.length;
      if (!isBias || product.inputs["bias"] !== undefined || product.inputs["mean"] !== undefined) continue;
    }
    const kept = keepAll(call, call.inputs);
    const inputs = { ...product.inputs, [follower]: kept[otherName] };
    return deferStep(call, "Add", kept[name], kept, { ...product, inputs });
  }
  return null;
}

/** A norm of ours with given statistics behind a product, computed with it: relu(norm(x) + residual). */
export function foldNorm(
  call: WasmContext,
  x: tf.TensorInfo,
  norm: Followers,
  { epsilon, relu }: Required<Pick<FollowerAttributes, "epsilon" | "relu">>,
): tf.TensorInfo | null {
  const product = waitingProduct(x);
  if (product === null || !takesNorm(product) || x.shape.at(-1) !== product.channels) return null;
  const attrs = { ...product.attrs, epsilon, relu, shape: x.shape };
  return compute(call, { ...product, inputs: { ...product.inputs, ...norm }, attrs });
}

/** tfjs's Relu of a product's result: computed with all that it waited with. Null where there is nothing of that kind. */
export function foldRelu(call: KernelCall<{ readonly x: tf.TensorInfo }>): tf.TensorInfo | null {
  const { x } = call.inputs;
  const product = waitingProduct(x);
  return product && compute(call, { ...product, attrs: { ...product.attrs, relu: true, shape: x.shape } });
}

/** Another step behind a product: computed with it or, where what it follows has been computed meanwhile, from that. */
function deferStep(
  call: KernelCall<unknown>,
  kernelName: string,
  source: tf.Tensor,
  kept: Readonly<Record<string, tf.Tensor>>,
  product: Product,
): tf.TensorInfo {
  const { attrs } = call;
  const step = { kernelName, inputs: kept, attrs: attrs as object };
  return defer(call, source.shape, { product, source }, kept, () =>
    compute(call, productBehind(source) === null ? step : product),
  );
}

/** Runs a kernel of the backend that the data is on, which by now need not be the current one. */
function compute({ backend }: WasmContext, { kernelName, inputs, attrs }: Omit<Product, "channels">): tf.TensorInfo {
  const { kernelFunc } = tf.getKernel(kernelName, "wasm");
  return kernelFunc({ inputs: inputs, attrs: { ...attrs }, backend }) as tf.TensorInfo;
}

function defer(
  { backend }: WasmContext,
  shape: number[],
  result: Deferred,
  kept: Readonly<Record<string, tf.Tensor>>,
  values: () => tf.TensorInfo,
): tf.TensorInfo {
  const y = lazyOutput(backend, shape);
  deferred.set(y.dataId, result);
  const finish = (): void => {
    deferred.delete(y.dataId);
    tf.dispose(kept);
  };
  computeLater(backend, y, { compute: () => tf.engine().makeTensorFromTensorInfo(values(), backend), finish });
  return y;
}

/** Tensors of the same memory, which live until they are disposed of. */
function keepAll<Name extends string>(
  context: WasmContext,
  inputs: Readonly<Record<Name, tf.TensorInfo | undefined>>,
): Record<Name, tf.Tensor> {
  const given = Object.entries<tf.TensorInfo | undefined>(inputs).filter(([, tensor]) => tensor !== undefined);
  const keep = (tensor: tf.TensorInfo) => tf.keep(tf.engine().makeTensorFromTensorInfo(share(context, tensor)));
  return Object.fromEntries(given.map(([name, tensor]) => [name, keep(tensor!)])) as Record<Name, tf.Tensor>;
}

/** Whether this is one float for each channel, [..., 1, N]. */
const isVector = ({ shape, dtype }: tf.TensorInfo, channels: number): boolean =>
  dtype === "float32" && shape.at(-1) === channels && tf.util.sizeFromShape(shape) === channels;
