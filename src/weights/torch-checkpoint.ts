/**
 * Reads the tensors of a PyTorch checkpoint (`.pth`, `.pt`): the zip archives that `torch.save` has written since 1.6 and
 * the older stream of pickles. The pickle inside may call only what is listed here; nothing is executed.
 *
 * Source: the layout that `torch.save` documents ("Serialization semantics"): `NAME/data.pkl`, `NAME/data/KEY`.
 */
import { readFile } from "node:fs/promises";
import { unzipSync } from "fflate";
import { FileError } from "../core/errors.js";
import type { Dtype, StoredTensor, TensorData } from "./safetensors.js";
import { PickleError, Tuple, unpickle, type AllowedGlobals } from "./unpickle.js";

/** Storage classes and dtypes by torch's names. */
const storageDtypes: Readonly<Record<string, Dtype>> = {
  FloatStorage: "F32",
  DoubleStorage: "F64",
  HalfStorage: "F16",
  BFloat16Storage: "BF16",
  LongStorage: "I64",
  IntStorage: "I32",
  ShortStorage: "I16",
  CharStorage: "I8",
  ByteStorage: "U8",
  BoolStorage: "BOOL",
};

const views: Readonly<Partial<Record<Dtype, new (buffer: ArrayBuffer, offset: number, length: number) => TensorData>>> =
  {
    F32: Float32Array,
    F64: Float64Array,
    F16: Uint16Array,
    BF16: Uint16Array,
    I64: BigInt64Array,
    I32: Int32Array,
    I16: Int16Array,
    I8: Int8Array,
    U8: Uint8Array,
    BOOL: Uint8Array,
  };

/** The one place that lists what a checkpoint may call. */
const callableNames = [
  "collections.OrderedDict",
  "torch._utils._rebuild_tensor_v2",
  "torch._utils._rebuild_parameter",
  "torch.Size",
  ...Object.keys(storageDtypes).map((name) => `torch.${name}`),
] as const;

/** A storage: elements of one dtype; its bytes may come after the pickle that names it (older files). */
interface Storage {
  readonly key: string;
  readonly dtype: Dtype;
  data: TensorData | null;
}

/** A tensor as the pickle describes it: a strided view of a storage. */
class TorchTensor {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

/**
 * Reads a checkpoint's tensors by name. A dict around the tensors (`state_dict`, `model`, `net` ...) is looked through, and the
 * `module.` of data-parallel training is left out of the names.
 *
 * @throws FileError where the file is missing, truncated, foreign, or asks for anything beyond tensors and containers.
 */
export async function readTorchCheckpoint(path: string): Promise<Map<string, StoredTensor>> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new FileError(`weights: cannot read ${path} (${(error as Error).message}); give the path of a checkpoint`);
  }
  return decodeTorchCheckpoint(bytes, path);
}

/** The tensors in the bytes of a checkpoint; `where` names them in errors. */
export function decodeTorchCheckpoint(bytes: Uint8Array, where: string): Map<string, StoredTensor> {
  try {
    const isZip = bytes.length > 4 && bytes[0] === 0x50 && bytes[1] === 0x4b;
    return collectTensors(isZip ? readZip(bytes) : readStream(bytes));
  } catch (error) {
    if (error instanceof PickleError)
      throw new FileError(
        `weights: ${where} ${error.message}; the file is foreign, truncated or unsafe and was not loaded`,
      );
    throw error;
  }
}

