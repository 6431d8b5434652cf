/** Arguments of resampling. */
import type { Signatures } from "./slot.js";

export const resampleSignatures = {
  /** x [B, H, W, C] to y [B, P, Q, C]; rowTaps and columnTaps: tables (assembly/resample.ts); lines: W * C floats a share. */
  resample: {
    batch: "count",
    height: "count",
    width: "count",
    channels: "count",
    outputHeight: "count",
    outputWidth: "count",
    rowTaps: "address",
    columnTaps: "address",
    lines: "address",
    lineBytes: "bytes",
    x: "address",
    y: "address",
  },
} as const satisfies Signatures;
