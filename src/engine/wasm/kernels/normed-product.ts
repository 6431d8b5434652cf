/** NormedProductGrad: both gradients of a product whose norm's gradient waited (lazy/deferred-norm-gradient.ts). Native alone. */
import * as tf from "@tensorflow/tfjs";
import type { KernelWork } from "../../kernel-registry.js";
import { defineKernel, output, pointerOf, type WasmKernel } from "../kernel.js";
import type { NormGradient } from "../lazy/deferred-norm-gradient.js";
import { clamp, roundUp, runOn } from "./product-tasks.js";

/** x [..., K], w [..., K, N], and what is added to the gradient with respect to x. */
type Inputs = NormGradient & Readonly<Record<"x" | "w", tf.TensorInfo>> & { readonly residual?: tf.TensorInfo };

interface Shapes {
  /** Of x. */
  readonly shape: number[];
  /** Of w. */
  readonly weights: number[];
}

/** Rows of a share at least, and shares at most: the same on any number of threads, so that sums come out the same. */
const [leastRowsPerShare, mostShares] = [512, 32];

/** Floats of a norm's gradient that a thread makes and multiplies at a time: they stay in L2 cache beside what it reads and writes. */
const blockFloats = 32_768;

/** Below so many weights a sleeping thread is woken too late to help with one pass over them. */
const minimumWeightsToShare = 16_384;

/** Outputs: the gradients with respect to x and w. */
const normedProductGrad = defineKernel<Inputs, Shapes>(
  "NormedProductGrad",
  (call) => {
    const { pool, inputs, attrs } = call;
    const [depth, columns] = attrs.weights.slice(-2);
    const rows = tf.util.sizeFromShape(inputs.a.shape) / columns;
    const [dx, dw] = [output(call, attrs.shape), output(call, attrs.weights)];
    const pointer = (tensor?: tf.TensorInfo): number => (tensor === undefined ? 0 : pointerOf(call, tensor));
    const { dy, y, a, mean, factors, x, w, residual } = inputs;
    const count = depth * columns;
    const threads = count < minimumWeightsToShare ? 1 : pool.threads;
    const shares = clamp(Math.floor(rows / leastRowsPerShare), 1, mostShares);
    const rowsPerShare = Math.ceil(rows / shares);
    const blocks = Math.ceil(rowsPerShare / Math.max(Math.floor(blockFloats / columns), 32));
    const rowsPerBlock = roundUp(Math.ceil(rowsPerShare / blocks), 8);
    const turned = pool.scratch(4 * count * (shares > 1 ? 1 + shares : 1));
    const sums = shares > 1 ? turned + 4 * count : pointer(dw);
    runOn(pool, threads, "transposeMatrices", { x: pointer(w), y: turned, outer: 1, rows: depth, columns });
    pool.run("normedProductGrad", {
      rows,
      columns,
      depth,
      relu: Number(y !== undefined),
      dy: pointer(dy),
      y: pointer(y),
      a: pointer(a),
      mean: pointer(mean),
      factors: pointer(factors),
      x: pointer(x),
      turned,
      residual: pointer(residual),
      dx: pointer(dx),
      dw: sums,
      shares,
      rowsPerBlock,
    });
    if (shares > 1) runOn(pool, threads, "sumShares", { shares: sums, total: pointer(dw), count, shareCount: shares });
    return [dx, dw];
  },
  ({ inputs, attrs }: KernelWork<Inputs, Shapes>) => 2 * tf.util.sizeFromShape(inputs.a.shape) * attrs.weights.at(-2)!,
);

export const normedProductKernels: readonly WasmKernel[] = [normedProductGrad];
