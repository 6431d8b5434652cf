/**
 * The safetensors container: named tensors and a little text in one file. Nothing in it is executed.
 *
 *     8 bytes    N, unsigned, little endian
 *     N bytes    JSON: {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, ..., "__metadata__": {...}}
 *     the rest   the tensors' bytes, row-major, little endian, without gaps
 *
 * Reading is strict: whatever the format does not allow is a `FileError` that names the file and what is wrong.
 *
 * Source: https://github.com/huggingface/safetensors (README, "Format").
 */
import { readFile } from "node:fs/promises";
import { writeFileAtomically } from "../core/atomic-file.js";
import { FileError } from "../core/errors.js";

/** How each dtype is held in memory. F16 and BF16 are kept as their bits; `toFloat32` converts. */
const arrays = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  I32: Int32Array,
  U32: Uint32Array,
  I16: Int16Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const;

export type Dtype = keyof typeof arrays;
export type TensorData = InstanceType<(typeof arrays)[Dtype]>;

export interface StoredTensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** The elements, row-major. */
  readonly data: TensorData;
}

export interface Safetensors {
  /** In the order of their bytes. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The format's own limit on N: a header beyond it is an attack or garbage. */
const maximumHeaderBytes = 100_000_000;
const metadataKey = "__metadata__";

/** Reads a file. Throws `FileError` where it is missing or is not a whole, well-formed safetensors file. */
export async function readSafetensors(path: string): Promise<Safetensors> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new FileError(`safetensors: cannot read ${path} (${(error as Error).message}); give the path of a file`);
  }
  return decodeSafetensors(bytes, path);
}

/** Writes a file, whole or not at all. Tensors lie in the order given. */
export async function writeSafetensors(path: string, contents: Safetensors): Promise<void> {
  await writeFileAtomically(path, encodeParts(contents));
}

/** The bytes of a file that holds `contents`. */
export function encodeSafetensors(contents: Safetensors): Uint8Array {
  return Buffer.concat(encodeParts(contents));
}

/** What the bytes of a file hold. `where` names them in errors. The arrays are copies. */
export function decodeSafetensors(bytes: Uint8Array, where: string): Safetensors {
  const refuse = (what: string): never => {
    throw new FileError(`safetensors: ${where} ${what}; the file is foreign, truncated or corrupt`);
  };
  if (bytes.length < 8) return refuse(`must start with 8 bytes of header length, got ${bytes.length} bytes`);
  const headerBytes = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (headerBytes > BigInt(Math.min(maximumHeaderBytes, bytes.length - 8))) {
    return refuse(`must hold its header, got a header of ${headerBytes} bytes in a file of ${bytes.length}`);
  }
  const body = bytes.subarray(8 + Number(headerBytes));
  const header = parseHeader(bytes.subarray(8, 8 + Number(headerBytes)), refuse);

  const metadata = new Map<string, string>();
  const entries: (TensorEntry & { name: string })[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name !== metadataKey) entries.push({ name, ...parseEntry(name, value, refuse) });
    else {
      if (!isRecord(value)) return refuse(`must have an object as ${metadataKey}, got ${JSON.stringify(value)}`);
      for (const [key, text] of Object.entries(value)) {
        if (typeof text !== "string") return refuse(`must have text as ${metadataKey} ${JSON.stringify(key)}`);
        metadata.set(key, text);
      }
    }
  }

  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  const tensors = new Map<string, StoredTensor>();
  let end = 0;
  for (const entry of entries) {
    if (entry.begin !== end) {
      return refuse(`must store tensors without gap or overlap, got ${entry.name} at byte ${entry.begin}, not ${end}`);
    }
    end = entry.end;
    if (end > body.length) {
      return refuse(`must hold all its tensors, got ${entry.name} ending at byte ${end} of ${body.length}`);
    }
    tensors.set(entry.name, {
      dtype: entry.dtype,
      shape: entry.shape,
      data: typedCopy(entry.dtype, body.subarray(entry.begin, end)),
    });
  }
  if (end !== body.length) return refuse(`must end with its last tensor, got ${body.length - end} bytes more`);
  return { tensors, metadata: Object.fromEntries(metadata) };
}

/** The elements as float32, converted from whatever float or integer dtype the file has. */
export function toFloat32({ dtype, data }: StoredTensor): Float32Array {
  if (data instanceof Float32Array) return data;
  if (dtype === "F16") return Float32Array.from(data as Uint16Array, fromHalf);
  if (dtype === "BF16") return new Float32Array(Uint32Array.from(data as Uint16Array, (bits) => bits << 16).buffer);
  return Float32Array.from(data as ArrayLike<number | bigint>, Number);
}

/** IEEE 754 half precision: 1 sign, 5 exponent, 10 fraction bits. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

interface TensorEntry {
  dtype: Dtype;
  shape: number[];
  begin: number;
  end: number;
}

type Refuse = (what: string) => never;

function parseHeader(bytes: Uint8Array, refuse: Refuse): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return refuse("must have a JSON header, got something else");
  }
  return isRecord(header) ? header : refuse(`must have an object as header, got ${JSON.stringify(header)}`);
}

function parseEntry(name: string, value: unknown, refuse: Refuse): TensorEntry {
  const where = `must describe ${JSON.stringify(name)}`;
  if (!isRecord(value)) return refuse(`${where} with an object, got ${JSON.stringify(value)}`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(arrays, dtype)) {
    return refuse(`${where} with a dtype among ${Object.keys(arrays).join(", ")}, got ${JSON.stringify(dtype)}`);
  }
  if (!isCounts(shape)) return refuse(`${where} with a shape of whole numbers, got ${JSON.stringify(shape)}`);
  if (!isCounts(offsets) || offsets.length !== 2) {
    return refuse(`${where} with two data_offsets, got ${JSON.stringify(offsets)}`);
  }
  const [begin, end] = offsets as [number, number];
  const bytes = shape.reduce((product, size) => product * size, arrays[dtype as Dtype].BYTES_PER_ELEMENT);
  if (end - begin !== bytes) {
    return refuse(`${where} with offsets for ${bytes} bytes (${dtype} [${shape.join(", ")}]), got ${end - begin}`);
  }
  return { dtype: dtype as Dtype, shape, begin, end };
}

function encodeParts({ tensors, metadata }: Safetensors): Uint8Array[] {
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header[metadataKey] = metadata;
  const parts: Uint8Array[] = [];
  let end = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    const begin = end;
    end += data.byteLength;
    header[name] = { dtype, shape, data_offsets: [begin, end] };
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  // Spaces at the end bring the first tensor to a multiple of 8 bytes, as the format advises.
  const paddedBytes = Math.ceil(text.length / 8) * 8;
  const head = new Uint8Array(8 + paddedBytes).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(paddedBytes), true);
  head.set(text, 8);
  return [head, ...parts];
}

/** A copy, because a typed array must start at a multiple of its element size and the file need not. */
function typedCopy(dtype: Dtype, bytes: Uint8Array): TensorData {
  const array = arrays[dtype];
  return new array(new Uint8Array(bytes).buffer);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && (item as number) >= 0);
