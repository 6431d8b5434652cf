/**
 * What the images of the generated data set show: "opposite the ring".
 *
 * K lanes run across the image, as rows or (half of the images) as columns; K is the number of classes and of colours.
 * Each lane holds one coloured disc in the middle and one at an end. In one of the lanes a white ring stands at the other
 * end, nearly the whole image away from that disc. The class is the colour of the disc opposite the ring:
 *
 *           red       blue
 *     green    red
 *     o   blue     green      <- the class is green: in the ring's row, at the far end
 *
 * Every image holds every colour once in the middle and once at an end; the lanes, the ends, which colour is where and
 * which lane has the ring are drawn uniformly and independently of each other. Hence, for K classes:
 *
 * - a pixel, and any patch that does not reach from the ring to the far disc, is distributed alike in all classes. Sums of
 *   functions of such patches (a linear model; 3 x 3 convolutions of less reach, then a global average) have the same
 *   mean in every class and stay near 1/K;
 * - who sees the ring's whole lane as a set, without position, knows two colours and not which is the far one:
 *   (K + 1) / 2K, the two being equal in one image of K;
 * - attention along the axis with relative positions ("the disc at distance 0.8, not the one at 0.4") tells the class;
 * - rows alone or columns alone serve one half of the images: both axes are needed.
 */
import type { Random } from "../core/random.js";

/** What a glyph is. */
export type Shape = "disc" | "ring";

/** Lengths as fractions of the image's side; colours as red, green, blue in [0, 1]. */
export interface Glyph {
  readonly shape: Shape;
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly color: readonly [number, number, number];
}

/** The plan of one drawn image. */
export interface Scene {
  /** Index into the colours: the class. */
  readonly label: number;
  readonly orientation: "rows" | "columns";
  readonly ring: Glyph;
  /** The disc opposite the ring, which gives the class. */
  readonly target: Glyph;
  /** All of them, `ring` and `target` included. */
  readonly glyphs: readonly Glyph[];
  /** Colours of the background's four corners. */
  readonly background: readonly (readonly [number, number, number])[];
  /** Standard deviation of the noise, as a fraction of full brightness. */
  readonly noise: number;
}

/** The classes, in order: the first K of them are used. */
export const colors: readonly { readonly name: string; readonly rgb: readonly [number, number, number] }[] = [
  { name: "red", rgb: [0.9, 0.15, 0.15] },
  { name: "green", rgb: [0.15, 0.75, 0.2] },
  { name: "blue", rgb: [0.2, 0.35, 0.95] },
  { name: "yellow", rgb: [0.95, 0.85, 0.1] },
  { name: "magenta", rgb: [0.85, 0.2, 0.8] },
  { name: "cyan", rgb: [0.1, 0.8, 0.85] },
];

function shuffled(count: number, random: Random): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** Draws the plan of one image. `classes` is K, from 2 to 6. */
export function drawScene(classes: number, random: Random): Scene {
  const far = shuffled(classes, random);
  const middle = shuffled(classes, random);
  const orientation = random.chance(0.5) ? "rows" : "columns";
  const ringLane = random.integer(classes);
  const lane = 1 / classes;
  const glyphs: Glyph[] = [];
  const place = (shape: Shape, along: number, across: number, rgb: readonly [number, number, number]): Glyph => {
    const brightness = random.between(0.8, 1);
    const tint = (channel: number): number =>
      Math.min(1, Math.max(0, channel * brightness + random.between(-0.06, 0.06)));
    const glyph: Glyph = {
      shape,
      x: orientation === "rows" ? along : across,
      y: orientation === "rows" ? across : along,
      radius: random.between(0.25, 0.32) * Math.min(lane, 0.25),
      color: [tint(rgb[0]), tint(rgb[1]), tint(rgb[2])],
    };
    glyphs.push(glyph);
    return glyph;
  };
  const lanes = far.map((color, i) => {
    const across = (i + 0.5 + random.between(-0.12, 0.12)) * lane;
    const mirrored = random.chance(0.5);
    const at = (along: number): number => (mirrored ? 1 - along : along);
    place("disc", at(random.between(0.42, 0.58)), across, colors[middle[i]].rgb);
    const end = place("disc", at(random.between(0.84, 0.91)), across, colors[color].rgb);
    return { across, at, end };
  });
  const { across, at, end } = lanes[ringLane];
  const ring = place("ring", at(random.between(0.09, 0.16)), across, [1, 1, 1]);
  const dark = (): [number, number, number] => [random.between(0, 0.3), random.between(0, 0.3), random.between(0, 0.3)];
  return {
    label: far[ringLane],
    orientation,
    ring,
    target: end,
    glyphs,
    background: [dark(), dark(), dark(), dark()],
    noise: random.between(0.02, 0.06),
  };
}
