/**
 * Augmentation: what is drawn for one image. Crop, flip, rotation, zoom and warp make one projective map from output to
 * source pixels, so that an image is resampled once (`resample.ts`); brightness and contrast make one table of tones.
 */
import { ConfigError } from "../core/errors.js";
import { randomOf, type Random } from "../core/random.js";
import { purpose } from "./purposes.js";

/** How training images are changed at random, each time that they are drawn. */
export interface Augmentation {
  /** Least part of the image's area that a random crop takes; the most is 1. With 1 (and `ratio` null) no random crop. */
  readonly minScale: number;
  /** Bounds of the crop's width over height, in the source's pixels; it is stretched to a square. Null: square crops. */
  readonly ratio: readonly [low: number, high: number] | null;
  /**
   * Probability of a horizontal flip; or `alternating`: an image is flipped in every other epoch, half of the images in the first,
   * so that two epochs in a row show each image both ways (Jordan, arXiv 2404.00498, section 3.6).
   */
  readonly flip: number | "alternating";
  /** Degrees, either way. */
  readonly maxRotation: number;
  /** At least 1: how far to zoom in, at a random place. */
  readonly maxZoom: number;
  /** How far opposite sides grow and shrink by a tilt of the image, as a part of their length, from 0 to below 1. */
  readonly maxWarp: number;
  /** How far brightness and contrast change, from 0 to below 1. */
  readonly maxLighting: number;
  /** Probability of each of rotation, zoom and warp. */
  readonly affineProbability: number;
  /** Probability of each of brightness and contrast. */
  readonly lightingProbability: number;
  /** Side of validation's centre crop, as a part of the image's shorter side. */
  readonly validationCrop: number;
}

const none: Augmentation = {
  minScale: 1,
  ratio: null,
  flip: 0,
  maxRotation: 0,
  maxZoom: 1,
  maxWarp: 0,
  maxLighting: 0,
  affineProbability: 0.75,
  lightingProbability: 0.75,
  validationCrop: 0.875, // 224 of 256, as is usual for ImageNet.
};

/**
 * - `"fastai"`: random resized crops of 35 % to 100 % and flips: the recipe of Imagenette's leaderboard (fastai's
 *   `train_imagenette.py`);
 * - `"light"`: random resized crops of 60 % to 100 % and flips: for runs of few epochs, which see too little to overfit;
 * - `"alternating"`: the same with alternating flips, for the fewest epochs;
 * - `"reference"`: crops of 80 % to 100 %, flips, rotation up to 15 degrees, zoom up to 1.1, warp 0.2, lighting 0.2: the
 *   script of the public axial ResNet for Imagenette (MartinGer/Stand-Alone-Axial-Attention, `train_Axial.py`);
 * - `"none"`: the centre crop of validation.
 */
export const augmentationPresets = {
  fastai: { ...none, minScale: 0.35, ratio: [3 / 4, 4 / 3], flip: 0.5 },
  light: { ...none, minScale: 0.6, ratio: [3 / 4, 4 / 3], flip: 0.5 },
  alternating: { ...none, minScale: 0.6, ratio: [3 / 4, 4 / 3], flip: "alternating" },
  reference: {
    ...none,
    minScale: 0.8,
    ratio: [3 / 4, 4 / 3],
    flip: 0.5,
    maxRotation: 15,
    maxZoom: 1.1,
    maxWarp: 0.2,
    maxLighting: 0.2,
  },
  none,
} as const satisfies Record<string, Augmentation>;

/** The name of a preset of `augmentationPresets`. */
export type AugmentationPreset = keyof typeof augmentationPresets;

const ranges: Record<Exclude<keyof Augmentation, "ratio">, readonly [low: number, high: number]> = {
  minScale: [0.01, 1],
  flip: [0, 1],
  maxRotation: [0, 180],
  maxZoom: [1, 10],
  maxWarp: [0, 0.9],
  maxLighting: [0, 0.9],
  affineProbability: [0, 1],
  lightingProbability: [0, 1],
  validationCrop: [0.1, 1],
};

/**
 * A preset, or one with some options changed: those left out are as in `"fastai"`.
 *
 * @param where begins the error
 * @param options the name of a preset, or what is changed; default `"fastai"`
 * @throws ConfigError for a name that no preset has, an option that is not known, or one out of its range
 */
