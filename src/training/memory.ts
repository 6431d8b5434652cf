/** What to say when a pass of images does not fit in the engine's memory: how many images would. */
import * as engine from "../engine/index.js";
import { UnsupportedError } from "../core/errors.js";

export interface TooLarge {
  /** Begins the message: what must fit, and where. */
  readonly rule: string;
  /** How many images of which side did not fit. */
  readonly images: number;
  readonly size: number;
  /** Passes so many images and keeps nothing; for measuring. */
  readonly pass: (images: number) => void;
  /** Bytes that are held besides, in the pass that did not fit. Default 0. */
  readonly keptBytes?: number;
  /** The options to lower, each to the number of images that fit. */
  readonly options: readonly string[];
}

/** For an error of a pass: where the engine's memory is full, one that names the number of images that fit; else itself. */
export function explainMemory(error: unknown, { rule, images, size, pass, keptBytes = 0, options }: TooLarge): unknown {
  // What the engine throws when its memory is full.
  if (!(error instanceof UnsupportedError)) return error;
  const got = `${rule} must fit in the engine's memory, got ${images} image${images === 1 ? "" : "s"} of ${size} px`;
  const fit = images === 1 ? null : imagesThatFit(pass, keptBytes);
  if (fit === null) return new UnsupportedError(`${got}; use a smaller size or model (${error.message})`);
  const most = Math.min(fit.images, images - 1);
  const each = `of ${(fit.bytesPerImage / 2 ** 20).toFixed(1)} MiB each`;
  const remedy = options.map((option) => `${option}=${most}`).join(" or ");
  return new UnsupportedError(`${got} ${each}; use ${remedy} (${error.message})`);
}

/** Measured with passes of one and of two images; null where not even those fit. */
function imagesThatFit(
  pass: (images: number) => void,
  keptBytes: number,
): { images: number; bytesPerImage: number } | null {
  const peakOf = (images: number): number => engine.peakHeapDuring(() => pass(images)) ?? 0;
  try {
    const [one, two] = [peakOf(1), peakOf(2)];
    const bytesPerImage = two - one;
    // A tenth is left to the allocator's gaps.
    const limit = 0.9 * (engine.memory().heap?.heapLimitBytes ?? 0);
    return { images: Math.max(1, Math.floor(1 + (limit - keptBytes - one) / bytesPerImage)), bytesPerImage };
  } catch (error) {
    if (error instanceof UnsupportedError) return null;
    throw error;
  }
}
