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
import { FileError } from "../core/errors.js";
import { bytesOf, dtypeNames, isDtype, typed, type Dtype, type StoredTensor } from "./dtypes.js";

/** What a safetensors file holds. */
export interface Safetensors {
  /** In the order of their bytes. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The format's own limit on N: a header beyond it is an attack or garbage. */
const maximumHeaderBytes = 100_000_000;
const metadataKey = "__metadata__";

/**
 * What the bytes of a file hold. The arrays may be views of the bytes.
 *
 * @param where names the bytes in errors
 * @throws FileError where they are not those of a whole, well-formed safetensors file
 */
export function decodeSafetensors(bytes: Uint8Array, where: string): Safetensors {
  const headerBytes = headerLength(bytes, bytes.length, where);
  const { entries, metadata } = parseHeader(bytes.subarray(8, 8 + headerBytes), bytes.length, where);
  const body = bytes.subarray(8 + headerBytes);
  const tensors = new Map<string, StoredTensor>();
  for (const { name, dtype, shape, begin, end } of entries)
    tensors.set(name, { dtype, shape, data: typed(dtype, body.slice(begin, end)) });
  return { tensors, metadata };
}

export interface TensorEntry {
  name: string;
  dtype: Dtype;
  shape: number[];
  begin: number;
  end: number;
}

type Refuse = (what: string) => never;

const refusing =
  (where: string): Refuse =>
  (what) => {
    throw new FileError(`safetensors: ${where} ${what}; the file is foreign, truncated or corrupt`);
  };

/** N, from the first eight bytes of a file of `size` bytes. */
export function headerLength(first: Uint8Array, size: number, where: string): number {
  const refuse: Refuse = refusing(where);
  if (size < 8) return refuse(`must start with 8 bytes of header length, got ${size} bytes`);
  const length = new DataView(first.buffer, first.byteOffset).getBigUint64(0, true);
  if (length > BigInt(Math.min(maximumHeaderBytes, size - 8)))
    return refuse(`must hold its header, got a header of ${length} bytes in a file of ${size}`);
  return Number(length);
}

/** The tensors in the order of their bytes, none missing and nothing between them; and the text beside them. */
export function parseHeader(
  bytes: Uint8Array,
  size: number,
  where: string,
): { entries: readonly TensorEntry[]; metadata: Record<string, string> } {
  const refuse: Refuse = refusing(where);
  const bodyBytes = size - 8 - bytes.length;
  const metadata = new Map<string, string>();
  const entries: TensorEntry[] = [];
  for (const [name, value] of Object.entries(parseJson(bytes, refuse))) {
    if (name !== metadataKey) entries.push(parseEntry(name, value, refuse));
    else {
      if (!isRecord(value)) return refuse(`must have an object as ${metadataKey}, got ${JSON.stringify(value)}`);
      for (const [key, text] of Object.entries(value)) {
        if (typeof text !== "string") return refuse(`must have text as ${metadataKey} ${JSON.stringify(key)}`);
        metadata.set(key, text);
      }
    }
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let reached = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== reached)
      return refuse(`must store tensors without gap or overlap, got ${name} at byte ${begin}, not ${reached}`);
    if (end > bodyBytes) return refuse(`must hold all its tensors, got ${name} ending at byte ${end} of ${bodyBytes}`);
    reached = end;
  }
  if (reached !== bodyBytes) return refuse(`must end with its last tensor, got ${bodyBytes - reached} bytes more`);
  return { entries, metadata: Object.fromEntries(metadata) };
}

function parseJson(bytes: Uint8Array, refuse: Refuse): Record<string, unknown> {
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
  if (typeof dtype !== "string" || !isDtype(dtype))
    return refuse(`${where} with a dtype among ${dtypeNames.join(", ")}, got ${JSON.stringify(dtype)}`);
  if (!isCounts(shape)) return refuse(`${where} with a shape of whole numbers, got ${JSON.stringify(shape)}`);
  if (!isCounts(offsets) || offsets.length !== 2) {
    return refuse(`${where} with two data_offsets, got ${JSON.stringify(offsets)}`);
  }
  const [begin, end] = offsets as [number, number];
  const bytes = bytesOf(
    dtype,
    shape.reduce((product, size) => product * size, 1),
  );
  if (end - begin !== bytes) {
    return refuse(`${where} with offsets for ${bytes} bytes (${dtype} [${shape.join(", ")}]), got ${end - begin}`);
  }
  return { name, dtype, shape, begin, end };
}

/** The bytes of a file that holds `contents`, in parts. */
export function encodedParts({ tensors, metadata }: Safetensors): Uint8Array[] {
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

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && (item as number) >= 0);
