/**
 * Resamples bytes through a projection, once: bilinear, mirrored at the borders, each output pixel averaged over as many
 * samples as keep them less than about 1.5 source pixels apart, so that shrinking does not alias.
 */
import type { Projection } from "./augmentation.js";
import { imagenetStatistics } from "./normalize.js";

/** [height, width, 3] bytes, row-major, at `offset` of `bytes`. */
export interface PixelSource {
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly width: number;
  readonly height: number;
}

const [scaleR, scaleG, scaleB] = imagenetStatistics.std.map((std) => 1 / (255 * std));
const [shiftR, shiftG, shiftB] = imagenetStatistics.mean.map((mean, channel) => mean / imagenetStatistics.std[channel]);

/** Source pixels per output pixel and side, at the output's centre. */
function shrinkage([m0, m1, , m3, m4, , m6, m7, m8]: Projection, size: number): number {
  const w = m6 * (size / 2) + m7 * (size / 2) + m8;
  return Math.sqrt(Math.abs(m0 * m4 - m1 * m3)) / Math.abs(w);
}

/** Mirrors an index at -0.5 and length - 0.5, the borders of the first and last pixel; half a pixel more is the edge's own. */
function inside(index: number, length: number): number {
  const period = 2 * length;
  let i = (index + 0.5) % period;
  if (i < 0) i += period;
  if (i > length) i = period - i;
  return Math.min(length - 1, Math.max(0, i - 0.5));
}

/** A value between two bytes, in the changed tones. */
function toned(tones: Float32Array, value: number): number {
  const byte = value < 254 ? value | 0 : 254;
  return tones[byte] + (tones[byte + 1] - tones[byte]) * (value - byte);
}

/**
 * Writes [size, size, 3] normalised values into `out` at `start`. `projection` takes output to source pixels (pixel i
 * spans i to i + 1); `tones` are the values, 0 to 255, that the bytes turn into; null leaves them.
 */
export function resample(
  source: PixelSource,
  projection: Projection,
  tones: Float32Array | null,
  size: number,
  out: Float32Array,
  start: number,
): void {
  const { bytes, offset, width, height } = source;
  const [m0, m1, m2, m3, m4, m5, m6, m7, m8] = projection;
  const taps = Math.max(1, Math.ceil(shrinkage(projection, size) - 0.5));
  const step = 1 / taps;
  const weight = step * step;
  const pitch = width * 3;
  const [lastX, lastY] = [width - 1, height - 1];
  let at = start;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let subRow = 0; subRow < taps; subRow++) {
        const v = row + (subRow + 0.5) * step;
        for (let subColumn = 0; subColumn < taps; subColumn++) {
          const u = column + (subColumn + 0.5) * step;
          const w = 1 / (m6 * u + m7 * v + m8);
          let x = (m0 * u + m1 * v + m2) * w - 0.5;
          let y = (m3 * u + m4 * v + m5) * w - 0.5;
          if (x < 0 || x >= lastX) x = inside(x, width);
          if (y < 0 || y >= lastY) y = inside(y, height);
          const x0 = x | 0;
          const y0 = y | 0;
          const fx = x - x0;
          const fy = y - y0;
          const a = offset + y0 * pitch + x0 * 3;
          const b = a + (x0 < lastX ? 3 : 0);
          const c = a + (y0 < lastY ? pitch : 0);
          const d = b + c - a;
          const w11 = fx * fy;
          const w01 = fx - w11;
          const w10 = fy - w11;
          const w00 = 1 - fx - w10;
          red += bytes[a] * w00 + bytes[b] * w01 + bytes[c] * w10 + bytes[d] * w11;
          green += bytes[a + 1] * w00 + bytes[b + 1] * w01 + bytes[c + 1] * w10 + bytes[d + 1] * w11;
          blue += bytes[a + 2] * w00 + bytes[b + 2] * w01 + bytes[c + 2] * w10 + bytes[d + 2] * w11;
        }
      }
      red *= weight;
      green *= weight;
      blue *= weight;
      if (tones) {
        red = toned(tones, red);
        green = toned(tones, green);
        blue = toned(tones, blue);
      }
      out[at] = red * scaleR - shiftR;
      out[at + 1] = green * scaleG - shiftG;
      out[at + 2] = blue * scaleB - shiftB;
      at += 3;
    }
  }
}
