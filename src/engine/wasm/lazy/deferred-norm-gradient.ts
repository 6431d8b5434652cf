/**
 * A batch norm's gradient with respect to its input, which waits for a product. Where the norm follows a product a = x w, what
 * reads it are that product's two gradients, and they are computed with it in one kernel (native, normedProductGrad): it is never
 * written, nor read again by each of them.
 *
 *     BatchNormGrad     gives sums and coefficients, and a da that waits
 *     gradient for w    finds that its dy waits, and waits too: a product's w comes before its x (ops/linear.ts)
 *     gradient for x    waits too, for another gradient that it may be added to
 *     Add, or whoever reads one of them, has both computed
 *
 * Where one of the two is not asked for, or something else reads da, each is computed by itself.
 */
import * as tf from "@tensorflow/tfjs";
import type { WasmContext } from "../kernel.js";
import { share } from "../kernels/identity.js";
import { computeInputs, computeLater, isWaiting, keepAll, lazyOutput } from "./lazy-data.js";

type DataId = tf.TensorInfo["dataId"];

/** da = direct g + linear (a - mean) + constant, where g = dy where y > 0, or dy everywhere without y. */
export type NormGradient = Readonly<Record<"dy" | "a" | "mean" | "factors", tf.TensorInfo>> & {
  /** Of the ReLU behind the norm. */
  readonly y?: tf.TensorInfo;
};

/** A da that waits, and the product of which it is the gradient. */
interface Waiting {
  readonly norm: NormGradient;
  product: Product | null;
}

/** A product a = x w whose gradient for w waits, and maybe that for x. */
interface Product {
  /** da. */
  readonly dy: tf.TensorInfo;
  readonly x: tf.TensorInfo;
  readonly dw: tf.TensorInfo;
  w?: tf.TensorInfo;
  dx?: tf.TensorInfo;
  /** Both gradients, once they are there, until they are taken. */
  computed: { dx: tf.Tensor | null; dw: tf.Tensor | null } | null;
}

/** By the data of da. */
const waiting = new WeakMap<DataId, Waiting>();
/** By the data of dx. */
const products = new WeakMap<DataId, Product>();
/** The last that waits. Much memory waits with it, and not longer than until the next one. */
let lastInputGradient: tf.TensorInfo | null = null;

/** A da of the shape of a, which `values` gives where no product takes it over. */
export function deferNormGradient(
  context: WasmContext,
  norm: NormGradient,
  values: (context: WasmContext, norm: NormGradient) => tf.TensorInfo,
): tf.TensorInfo {
  const { backend } = context;
  const kept = keepAll(context, norm as Record<keyof NormGradient, tf.TensorInfo>);
  const da = lazyOutput(backend, norm.a.shape);
  waiting.set(da.dataId, { norm: kept, product: null });
  computeLater(backend, da, {
    compute: () => tf.engine().makeTensorFromTensorInfo(values(context, kept), backend),
    finish: () => {
      waiting.delete(da.dataId);
      tf.dispose(kept);
    },
  });
  return da;
}

/** Floats of w at most: a share's dw stays in cache beside what is multiplied, and few shares are enough for the threads. */
const mostWeights = 65_536;

/** What waits as this dy, if it can go into the gradients of a product with a w [..., K, N] of this shape. */
function waitingGradient(dy: tf.TensorInfo, weights: readonly number[]): Waiting | null {
  const found = waiting.get(dy.dataId);
  const channels = weights[weights.length - 1];
  const fits = found?.norm.a.shape.at(-1) === channels && dy.shape.at(-1) === channels;
  return found !== undefined && fits && tf.util.sizeFromShape([...weights]) <= mostWeights ? found : null;
}

/**
 * The gradient x^T dy with respect to w, of the shape `weights`, where dy waits; null where it does not. `alone` computes it.
 *
 * @param x [..., K]
 * @param dy [..., N]
 * @param weights [..., K, N]
 */
export function deferFilterGradient(
  context: WasmContext,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  weights: number[],
  alone: (x: tf.TensorInfo, dy: tf.TensorInfo) => tf.TensorInfo,
): tf.TensorInfo | null {
  const found = waitingGradient(dy, weights);
  if (found === null || found.product !== null || x.dtype !== "float32") return null;
  computeInputs([x]);
  const kept = keepAll(context, { x, dy });
  const dw = lazyOutput(context.backend, weights);
  const product: Product = { ...kept, dw, computed: null };
  found.product = product;
  computeLater(context.backend, dw, {
    compute: () => {
      if (computeBoth(context, product)) computeInputs([product.dx!]);
      return take(product, "dw") ?? computeAlone(context, kept.dy, () => alone(kept.x, kept.dy));
    },
    finish: () => {
      take(product, "dw")?.dispose();
      tf.dispose(kept);
    },
  });
  return dw;
}

