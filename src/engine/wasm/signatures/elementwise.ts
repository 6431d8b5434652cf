/** Arguments of element-wise operations, softmax and reductions. */
import type { Signatures } from "./slot.js";

export const elementwiseSignatures = {
  /** Byte strides of a and b along the three axes, 0 where they are repeated. */
  elementwiseBinary: {
    operation: "count",
    outer: "count",
    middle: "count",
    inner: "count",
    a: "address",
    aOuter: "bytes",
    aMiddle: "bytes",
    aInner: "bytes",
    b: "address",
    bOuter: "bytes",
    bMiddle: "bytes",
    bInner: "bytes",
    y: "address",
    parameter: "real",
  },
  elementwiseUnary: {
    operation: "count",
    x: "address",
    y: "address",
    count: "count",
    parameter: "real",
    second: "real",
  },
  /** elementBytes of x: 4 int32, 1 bool. */
  castToFloat: { x: "address", y: "address", count: "count", elementBytes: "count" },
  softmaxRows: { x: "address", y: "address", rows: "count", columns: "count" },
  /** partial [outer, chunks, inner] of float64. */
  reduceChunks: {
    operation: "count",
    x: "address",
    outer: "count",
    length: "count",
    inner: "count",
    chunks: "count",
    partial: "address",
  },
  reduceFinish: {
    operation: "count",
    partial: "address",
    outer: "count",
    chunks: "count",
    inner: "count",
    factor: "double",
    y: "address",
  },
  reduceTrailing: {
    operation: "count",
    x: "address",
    outer: "count",
    length: "count",
    factor: "double",
    y: "address",
  },
} as const satisfies Signatures;
