/** From a reader's photo to what a network takes. */
import { ConfigError } from "../core/errors.js";
import { imagenetStatistics } from "../data/normalize.js";
import type { ModelImage } from "../inspection/index.js";

/** A file, or whatever a canvas can draw. */
export type Photo = Blob | ImageBitmap | HTMLImageElement | HTMLCanvasElement | OffscreenCanvas | HTMLVideoElement;

export interface PreparedPhoto extends ModelImage {
  /** The square that the network sees, with the colours of the photo: size x size pixels, red, green, blue, alpha. */
  readonly pixels: ImageData;
}

/**
 * The middle of a photo, size x size, normalised as in training. Files are turned as their EXIF orientation says and
 * their colours converted to sRGB: the browser does both when it decodes them.
 *
 * @param crop side of the square that is taken, as a part of the photo's shorter side. Default 1.
 * @throws ConfigError where the file is no picture that the browser can read
 */
export async function preparePhoto(photo: Photo, size: number, crop = 1): Promise<PreparedPhoto> {
  const image = photo instanceof Blob ? await decode(photo) : photo;
  const [width, height] = sizeOf(image);
  // Cut by drawing: to cut while decoding takes the wrong part of a photo that is turned.
  const side = Math.min(width, height) * crop;
  const context = contextOf(size);
  context.imageSmoothingQuality = "high";
  context.drawImage(image, (width - side) / 2, (height - side) / 2, side, side, 0, 0, size, size);
  if (photo instanceof Blob) (image as ImageBitmap).close();
  const pixels = context.getImageData(0, 0, size, size);
  return { values: normalized(pixels.data), shape: [size, size, 3], pixels };
}

async function decode(file: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file);
  } catch (error) {
    const named = file instanceof File ? file.name : `${file.size} bytes`;
    throw new ConfigError(
      `web.classify: a photo must be a picture that the browser reads, got ${named} (${file.type || "of no known type"}); use a JPEG or PNG`,
      { cause: error },
    );
  }
}

function sizeOf(image: Exclude<Photo, Blob>): [width: number, height: number] {
  if ("naturalWidth" in image) return [image.naturalWidth, image.naturalHeight];
  if ("videoWidth" in image) return [image.videoWidth, image.videoHeight];
  return [image.width, image.height];
}

function contextOf(size: number): CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D {
  const canvas = new OffscreenCanvas(size, size);
  return canvas.getContext("2d", { willReadFrequently: true, colorSpace: "srgb" })!;
}

/** [size, size, 4] bytes to [size, size, 3]: (value / 255 - mean) / std. */
function normalized(bytes: Uint8ClampedArray): Float32Array {
  const { mean, std } = imagenetStatistics;
  const values = new Float32Array((bytes.length / 4) * 3);
  for (let pixel = 0; pixel < bytes.length / 4; pixel++)
    for (let channel = 0; channel < 3; channel++)
      values[pixel * 3 + channel] = (bytes[pixel * 4 + channel] / 255 - mean[channel]) / std[channel];
  return values;
}