/**
 * The gradient dy w^T with respect to x, of the shape given, where that with respect to w waits; null where it does not. `alone`
 * computes it.
 *
 * @param dy [..., N]
 * @param w [..., K, N]
 * @param shape [..., K]
 */
export function deferInputGradient(
  context: WasmContext,
  dy: tf.TensorInfo,
  w: tf.TensorInfo,
  shape: number[],
  alone: (dy: tf.TensorInfo, w: tf.TensorInfo) => tf.TensorInfo,
): tf.TensorInfo | null {
  const product = waitingGradient(dy, w.shape)?.product ?? null;
  if (product === null || product.dx !== undefined || !isWaiting(product.dw) || w.dtype !== "float32") return null;
  computeInputs(lastInputGradient === null ? [w] : [w, lastInputGradient]);
  const kept = keepAll(context, { x: product.x, dy, w });
  const dx = lazyOutput(context.backend, shape);
  product.w = kept.w;
  product.dx = dx;
  products.set(dx.dataId, product);
  lastInputGradient = dx;
  computeLater(context.backend, dx, {
    compute: () => {
      if (computeBoth(context, product)) computeInputs([product.dw]);
      return take(product, "dx") ?? computeAlone(context, kept.dy, () => alone(kept.dy, kept.w));
    },
    finish: () => {
      take(product, "dx")?.dispose();
      tf.dispose(kept);
    },
  });
  return dx;
}

/**
 * tfjs's Add of such a gradient with respect to x and another of the same shape, where the tape adds up those of a tensor that
 * several operations read; null where there is none.
 */
export function sumWithInputGradient(context: WasmContext, a: tf.TensorInfo, b: tf.TensorInfo): tf.TensorInfo | null {
  for (const [dx, other] of [
    [b, a],
    [a, b],
  ]) {
    const product = isWaiting(dx) ? products.get(dx.dataId) : undefined;
    if (product === undefined || dx.dataId === other.dataId) continue;
    if (other.dtype !== "float32" || !tf.util.arraysEqual(dx.shape, other.shape)) continue;
    computeInputs([other]);
    if (!computeBoth(context, product, other)) continue;
    // The tape drops dx behind the sum, so that nobody will have it computed by itself.
    if (lastInputGradient?.dataId === dx.dataId) lastInputGradient = null;
    computeInputs([product.dw]);
    const result = take(product, "dx")!;
    const sum = share(context, result, dx.shape);
    result.dispose();
    return sum;
  }
  return null;
}

/** Both gradients, the residual added to that for x; false where not both wait any more, or da was computed meanwhile. */
function computeBoth({ backend }: WasmContext, product: Product, residual?: tf.TensorInfo): boolean {
  const { dy, x, w, dx, dw, computed } = product;
  const found = waiting.get(dy.dataId);
  if (found === undefined || w === undefined || dx === undefined || computed !== null) return false;
  if (!isWaiting(dx) || !isWaiting(dw)) return false;
  const { kernelFunc } = tf.getKernel("NormedProductGrad", "wasm");
  const inputs = { ...found.norm, x, w, ...(residual && { residual }) };
  const infos = kernelFunc({ inputs, attrs: { shape: dx.shape, weights: dw.shape }, backend }) as tf.TensorInfo[];
  const [ofX, ofW] = infos.map((info) => tf.keep(tf.engine().makeTensorFromTensorInfo(info, backend)));
  product.computed = { dx: ofX, dw: ofW };
  return true;
}

function take({ computed }: Product, name: "dx" | "dw"): tf.Tensor | null {
  const tensor = computed?.[name] ?? null;
  if (computed !== null) computed[name] = null;
  return tensor;
}

/** With da computed, so that the kernel does not wait again. */
function computeAlone({ backend }: WasmContext, da: tf.TensorInfo, values: () => tf.TensorInfo): tf.Tensor {
  computeInputs([da]);
  return tf.engine().makeTensorFromTensorInfo(values(), backend);
}
