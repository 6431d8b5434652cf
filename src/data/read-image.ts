/** One image file as validation sees it, ready for a model. */
import { centreCrop, resolveAugmentation, sourceSide } from "./augmentation.js";
import { decodeImage } from "./decode.js";
import { toBytes } from "./normalize.js";
import { resample } from "./resample.js";
import { ConfigError, FileError } from "../core/errors.js";

/** One image file, for a model and for figures. */
export interface ReadImage {
  /** For a model, and for `axial.inspect`: [size, size, 3], normalised. */
  readonly values: Float32Array;
  readonly shape: readonly [height: number, width: number, channels: 3];
  /** For figures: the same as bytes from 0 to 255. */
  readonly image: { readonly values: Uint8ClampedArray; readonly shape: readonly [number, number, 3] };
}

/**
 * Reads an image file of any kind that data sets may hold, shrinks it and takes the middle, as validation images are taken.
 *
 *     const photo = await axial.data.readImage("dog.jpg", 128);
 *     const { logits, attention } = await axial.inspect(model, photo);
 *
 * @param size side of the square that comes out, in pixels: that of the images which the model was trained on
 * @throws FileError where the file is missing, is no image or ends early
 * @throws ConfigError for a size below 8 pixels
 */
export async function readImage(path: string, size: number): Promise<ReadImage> {
  if (!Number.isSafeInteger(size) || size < 8)
    throw new ConfigError(`readImage: size must be a whole number of at least 8 pixels, got ${size}; use 8 or more`);
  const augmentation = resolveAugmentation("readImage", undefined);
  const { width, height, bytes } = await decodeImage(path, sourceSide(size, augmentation)).catch((error: Error) => {
    const [reason] = error.message.split("\n");
    throw new FileError(
      `readImage: an image must be readable, got ${path} (${reason}); give the path of a JPEG, PNG, BMP or other image`,
      { cause: error },
    );
  });
  const values = new Float32Array(size * size * 3);
  const projection = centreCrop(width, height, size, augmentation.validationCrop);
  resample({ bytes, offset: 0, width, height }, projection, null, size, values, 0);
  const shape = [size, size, 3] as const;
  return { values, shape, image: { values: toBytes(values), shape } };
}