export function resolveAugmentation(
  where: string,
  options: AugmentationPreset | Partial<Augmentation> = "fastai",
): Augmentation {
  if (typeof options === "string") {
    if (Object.hasOwn(augmentationPresets, options)) return augmentationPresets[options];
    const names = Object.keys(augmentationPresets).join(", ");
    throw new ConfigError(
      `${where}: augmentation must be the name of one or an object, got ${JSON.stringify(options)}; use ${names}`,
    );
  }
  const resolved: Augmentation = { ...augmentationPresets.fastai, ...options };
  for (const name of Object.keys(resolved) as (keyof Augmentation)[]) {
    if (name === "ratio") {
      const { ratio } = resolved;
      if (ratio === null || (ratio[0] > 0 && ratio[0] <= ratio[1] && Number.isFinite(ratio[1]))) continue;
      throw new ConfigError(
        `${where}: augmentation.ratio must be null or [low, high] with 0 < low <= high, got ${JSON.stringify(ratio)}; use [3 / 4, 4 / 3], or null for none`,
      );
    }
    if (!Object.hasOwn(ranges, name)) {
      const known = [...Object.keys(ranges), "ratio"].join(", ");
      throw new ConfigError(
        `${where}: augmentation must have known options only, got ${JSON.stringify(name)}; it has ${known}`,
      );
    }
    const [low, high] = ranges[name];
    const value = resolved[name];
    if (name === "flip" && value === "alternating") continue;
    if (!(typeof value === "number" && value >= low && value <= high)) {
      const known = name === "flip" ? `from ${low} to ${high}, or "alternating"` : `from ${low} to ${high}`;
      throw new ConfigError(
        `${where}: augmentation.${name} must be ${known}, got ${String(value)}; choose a number between, or leave it out`,
      );
    }
  }
  return resolved;
}

/**
 * The shorter side at which images are kept for an output of `size` pixels: enough that the smaller crops keep their
 * detail, at most twice the size, in steps of 16 so that different augmentations can share one cache.
 */
export function sourceSide(size: number, { minScale, maxZoom, validationCrop }: Augmentation): number {
  const magnification = Math.max(maxZoom / Math.sqrt(minScale), 1 / validationCrop);
  return Math.ceil((size * Math.min(2, magnification)) / 16) * 16;
}

/**
 * A projective map of the plane, row-major: (x, y) goes to ((m0 x + m1 y + m2) / w, (m3 x + m4 y + m5) / w) with
 * w = m6 x + m7 y + m8.
 */
export type Projection = readonly [
  m0: number,
  m1: number,
  m2: number,
  m3: number,
  m4: number,
  m5: number,
  m6: number,
  m7: number,
  m8: number,
];

/** `outer` after `inner`. */
function after(outer: Projection, inner: Projection): Projection {
  const entry = (row: number, column: number): number =>
    outer[row * 3] * inner[column] + outer[row * 3 + 1] * inner[column + 3] + outer[row * 3 + 2] * inner[column + 6];
  return [
    entry(0, 0),
    entry(0, 1),
    entry(0, 2),
    entry(1, 0),
    entry(1, 1),
    entry(1, 2),
    entry(2, 0),
    entry(2, 1),
    entry(2, 2),
  ];
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Output pixels [0, size]^2 to the unit frame [-1, 1]^2. */
const toFrame = (size: number): Projection => [2 / size, 0, -1, 0, 2 / size, -1, 0, 0, 1];

/** The unit frame to a box of source pixels. */
const toBox = ({ left, top, width, height }: Box): Projection => [
  width / 2,
  0,
  left + width / 2,
  0,
  height / 2,
  top + height / 2,
  0,
  0,
  1,
];

/** The middle square whose side is `part` of the shorter side. */
export function centreCrop(width: number, height: number, size: number, part: number): Projection {
  const side = Math.min(width, height) * part;
  return after(toBox({ left: (width - side) / 2, top: (height - side) / 2, width: side, height: side }), toFrame(size));
}

/**
 * The box of "random resized crop": area and ratio are drawn until the box fits, ten times at most; then the middle of the
 * image at the nearest ratio within the bounds. (torchvision, `RandomResizedCrop.get_params`; fastai draws alike.)
 */
function randomBox(width: number, height: number, { minScale, ratio }: Augmentation, random: Random): Box {
  const [low, high] = ratio ?? [1, 1];
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = width * height * random.between(minScale, 1);
    const aspect = Math.exp(random.between(Math.log(low), Math.log(high)));
    const box = { width: Math.sqrt(area * aspect), height: Math.sqrt(area / aspect) };
    if (box.width > width || box.height > height) continue;
    return { ...box, left: random.uniform() * (width - box.width), top: random.uniform() * (height - box.height) };
  }
  const aspect = Math.min(high, Math.max(low, width / height));
  const box = { width: Math.min(width, height * aspect), height: Math.min(height, width / aspect) };
  return { ...box, left: (width - box.width) / 2, top: (height - box.height) / 2 };
}

