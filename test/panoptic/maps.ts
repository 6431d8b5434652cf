/** Small panoptic maps for tests, drawn with letters. */
import type { LabelSpace, PixelMap } from "../../src/panoptic/panoptic-map.js";

/** Classes 0 and 1 are stuff, 2 and 3 things. */
export const space: LabelSpace = { divisor: 100, ignore: 9, things: [2, 3] };

const labels: Readonly<Record<string, number>> = {
  ".": 0,
  "~": 100,
  a: 201,
  b: 202,
  C: 200,
  x: 301,
  "?": 900,
};

/** One letter a pixel: `.` and `~` stuff, a, b and x objects, C a crowd, ? void. */
export function draw(...rows: readonly string[]): PixelMap {
  return {
    height: rows.length,
    width: rows[0].length,
    values: Int32Array.from([...rows.join("")].map((letter) => labels[letter])),
  };
}

export function transposed({ height, width, values }: PixelMap): PixelMap {
  return {
    height: width,
    width: height,
    values: values.map((_, pixel) => values[(pixel % height) * width + Math.floor(pixel / height)]),
  };
}
