/**
 * Arguments of kernels that are native alone: of passes over memory that the WebAssembly plans do one after the other. A plan
 * asks `pool.isNative` before it runs one.
 */
import type { Signatures } from "./slot.js";

export const nativeSignatures = {
  /** As batchNormGradSums of form 1 with a ReLU, and g = dy where it let it pass. partial: [parts, 3, C] of float64. */
  batchNormGradPassed: {
    rows: "count",
    channels: "count",
    dy: "address",
    y: "address",
    a: "address",
    meanA: "address",
    g: "address",
    partial: "address",
  },
  /**
   * x [rows, depth], turned [columns, depth]: the transposed w; residual [rows, depth]: is added to dx; dw: one for each share
   * of the rows. The rest as of batchNormGradApply of form 0, channels being columns.
   */
  normedProductGrad: {
    rows: "count",
    columns: "count",
    depth: "count",
    relu: "flag",
    dy: "address",
    y: "address",
    a: "address",
    mean: "address",
    factors: "address",
    x: "address",
    turned: "address",
    residual: "address",
    dx: "address",
    dw: "address",
    shares: "count",
    rowsPerBlock: "count",
    counter: "counter",
  },
} as const satisfies Signatures;
