/** Images in figures: from arrays of bytes or fractions to `data:` addresses. */
import { ShapeError } from "../src/core/errors.js";
import { encodePng } from "../src/core/png.js";

/** An image, row-major: bytes from 0 to 255, or, in an array of floats, brightness from 0 to 1. */
export interface Pixels {
  readonly values: Uint8Array | Uint8ClampedArray | Float32Array | Float64Array;
  readonly shape: readonly [height: number, width: number, channels: 1 | 3];
}

const isFloat = (values: Pixels["values"]): boolean => values instanceof Float32Array || values instanceof Float64Array;

/** Throws ShapeError unless an image has as many numbers as its shape says. */
export function assertPixels(where: string, { values, shape }: Pixels): void {
  const [height, width, channels] = shape;
  if (values.length !== height * width * channels || (channels !== 1 && channels !== 3))
    throw new ShapeError(
      `${where}: an image must hold height x width x channels numbers (1 or 3 channels), got ${values.length} for ` +
        `[${shape.join(", ")}]; give shape as [height, width, channels]`,
    );
}

/** The brightness of each pixel, [height, width, 1] (ITU-R BT.601). */
export function greyOf({ values, shape: [height, width, channels] }: Pixels): Pixels {
  const scale = isFloat(values) ? 255 : 1;
  const grey = Uint8ClampedArray.from({ length: height * width }, (_, i) =>
    channels === 1
      ? values[i] * scale
      : (0.299 * values[3 * i] + 0.587 * values[3 * i + 1] + 0.114 * values[3 * i + 2]) * scale,
  );
  return { values: grey, shape: [height, width, 1] };
}

/**
 * The image as the address of a PNG that looks the same in every viewer: small images are enlarged by a whole factor to
 * about `side` pixels, with hard edges, so that no viewer blurs them.
 */
export function pixelsUri({ values, shape: [height, width, channels] }: Pixels, side = 256): string {
  const factor = Math.max(1, Math.round(side / Math.max(height, width)));
  const scale = isFloat(values) ? 255 : 1;
  const enlarged = new Uint8ClampedArray(height * width * channels * factor * factor);
  let at = 0;
  for (let y = 0; y < height * factor; y++)
    for (let x = 0; x < width * factor; x++) {
      const from = (Math.floor(y / factor) * width + Math.floor(x / factor)) * channels;
      for (let channel = 0; channel < channels; channel++) enlarged[at++] = values[from + channel] * scale;
    }
  const png = encodePng({ data: enlarged, width: width * factor, height: height * factor, channels });
  return `data:image/png;base64,${png.toString("base64")}`;
}