function readZip(bytes: Uint8Array): unknown {
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes, {
      // A checkpoint is stored uncompressed: an entry that grows much more than that is no checkpoint.
      filter: (file) => {
        if (file.originalSize > 8 * bytes.length)
          throw new PickleError(`has an entry ${file.name} that unpacks to ${file.originalSize} bytes`);
        return true;
      },
    });
  } catch (error) {
    if (error instanceof PickleError) throw error;
    throw new PickleError(`is no whole zip archive (${error instanceof Error ? error.message : String(error)})`);
  }
  const pickleName = Object.keys(files).find((name) => name === "data.pkl" || name.endsWith("/data.pkl"));
  if (pickleName === undefined) throw new PickleError("has no data.pkl inside");
  const folder = pickleName.slice(0, -"data.pkl".length);
  const byteOrder = files[`${folder}byteorder`];
  if (byteOrder !== undefined && new TextDecoder().decode(byteOrder).trim() !== "little")
    throw new PickleError("was written on a big-endian machine");
  const storages = new Map<string, Storage>();
  return unpickle(files[pickleName], {
    allowed: allowedGlobals(),
    persistentLoad: (id) => {
      const { key, dtype, count } = storageId(id);
      let storage = storages.get(key);
      if (storage === undefined) {
        const raw = files[`${folder}data/${key}`];
        if (raw === undefined) throw new PickleError(`has no data for storage ${key}`);
        storage = { key, dtype, data: elements(raw, dtype, count) };
        storages.set(key, storage);
      }
      return storage;
    },
  }).value;
}

/** The format before PyTorch 1.6: magic number, version, system information, object, storage keys, then raw storages. */
function readStream(bytes: Uint8Array): unknown {
  const allowed = allowedGlobals();
  const magic = unpickle(bytes, { allowed });
  if (magic.value !== 0x1950a86a20f9469cfc6cn) throw new PickleError("does not begin as a PyTorch checkpoint");
  const version = unpickle(bytes, { allowed }, magic.end);
  const system = unpickle(bytes, { allowed }, version.end);
  if (system.value instanceof Map && system.value.get("little_endian") === false)
    throw new PickleError("was written on a big-endian machine");
  const storages = new Map<string, Storage>();
  const object = unpickle(
    bytes,
    {
      allowed,
      persistentLoad: (id) => {
        const { key, dtype, view } = storageId(id);
        if (view) throw new PickleError("has views of storages, which only very old files have");
        const storage = storages.get(key) ?? { key, dtype, data: null };
        storages.set(key, storage);
        return storage;
      },
    },
    system.end,
  );
  const keys = unpickle(bytes, { allowed }, object.end);
  if (!Array.isArray(keys.value)) throw new PickleError("has no list of storages");
  let at = keys.end;
  for (const key of keys.value as unknown[]) {
    const storage = storages.get(String(key));
    if (storage === undefined) throw new PickleError(`lists an unknown storage ${String(key)}`);
    if (at + 8 > bytes.length) throw new PickleError("ends before its last storage");
    const count = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(at, true));
    const end = at + 8 + count * bytesPerElement(storage.dtype);
    if (count < 0 || end > bytes.length) throw new PickleError("ends before its last storage");
    storage.data = elements(bytes.subarray(at + 8, end), storage.dtype, count);
    at = end;
  }
  return object.value;
}

function allowedGlobals(): AllowedGlobals {
  return new Map(callableNames.map((name) => [name, (args: readonly unknown[]) => callAllowed(name, args)]));
}

function callAllowed(name: (typeof callableNames)[number], args: readonly unknown[]): unknown {
  switch (name) {
    case "collections.OrderedDict": {
      const pairs: readonly unknown[] = Array.isArray(args[0]) ? (args[0] as unknown[]) : [];
      return new Map(pairs.map((pair) => listOf(pair) as [unknown, unknown]));
    }
    case "torch._utils._rebuild_tensor_v2": {
      const [storage, offset, shape, strides] = args;
      if (!isStorage(storage)) throw new PickleError("rebuilds a tensor from what is no storage");
      return new TorchTensor(storage, numbers([offset])[0], numbers(shape), numbers(strides));
    }
    case "torch._utils._rebuild_parameter":
      return args[0];
    case "torch.Size":
      return new Tuple(listOf(args[0]));
    default:
      throw new PickleError(`calls ${name}, a storage class, as a function`);
  }
}

const isStorage = (value: unknown): value is Storage =>
  typeof value === "object" && value !== null && "key" in value && "dtype" in value && "data" in value;

function listOf(value: unknown): readonly unknown[] {
  if (value instanceof Tuple) return value.items;
  if (Array.isArray(value)) return value as unknown[];
  throw new PickleError("has something else where a list belongs");
}

