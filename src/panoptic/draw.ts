/** A segmentation drawn over its photograph, as a PNG: a colour for each segment, a line around it. */
import sharp from "sharp";
import { batchLabels } from "./dataset.js";
import type { ImageBytes, Segmentation } from "./segment.js";

/** Far apart also for the colour-blind: Okabe and Ito's eight, then the same lighter. */
const hues: readonly (readonly [number, number, number])[] = [
  [230, 159, 0],
  [86, 180, 233],
  [0, 158, 115],
  [240, 228, 66],
  [0, 114, 178],
  [213, 94, 0],
  [204, 121, 167],
  [120, 120, 120],
];

/** The colour of a label: of stuff its class's, of objects another shade for each. */
export function segmentColor(label: number): readonly [number, number, number] {
  const category = Math.floor(label / batchLabels.divisor);
  const object = label % batchLabels.divisor;
  const [r, g, b] = hues[category % hues.length];
  const lighter = (0.35 * (category >= hues.length ? 1 : 0) + 0.17 * object) % 0.7;
  const mix = (value: number) => Math.round(value + (255 - value) * lighter);
  return [mix(r), mix(g), mix(b)];
}

/** @returns a PNG of the image's size */
export async function drawSegmentation(
  { height, width, bytes }: ImageBytes,
  { map }: Segmentation,
): Promise<Uint8Array> {
  const drawn = Uint8Array.from(bytes);
  const { values } = map;
  const ignored = batchLabels.ignore * batchLabels.divisor;
  for (let pixel = 0; pixel < values.length; pixel++) {
    const label = values[pixel];
    if (label === ignored) continue;
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    const isEdge =
      (x + 1 < width && values[pixel + 1] !== label) || (y + 1 < height && values[pixel + width] !== label);
    const color = segmentColor(label);
    for (let channel = 0; channel < 3; channel++) {
      const at = 3 * pixel + channel;
      drawn[at] = isEdge ? 255 : Math.round(0.5 * bytes[at] + 0.5 * color[channel]);
    }
  }
  return sharp(drawn, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}
