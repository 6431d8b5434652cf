/** Draws a scene into pixels: smooth background, anti-aliased glyphs, noise. */
import type { Random } from "../core/random.js";
import type { Glyph, Scene } from "./scene.js";

/** Signed distance from a point (in radii, from the centre) to a glyph's outline: negative inside. */
const distances: Record<Glyph["shape"], (x: number, y: number) => number> = {
  disc: (x, y) => Math.hypot(x, y) - 1,
  ring: (x, y) => Math.abs(Math.hypot(x, y) - 0.75) - 0.25,
};

function paintBackground(pixels: Float32Array, size: number, corners: Scene["background"]): void {
  for (let channel = 0; channel < 3; channel++) {
    const [a, b, c, d] = corners.map((corner) => corner[channel]) as [number, number, number, number];
    for (let y = 0; y < size; y++) {
      const v = (y + 0.5) / size;
      const left = a + (c - a) * v;
      const slope = (b + (d - b) * v - left) / size;
      for (let x = 0; x < size; x++) pixels[(y * size + x) * 3 + channel] = left + slope * (x + 0.5);
    }
  }
}

/** Calls back for each pixel that the glyph covers, wholly (1) or in part. */
function coverGlyph(glyph: Glyph, size: number, pixel: (index: number, cover: number) => void): void {
  const [centreX, centreY, radius] = [glyph.x * size, glyph.y * size, glyph.radius * size];
  const distance = distances[glyph.shape];
  const first = (centre: number): number => Math.max(0, Math.floor(centre - radius - 1));
  const last = (centre: number): number => Math.min(size - 1, Math.ceil(centre + radius + 1));
  for (let y = first(centreY); y <= last(centreY); y++) {
    for (let x = first(centreX); x <= last(centreX); x++) {
      const away = distance((x + 0.5 - centreX) / radius, (y + 0.5 - centreY) / radius) * radius;
      const cover = Math.min(1, Math.max(0, 0.5 - away)); // one pixel of soft edge
      if (cover > 0) pixel(y * size + x, cover);
    }
  }
}

function paintGlyph(pixels: Float32Array, size: number, glyph: Glyph): void {
  coverGlyph(glyph, size, (index, cover) => {
    for (let channel = 0; channel < 3; channel++) {
      const at = index * 3 + channel;
      const under = pixels[at];
      pixels[at] = under + (glyph.color[channel] - under) * cover;
    }
  });
}

/** The classes of a scene's pixels, in the order of their indices. */
export const sceneParts = ["background", "disc", "ring", "opposite"] as const;

/**
 * Writes the class of every pixel, an index into `sceneParts`, into `out`, [size, size]: what covers at least half of it;
 * the disc opposite the ring has a class of its own.
 */
export function labelScene(scene: Scene, size: number, out: Int32Array): void {
  out.fill(0);
  for (const glyph of scene.glyphs) {
    const part = glyph === scene.ring ? 2 : glyph === scene.target ? 3 : 1;
    coverGlyph(glyph, size, (index, cover) => {
      if (cover >= 0.5) out[index] = part;
    });
  }
}

/** Draws the scene into `out`, [size, size, 3] bytes. The noise comes from `random`. */
export function paintScene(scene: Scene, size: number, random: Random, out: Uint8ClampedArray): void {
  const pixels = new Float32Array(size * size * 3);
  paintBackground(pixels, size, scene.background);
  for (const glyph of scene.glyphs) paintGlyph(pixels, size, glyph);
  // The sum of four random bytes is near enough to normal, at one draw a pixel. Its standard deviation is sqrt(4 * 65535 / 12).
  const scale = (scene.noise * 255) / Math.sqrt(65535 / 3);
  for (let pixel = 0; pixel < size * size; pixel++) {
    const bits = random.bits();
    const sum = (bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24);
    const noise = (sum - 510) * scale;
    for (let at = pixel * 3; at < pixel * 3 + 3; at++) out[at] = pixels[at] * 255 + noise;
  }
}
