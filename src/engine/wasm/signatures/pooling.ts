/** Arguments of the kernels of pooling. */
import type { Signatures } from "./slot.js";

/** Windows over images [B, H, W, C], to [B, P, Q, C]. */
const windows = {
  batch: "count",
  height: "count",
  width: "count",
  channels: "count",
  outputHeight: "count",
  outputWidth: "count",
  windowHeight: "count",
  windowWidth: "count",
  strideHeight: "count",
  strideWidth: "count",
  padTop: "count",
  padLeft: "count",
} as const;

export const poolingSignatures = {
  maxPool: { ...windows, x: "address", y: "address" },
  maxPoolGrad: { ...windows, x: "address", y: "address", dy: "address", dx: "address" },
  averagePool: { ...windows, x: "address", y: "address" },
  averagePoolGrad: { ...windows, dy: "address", dx: "address" },
} as const satisfies Signatures;
