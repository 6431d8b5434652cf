/** A network's outputs for an image of any size, window by window: memory for one window, objects as large as in training. */
import * as tf from "@tensorflow/tfjs";
import { ConfigError } from "../core/errors.js";
import { resizeBilinear, resizeOffsets } from "../functions/resize.js";
import type { RawPrediction } from "./prediction.js";

/** The windows in which an image is gone over. */
export interface WindowOptions {
  /** Pixels; a window that is larger than the image is as large as the image. */
  readonly height: number;
  readonly width: number;
  /** Share of a window that its neighbour sees too, at least. Default 1/3. */
  readonly overlap?: number;
}

/** @throws ConfigError for sizes and shares that cannot be */
export function assertWindow(where: string, { height, width, overlap = 1 / 3 }: WindowOptions): void {
  if (![height, width].every((side) => Number.isSafeInteger(side) && side > 0))
    throw new ConfigError(`${where}: a window must have whole positive sides, got ${height} x ${width}; use 241 x 321`);
  if (!(overlap >= 0 && overlap < 1))
    throw new ConfigError(`${where}: overlap must be from 0 to below 1, got ${overlap}; use 0.33`);
}

/** First places of windows of this length that cover an axis, evenly spread; the first begins and the last ends with it. */
export function windowStarts(length: number, window: number, overlap: number): number[] {
  if (window >= length) return [0];
  const step = Math.max(1, Math.floor(window * (1 - overlap)));
  const count = Math.ceil((length - window) / step) + 1;
  return Array.from({ length: count }, (_, index) => Math.round((index * (length - window)) / (count - 1)));
}

/** How much a window's place counts: least at its edges, where it sees little around it. */
const tent = (place: number, length: number): number => Math.min(place + 1, length - place);

/**
 * What the windows say together: probabilities, heat map and offsets are means over all windows that see a pixel, the middle
 * of a window counting most.
 *
 * @param run outputs of the network for rows top ... and columns left ... of the image, [1, h, w, classes], [1, h, w, 1] and
 *   [1, h, w, 2]; disposed of here
 */
export async function predictInWindows(
  run: (top: number, left: number, size: readonly [number, number]) => readonly tf.Tensor[],
  { height, width }: { readonly height: number; readonly width: number },
  classes: number,
  window: WindowOptions,
): Promise<RawPrediction & { readonly probability: Float32Array }> {
  const { overlap = 1 / 3 } = window;
  const size = [Math.min(window.height, height), Math.min(window.width, width)] as const;
  const pixels = height * width;
  const shares = new Float32Array(pixels * classes);
  const center = new Float32Array(pixels);
  const offset = new Float32Array(pixels * 2);
  const weights = new Float32Array(pixels);
  for (const top of windowStarts(height, size[0], overlap))
    for (const left of windowStarts(width, size[1], overlap)) {
      const part = await enlarged(run(top, left, size), size);
      for (let row = 0; row < size[0]; row++)
        for (let column = 0; column < size[1]; column++) {
          const from = row * size[1] + column;
          const to = (top + row) * width + left + column;
          const weight = tent(row, size[0]) * tent(column, size[1]);
          weights[to] += weight;
          center[to] += weight * part.center[from];
          offset[2 * to] += weight * part.offset[2 * from];
          offset[2 * to + 1] += weight * part.offset[2 * from + 1];
          for (let k = 0; k < classes; k++) shares[to * classes + k] += weight * part.shares[from * classes + k];
        }
    }
  const semantic = new Int32Array(pixels);
  const probability = new Float32Array(pixels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    center[pixel] /= weights[pixel];
    offset[2 * pixel] /= weights[pixel];
    offset[2 * pixel + 1] /= weights[pixel];
    for (let k = 0; k < classes; k++)
      if (shares[pixel * classes + k] > shares[pixel * classes + semantic[pixel]]) semantic[pixel] = k;
    probability[pixel] = shares[pixel * classes + semantic[pixel]] / weights[pixel];
  }
  return { height, width, semantic, probability, center, offset };
}

/** The outputs for one window at its own size. */
async function enlarged([semantic, heat, ways]: readonly tf.Tensor[], size: readonly [number, number]) {
  const tensors = tf.tidy(() => [
    resizeBilinear(semantic as tf.Tensor4D, size).softmax(),
    resizeBilinear(heat as tf.Tensor4D, size),
    resizeOffsets(ways as tf.Tensor4D, size),
  ]);
  tf.dispose([semantic, heat, ways]);
  const [shares, center, offset] = await Promise.all(tensors.map((tensor) => tensor.data<"float32">()));
  tf.dispose(tensors);
  return { shares, center, offset };
}
