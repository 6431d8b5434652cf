/**
 * A classifier as one file that a page can carry: a safetensors file with the network and the names of its classes as text
 * beside the weights.
 */
import { FileError } from "../core/errors.js";
import { fromEightBits, toEightBits } from "../weights/eight-bits.js";
import { toHalf } from "../weights/half.js";
import type { ResNetConfig } from "../models/index.js";
import { toFloat32, type StoredTensor } from "../weights/dtypes.js";
import { decodeSafetensors, encodedParts } from "../weights/safetensors-format.js";

export interface NetFile {
  readonly config: ResNetConfig;
  readonly classes: readonly string[];
  /** Side of the images that it was trained on, in pixels. */
  readonly size: number;
  /** Side of the square that validation cut out of an image's middle, as a part of its shorter side. */
  readonly crop: number;
  /** By their names in the model, such as `stage1.block1.height/projection`. */
  readonly weights: ReadonlyMap<string, { readonly shape: readonly number[]; readonly values: Float32Array }>;
}

/**
 * How weights are stored: as they are; as half-precision floats, rounded to the nearest; or those of kernels in 8 bits, each
 * output channel in steps of its own, and the rest as half-precision floats.
 */
export type Precision = "F32" | "F16" | "I8";

/** Fewer numbers than this are not worth scales of their own. */
const fewest = 1024;

/** Of a tensor in 8 bits, [channels]. */
const scalesOf = (name: string): string => `${name}:scales`;

/** The file, in parts. */
export function encodeNet({ config, classes, size, crop, weights }: NetFile, precision: Precision): Uint8Array[] {
  const sides = { size: String(size), crop: String(crop) };
  const metadata = { network: JSON.stringify(config), classes: JSON.stringify(classes), ...sides };
  const tensors = new Map<string, StoredTensor>();
  for (const [name, { shape, values }] of weights) {
    if (precision === "F32") tensors.set(name, { dtype: "F32", shape, data: Float32Array.from(values) });
    else if (precision === "F16" || shape.length < 2 || values.length < fewest)
      tensors.set(name, { dtype: "F16", shape, data: toHalf(values) });
    else {
      const channels = shape[shape.length - 1];
      const { steps, scales } = toEightBits(values, channels);
      tensors.set(name, { dtype: "I8", shape, data: steps });
      tensors.set(scalesOf(name), { dtype: "F32", shape: [channels], data: scales });
    }
  }
  return encodedParts({ tensors, metadata });
}

/** @throws FileError where the bytes are no such file. `where` names them. */
export function decodeNet(bytes: Uint8Array, where: string): NetFile {
  const { tensors, metadata } = decodeSafetensors(bytes, where);
  const { network, classes, size, crop } = metadata as Record<string, string | undefined>;
  if (network === undefined || classes === undefined || size === undefined || crop === undefined)
    throw new FileError(
      `web.loadNet: ${where} must hold a network, its classes and its sizes, got ${Object.keys(metadata).join(", ") || "none"}; ` +
        `write it with npx axial-lab export --to web`,
    );
  const weights = new Map(
    [...tensors]
      .filter(([name]) => !name.endsWith(scalesOf("")))
      .map(([name, tensor]) => [name, { shape: tensor.shape, values: valuesOf(tensor, tensors.get(scalesOf(name))) }]),
  );
  return {
    config: JSON.parse(network) as ResNetConfig,
    classes: JSON.parse(classes) as string[],
    size: Number(size),
    crop: Number(crop),
    weights,
  };
}

const valuesOf = (tensor: StoredTensor, scales: StoredTensor | undefined): Float32Array =>
  scales === undefined
    ? toFloat32(tensor)
    : fromEightBits({ steps: tensor.data as Int8Array<ArrayBuffer>, scales: scales.data as Float32Array<ArrayBuffer> });