function numbers(value: unknown): number[] {
  return listOf(value).map((item) => {
    if (typeof item !== "number" || !Number.isSafeInteger(item) || item < 0)
      throw new PickleError(`has a size, stride or offset of ${String(item)}`);
    return item;
  });
}

/** `("storage", <storage class>, key, device, element count[, view])`. The class arrives as a callable that carries its name. */
function storageId(id: unknown): { key: string; dtype: Dtype; count: number; view: boolean } {
  const [kind, type, key, , count, view] = listOf(id);
  const name = typeof type === "object" && type !== null && "name" in type ? String(type.name).split(".").pop()! : "";
  const dtype = storageDtypes[name];
  if (kind !== "storage" || dtype === undefined || typeof count !== "number")
    throw new PickleError(`has a persistent id that is no storage (${name || String(kind)})`);
  return { key: String(key), dtype, count, view: view !== undefined && view !== null };
}

const bytesPerElement = (dtype: Dtype): number =>
  ({ F64: 8, I64: 8, U64: 8, F32: 4, I32: 4, U32: 4, F16: 2, BF16: 2, I16: 2, U16: 2, I8: 1, U8: 1, BOOL: 1 })[dtype];

/** Little-endian bytes as an array of their own, aligned whatever their offset in the file was. */
function elements(raw: Uint8Array, dtype: Dtype, count: number): TensorData {
  if (raw.length < count * bytesPerElement(dtype))
    throw new PickleError(`has ${raw.length} bytes for a storage of ${count} ${dtype} elements`);
  const copy = new Uint8Array(count * bytesPerElement(dtype));
  copy.set(raw.subarray(0, copy.length));
  return new views[dtype]!(copy.buffer, 0, count);
}

/** Copies a strided view of its storage into row-major order. */
function materialize(tensor: TorchTensor): StoredTensor {
  const { storage, shape, strides, offset } = tensor;
  const source = storage.data;
  if (source === null) throw new PickleError(`has no data for storage ${storage.key}`);
  if (strides.length !== shape.length)
    throw new PickleError(`has a tensor of ${shape.length} axes with ${strides.length} strides`);
  const count = shape.reduce((product, size) => product * size, 1);
  const last = shape.reduce((sum, size, axis) => sum + Math.max(0, size - 1) * strides[axis], offset);
  if (count > 0 && (last >= source.length || count > source.length))
    throw new PickleError(
      `has a tensor of shape [${shape.join(", ")}] beyond its storage of ${source.length} elements`,
    );
  let contiguous = true;
  for (let axis = shape.length - 1, expected = 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) contiguous = false;
    expected *= shape[axis];
  }
  if (contiguous) return { dtype: storage.dtype, shape, data: source.slice(offset, offset + count) };
  const data = source.slice(0, 0).constructor as new (length: number) => TensorData;
  const out = new data(count);
  const index = shape.map(() => 0);
  for (let i = 0; i < count; i++) {
    out[i] = source[index.reduce((sum, position, axis) => sum + position * strides[axis], offset)]!;
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0;
  }
  return { dtype: storage.dtype, shape, data: out };
}

/** Keys under which training scripts put their weights, in the order in which they are looked for. */
const weightKeys = ["state_dict", "model_state_dict", "model", "net", "network", "weights"];

function collectTensors(value: unknown): Map<string, StoredTensor> {
  if (!(value instanceof Map)) throw new PickleError("holds no dict of tensors");
  const named = [...value].filter((entry): entry is [string, TorchTensor] => entry[1] instanceof TorchTensor);
  if (named.length === 0) {
    const inner = weightKeys
      .map((key) => (value as Map<unknown, unknown>).get(key))
      .find((item) => item instanceof Map);
    if (inner === undefined)
      throw new PickleError(
        `holds no tensors and none of the keys ${weightKeys.join(", ")}, got ${[...value.keys()].slice(0, 8).map(String).join(", ")}`,
      );
    return collectTensors(inner);
  }
  const parallel = named.every(([name]) => String(name).startsWith("module."));
  return new Map(
    named.map(([name, tensor]) => [parallel ? name.slice("module.".length) : String(name), materialize(tensor)]),
  );
}
