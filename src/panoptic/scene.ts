/**
 * Images of the generated panoptic set: sky over grass and water, and objects on them that overlap, touch or stand far
 * apart. A boat and a cart look alike, a triangle: on water it is a boat, on grass a cart, so that a patch that holds the
 * triangle alone does not tell its class.
 */
import type { Random } from "../core/random.js";

export const sceneClasses = ["sky", "grass", "water", "ball", "box", "boat", "cart"] as const;
export const sceneThings = [3, 4, 5, 6] as const;
const [sky, grass, water, ball, box, boat, cart] = sceneClasses.keys();

type Color = readonly [number, number, number];

interface SceneObject {
  readonly shape: "disc" | "square" | "triangle";
  readonly category: number;
  /** Id within its class, from 1. */
  readonly id: number;
  /** Centre and half side, in parts of the image's height; x in parts of its width. */
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly color: Color;
}

export interface PanopticScene {
  /** Height of the horizon, in parts of the image's. */
  readonly horizon: number;
  /** Where grass ends and water begins, from left to right, and how it winds. */
  readonly shore: { readonly at: number; readonly slant: number; readonly waterFirst: boolean };
  /** In the order in which they are painted. */
  readonly objects: readonly SceneObject[];
  readonly colors: Readonly<Record<"sky" | "grass" | "water", Color>>;
  readonly noise: number;
}

const isWaterAt = ({ at, slant, waterFirst }: PanopticScene["shore"], x: number, y: number): boolean =>
  x < at + slant * (y - 0.7) === waterFirst;

export function drawPanopticScene(random: Random): PanopticScene {
  const horizon = random.between(0.2, 0.4);
  const shore = { at: random.between(0.3, 0.7), slant: random.between(-0.6, 0.6), waterFirst: random.chance(0.5) };
  const count = 2 + random.integer(5);
  const used = new Map<number, number>();
  const placed = Array.from({ length: count }, () => {
    const shape = (["disc", "square", "triangle"] as const)[random.integer(3)];
    const y = random.between(horizon + 0.05, 0.92);
    const x = random.between(0.06, 0.94);
    const color: Color = [random.between(0.5, 1), random.between(0.1, 0.9), random.between(0.1, 0.6)];
    return { shape, x, y, radius: random.between(0.06, 0.15), color };
  });
  // What is nearer stands lower and hides what is behind it.
  placed.sort((a, b) => a.y - b.y);
  const objects = placed.map((object): SceneObject => {
    const triangle = isWaterAt(shore, object.x, object.y) ? boat : cart;
    const category = { disc: ball, square: box, triangle }[object.shape];
    const id = (used.get(category) ?? 0) + 1;
    used.set(category, id);
    return { ...object, category, id };
  });
  const around = (color: Color): Color => [
    color[0] + random.between(-0.08, 0.08),
    color[1] + random.between(-0.08, 0.08),
    color[2] + random.between(-0.08, 0.08),
  ];
  return {
    horizon,
    shore,
    objects,
    colors: { sky: around([0.65, 0.75, 0.9]), grass: around([0.3, 0.5, 0.25]), water: around([0.2, 0.4, 0.6]) },
    noise: random.between(0.02, 0.05),
  };
}

/** Signed distances in half sides: negative inside. */
const outlines: Readonly<Record<SceneObject["shape"], (dx: number, dy: number) => number>> = {
  disc: (dx, dy) => Math.hypot(dx, dy) - 1,
  square: (dx, dy) => Math.max(Math.abs(dx), Math.abs(dy)) - 0.85,
  // Point up, base down.
  triangle: (dx, dy) => Math.max(dy - 0.8, Math.abs(dx) * 1.6 - (dy + 1) * 0.8),
};

/**
 * Paints [height, width, 3] bytes and the labels of its pixels, `class * divisor + id`.
 *
 * @param random gives the noise
 */
export function paintPanopticScene(
  scene: PanopticScene,
  { height, width, divisor }: { readonly height: number; readonly width: number; readonly divisor: number },
  random: Random,
  bytes: Uint8ClampedArray,
  labels: Int32Array,
): void {
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const [x, y] = [(column + 0.5) / width, (row + 0.5) / height];
      const pixel = row * width + column;
      let category = sky;
      let color: Color = scene.colors.sky;
      let texture = 0.04 * Math.sin(9 * y + 3 * x);
      if (y >= scene.horizon) {
        const isWater = isWaterAt(scene.shore, x, y);
        category = isWater ? water : grass;
        color = isWater ? scene.colors.water : scene.colors.grass;
        // Waves lie, blades of grass stand.
        texture = 0.08 * Math.sin(isWater ? 60 * y + 4 * Math.sin(12 * x) : 70 * x + 5 * Math.sin(15 * y));
      }
      labels[pixel] = category * divisor;
      for (const object of scene.objects) {
        const [dx, dy] = [((x - object.x) * width) / height / object.radius, (y - object.y) / object.radius];
        if (outlines[object.shape](dx, dy) > 0) continue;
        color = object.color;
        texture = -0.1 * dx;
        labels[pixel] = object.category * divisor + object.id;
      }
      const noise = (random.uniform() + random.uniform() - 1) * 2.4 * scene.noise;
      for (let channel = 0; channel < 3; channel++)
        bytes[3 * pixel + channel] = 255 * (color[channel] + texture + noise);
    }
}
