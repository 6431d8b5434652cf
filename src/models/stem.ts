/** From pixels to features: the first layers of a network. */
import type { Assembler } from "./assembler.js";
import type { StemConfig } from "./config.js";
import { applyStage } from "./residual-block.js";

/** [B, H, W, 3] to [B, H / 4, W / 4, filters], or half that stride where there is no max pooling. */
export function applyStem<F>(assembler: Assembler<F>, image: F, stem: StemConfig): F {
  switch (stem.kind) {
    case "convolution": {
      const { filters, convolutions = [{ kernelSize: 7, filters, stride: 2 as const }] } = stem;
      const features = convolutions.reduce((x, convolution, index) => {
        const suffix = index === 0 ? "" : String(index + 1);
        const y = assembler.convolution(x, { name: `stem.convolution${suffix}`, ...convolution });
        return assembler.norm(y, { name: `stem.norm${suffix}`, activation: "relu" });
      }, image);
      return maybePool(assembler, features, stem.maxPool);
    }
    case "blocks":
      return maybePool(assembler, applyStage(assembler, "stem", image, stem.stage), stem.maxPool);
    case "valueMixture": {
      const { filters, heads } = stem;
      const attended = assembler.attention(image, {
        kind: "valueMixture",
        args: { name: "stem.attention", filters, heads },
      });
      const features = assembler.norm(attended, { name: "stem.norm", activation: "relu" });
      return assembler.maxPool(features, { name: "stem.pool", size: 4, stride: 4, padding: 0 });
    }
  }
}

function maybePool<F>(assembler: Assembler<F>, x: F, maxPool: boolean | "ceil" = true): F {
  if (maxPool === false) return x;
  return assembler.maxPool(x, { name: "stem.pool", ...(maxPool === "ceil" ? { ceil: true } : {}) });
}

/** Three 3 x 3 convolutions in the place of one of 7 x 7, the first of stride 2: deeplab2's "beta", the inception stem. */
export const threeConvolutions = (filters: readonly [number, number, number]) =>
  [
    { kernelSize: 3, filters: filters[0], stride: 2 },
    { kernelSize: 3, filters: filters[1], stride: 1 },
    { kernelSize: 3, filters: filters[2], stride: 1 },
  ] as const;
