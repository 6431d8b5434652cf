/**
 * Image and labels cut out together: one draw of scale, place, flip and colour for both. The image is interpolated, labels
 * take the nearest pixel's.
 */
import { ConfigError } from "../core/errors.js";
import type { Random } from "../core/random.js";
import type { PixelMap } from "./panoptic-map.js";

/** How training scenes are changed at random. */
export interface PanopticAugmentation {
  /** Bounds of the magnification, drawn evenly on a logarithmic scale. Default [0.5, 2], as deeplab2. */
  readonly scale: readonly [low: number, high: number];
  /** Probability of a horizontal flip. Default 0.5. */
  readonly flip: number;
  /** How far brightness and contrast change, from 0 to below 1. Default 0.1. */
  readonly lighting: number;
}

/** The augmentation that training uses where nothing else is said. */
export const panopticAugmentation: PanopticAugmentation = { scale: [0.5, 2], flip: 0.5, lighting: 0.1 };

/** @throws ConfigError for a bound that cannot be. */
export function resolvePanopticAugmentation(
  where: string,
  given: Partial<PanopticAugmentation> = {},
): PanopticAugmentation {
  const { scale, flip, lighting, ...unknown } = { ...panopticAugmentation, ...given };
  const [name] = Object.keys(unknown);
  if (name !== undefined)
    throw new ConfigError(
      `${where}: augmentation must have known options only, got ${name}; it has scale, flip, lighting`,
    );
  if (!(scale[0] > 0.05 && scale[0] <= scale[1] && scale[1] < 20))
    throw new ConfigError(
      `${where}: augmentation.scale must be [low, high] from 0.05 to 20, got ${scale.join(", ")}; use [0.5, 2]`,
    );
  if (!(flip >= 0 && flip <= 1) || !(lighting >= 0 && lighting < 1))
    throw new ConfigError(
      `${where}: flip and lighting must be from 0 to 1, got ${flip} and ${lighting}; use 0 for none`,
    );
  return { scale, flip, lighting };
}

/** Where a pixel of the crop lies in the source: source = start + step * (crop + 0.5) - 0.5. */
export interface Crop {
  readonly startX: number;
  readonly startY: number;
  readonly stepX: number;
  readonly stepY: number;
  /** Factor and addition to a byte. */
  readonly contrast: number;
  readonly brightness: number;
}

interface Size {
  readonly height: number;
  readonly width: number;
}

/** The whole source in the output, stretched where the shapes differ. */
export const wholeImage = (source: Size, out: Size): Crop => ({
  startX: 0,
  startY: 0,
  stepX: source.width / out.width,
  stepY: source.height / out.height,
  contrast: 1,
  brightness: 0,
});

export function drawCrop(source: Size, out: Size, augmentation: PanopticAugmentation, random: Random): Crop {
  const whole = wholeImage(source, out);
  const [low, high] = augmentation.scale;
  const magnification = Math.exp(random.between(Math.log(low), Math.log(high)));
  const [stepX, stepY] = [whole.stepX / magnification, whole.stepY / magnification];
  // Enlarged: anywhere inside. Shrunk: anywhere, with void around.
  const place = (length: number, covered: number) =>
    random.between(Math.min(0, length - covered), Math.max(0, length - covered));
  const startX = place(source.width, stepX * out.width);
  const startY = place(source.height, stepY * out.height);
  const flipped = random.chance(augmentation.flip);
  const contrast = 1 + random.between(-augmentation.lighting, augmentation.lighting);
  const brightness = 255 * random.between(-augmentation.lighting, augmentation.lighting) + 127.5 * (1 - contrast);
  return {
    startX: flipped ? startX + stepX * out.width : startX,
    startY,
    stepX: flipped ? -stepX : stepX,
    stepY,
    contrast,
    brightness,
  };
}

/**
 * Cuts image and labels out. Beyond the source the image has the mean colour, which is zero once it is normalised, and
 * labels are void.
 *
 * @param bytes [source.height, source.width, 3]
 * @param normalized entries by channel and byte, see `normalizationTable`
 * @param image [out.height, out.width, 3], written
 */
export function cutOut(
  { bytes, map }: { readonly bytes: Uint8Array; readonly map: PixelMap },
  crop: Crop,
  out: Size & { readonly voidLabel: number },
  normalized: Float32Array,
  image: Float32Array,
): PixelMap {
  const { height, width } = map;
  const labels = new Int32Array(out.height * out.width);
  // Shrinking by more than a half averages over as many places, so that nothing flickers.
  const taps = Math.max(1, Math.round(Math.max(Math.abs(crop.stepX), Math.abs(crop.stepY))));
  const byteAt = (x: number, y: number, channel: number): number => {
    const x0 = Math.min(width - 1, Math.max(0, Math.floor(x)));
    const y0 = Math.min(height - 1, Math.max(0, Math.floor(y)));
    const [x1, y1] = [Math.min(width - 1, x0 + 1), Math.min(height - 1, y0 + 1)];
    const [fx, fy] = [Math.min(1, Math.max(0, x - x0)), Math.min(1, Math.max(0, y - y0))];
    const at = (row: number, column: number) => bytes[3 * (row * width + column) + channel];
    return (at(y0, x0) * (1 - fx) + at(y0, x1) * fx) * (1 - fy) + (at(y1, x0) * (1 - fx) + at(y1, x1) * fx) * fy;
  };
  for (let row = 0; row < out.height; row++)
    for (let column = 0; column < out.width; column++) {
      const x = crop.startX + crop.stepX * (column + 0.5) - 0.5;
      const y = crop.startY + crop.stepY * (row + 0.5) - 0.5;
      const [nearX, nearY] = [Math.round(x), Math.round(y)];
      const pixel = row * out.width + column;
      if (nearX < 0 || nearX >= width || nearY < 0 || nearY >= height) {
        labels[pixel] = out.voidLabel;
        image.fill(0, 3 * pixel, 3 * pixel + 3);
        continue;
      }
      labels[pixel] = map.values[nearY * width + nearX];
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        for (let i = 0; i < taps; i++)
          for (let j = 0; j < taps; j++)
            sum += byteAt(
              x + crop.stepX * ((j + 0.5) / taps - 0.5),
              y + crop.stepY * ((i + 0.5) / taps - 0.5),
              channel,
            );
        const byte = crop.contrast * (sum / (taps * taps)) + crop.brightness;
        image[3 * pixel + channel] = normalized[256 * channel + Math.min(255, Math.max(0, Math.round(byte)))];
      }
    }
  return { height: out.height, width: out.width, values: labels };
}
