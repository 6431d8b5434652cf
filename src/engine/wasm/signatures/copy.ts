/** Arguments of kernels that move values and do not change them, or add rows up. */
import type { Signatures } from "./slot.js";

export const copySignatures = {
  copyBlocks: {
    source: "address",
    target: "address",
    bytes: "bytes",
    size0: "count",
    size1: "count",
    size2: "count",
    sourceStride0: "bytes",
    sourceStride1: "bytes",
    sourceStride2: "bytes",
    targetStride0: "bytes",
    targetStride1: "bytes",
    targetStride2: "bytes",
  },
  fillValues: { target: "address", count: "count", value: "real" },
  transposeMatrices: { x: "address", y: "address", outer: "count", rows: "count", columns: "count" },
  gatherRows: { table: "address", indices: "address", y: "address", count: "count", bytes: "bytes" },
  segmentSum: {
    x: "address",
    ids: "address",
    sums: "address",
    count: "count",
    channels: "count",
    segments: "count",
  },
} as const satisfies Signatures;