/**
 * A tilt about the vertical axis in the unit frame: the corners at x = -1 go to y = +-(1 + t), those at x = 1 to
 * +-(1 - t), and all keep their x.
 */
const tiltX = (t: number): Projection => [1, 0, t, 0, 1 - t * t, 0, t, 0, 1];
/** The same about the horizontal axis. */
const tiltY = (t: number): Projection => [1 - t * t, 0, 0, 0, 1, t, 0, t, 1];

/** Whether an alternating flip shows this image mirrored in this epoch. */
export const alternates = (seed: number, epoch: number, index: number): boolean =>
  (randomOf(purpose.flip, seed, index).integer(2) + epoch) % 2 === 1;

/**
 * Draws the map from output pixels to the pixels of a source of this width and height. `mirrored` is what an alternating flip
 * says of this image and epoch; nothing else looks at it.
 */
export function drawProjection(
  width: number,
  height: number,
  size: number,
  augmentation: Augmentation,
  random: Random,
  mirrored = false,
): Projection {
  const { flip, maxRotation, maxZoom, maxWarp, affineProbability: p } = augmentation;
  let map = toFrame(size);
  if (maxWarp > 0) {
    if (random.chance(p)) map = after(tiltX(random.between(-maxWarp, maxWarp)), map);
    if (random.chance(p)) map = after(tiltY(random.between(-maxWarp, maxWarp)), map);
  }
  if (maxZoom > 1 && random.chance(p)) {
    const scale = 1 / random.between(1, maxZoom);
    const shift = (): number => random.between(scale - 1, 1 - scale);
    map = after([scale, 0, shift(), 0, scale, shift(), 0, 0, 1], map);
  }
  if (maxRotation > 0 && random.chance(p)) {
    const angle = (random.between(-maxRotation, maxRotation) * Math.PI) / 180;
    const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
    map = after([cosine, -sine, 0, sine, cosine, 0, 0, 0, 1], map);
  }
  const flips = flip === "alternating" ? mirrored : flip > 0 && random.chance(flip);
  if (flips) map = after([-1, 0, 0, 0, 1, 0, 0, 0, 1], map);
  return after(toBox(randomBox(width, height, augmentation, random)), map);
}

/**
 * Draws a change of tones: what the bytes 0 to 255 turn into (values of the same range), or null for none. In logit space brightness adds
 * logit(u), u uniform in [(1 - m) / 2, (1 + m) / 2], and contrast multiplies by a factor log-uniform in [1 - m, 1 / (1 - m)]
 * (fastai, `Brightness` and `Contrast`). Black stays black and white stays white.
 */
export function drawTones(augmentation: Augmentation, random: Random): Float32Array | null {
  const { maxLighting: m, lightingProbability: p } = augmentation;
  if (m === 0) return null;
  const middle = random.chance(p) ? random.between(0.5 - m / 2, 0.5 + m / 2) : 0.5;
  const contrast = random.chance(p) ? Math.exp(random.between(Math.log(1 - m), -Math.log(1 - m))) : 1;
  if (middle === 0.5 && contrast === 1) return null;
  // sigmoid(c (logit(v) + logit(u))) = 1 / (1 + ((1 - v) (1 - u) / (v u))^c)
  const odds = (1 - middle) / middle;
  return Float32Array.from({ length: 256 }, (_, byte) => 255 / (1 + ((255 / byte - 1) * odds) ** contrast));
}
