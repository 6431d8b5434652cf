/** Tensors as PyTorch's pickles describe them: strided views of storages, read from the file when they are asked for. */
import { bitsPerElement, typed, type Dtype, type TensorData } from "./dtypes.js";
import type { TensorInFile, Unreadable } from "./state-dict.js";
import { Callable, Inert, PickleError, Tuple, type AllowedGlobals } from "./unpickle.js";

/** Storage classes by torch's names; "UntypedStorage" is bytes, whose dtype the tensor says. */
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
  ComplexFloatStorage: "C64",
  ComplexDoubleStorage: "C128",
  UntypedStorage: "U8",
};

/** Dtypes that have no storage class of their own. */
const newerDtypes: Readonly<Record<string, Dtype>> = {
  uint16: "U16",
  uint32: "U32",
  uint64: "U64",
  float8_e4m3fn: "F8_E4M3",
  float8_e4m3fnuz: "F8_E4M3FNUZ",
  float8_e5m2: "F8_E5M2",
  float8_e5m2fnuz: "F8_E5M2FNUZ",
  float8_e8m0fnu: "F8_E8M0",
};

/** Where the bytes of a storage are; known only after the pickle that names it in files before PyTorch 1.6. */
export interface Storage {
  readonly key: string;
  /** Null: of a class without a counterpart here, whose name `className` is. */
  readonly dtype: Dtype | null;
  readonly className: string;
  readonly count: number;
  /** Reads bytes `start` to `start + length` of the storage. */
  read: ((start: number, length: number) => Promise<Uint8Array>) | null;
}

/** A tensor as the pickle describes it. */
export class TorchTensor {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
    /** Null: that of the storage. */
    readonly dtypeName: string | null = null,
  ) {}
}

/** The one list of what a checkpoint may call: containers and tensors. */
const allowed: Readonly<Record<string, (args: readonly unknown[]) => unknown>> = {
  "collections.OrderedDict": ([pairs]) => {
    const list: readonly unknown[] = Array.isArray(pairs) ? (pairs as unknown[]) : [];
    return new Map(list.map((pair) => listOf(pair) as [unknown, unknown]));
  },
  "collections.defaultdict": () => new Map(),
  "torch.Size": ([sizes]) => new Tuple(listOf(sizes)),
  "torch._utils._rebuild_tensor": (args) => rebuild(args),
  "torch._utils._rebuild_tensor_v2": (args) => rebuild(args),
  "torch._utils._rebuild_tensor_v3": (args) => rebuild(args, dtypeName(args[6])),
  "torch._utils._rebuild_parameter": ([data]) => data,
  "torch._utils._rebuild_parameter_with_state": ([data]) => data,
  // A tensor of a class of its own, or with attributes: what the tensor within is made by, its class, the arguments.
  "torch._tensor._rebuild_from_type_v2": ([make, type, args]) =>
    make instanceof Callable ? make.call(listOf(args)) : new Inert(make instanceof Inert ? make.name : nameOf(type)),
};

export const allowedGlobals: AllowedGlobals = new Map(Object.entries(allowed));

function rebuild([storage, offset, shape, strides]: readonly unknown[], dtypeOfTensor: string | null = null): unknown {
  if (!isStorage(storage)) throw new PickleError("rebuilds a tensor from what is no storage");
  return new TorchTensor(storage, numbers([offset])[0], numbers(shape), numbers(strides), dtypeOfTensor);
}

const nameOf = (value: unknown): string => (value instanceof Inert || value instanceof Callable ? value.name : "");
const dtypeName = (value: unknown): string => nameOf(value).replace(/^torch\./, "");

const isStorage = (value: unknown): value is Storage =>
  typeof value === "object" && value !== null && "key" in value && "className" in value && "read" in value;

export function listOf(value: unknown): readonly unknown[] {
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

/** `("storage", <storage class>, key, device, element count[, view])`, a persistent id of torch's. */
export function storageOf(id: unknown): { storage: Storage; isView: boolean } {
  const [kind, type, key, , count, view] = listOf(id);
  const className = nameOf(type).split(".").pop() ?? "";
  if (kind !== "storage" || className === "" || typeof count !== "number" || !Number.isSafeInteger(count) || count < 0)
    throw new PickleError(`has a persistent id that is no storage (${className || String(kind)})`);
  const dtype = Object.hasOwn(storageDtypes, className) ? storageDtypes[className] : null;
  const storage: Storage = { key: String(key), dtype, className, count, read: null };
  return { storage, isView: view !== undefined && view !== null };
}

/** The tensor as one that can be read, or why it cannot. Throws `PickleError` where it lies beyond its storage. */
export function inFile({ storage, offset, shape, strides, dtypeName: name }: TorchTensor): TensorInFile | Unreadable {
  if (storage.dtype === null) return { unreadable: `lies in a ${storage.className}, which has no counterpart here` };
  const dtype = name === null ? storage.dtype : Object.hasOwn(newerDtypes, name) ? newerDtypes[name] : null;
  if (dtype === null) return { unreadable: `is of dtype ${String(name)}, which has no counterpart here` };
  if (strides.length !== shape.length)
    throw new PickleError(`has a tensor of ${shape.length} axes with ${strides.length} strides`);
  const bytesPerElement = bitsPerElement(dtype) / 8;
  const capacity = Math.floor((storage.count * bitsPerElement(storage.dtype)) / 8 / bytesPerElement);
  const count = shape.reduce((product, size) => product * size, 1);
  const last = shape.reduce((sum, size, axis) => sum + Math.max(0, size - 1) * strides[axis], offset);
  if (count > 0 && last >= capacity)
    throw new PickleError(`has a tensor of shape [${shape.join(", ")}] beyond its storage of ${capacity} elements`);
  const read = async (): Promise<TensorData> => {
    if (count === 0) return typed(dtype, new Uint8Array(0));
    if (storage.read === null) throw new PickleError(`has no data for storage ${storage.key}`);
    // The elements between the first and the last: all of a contiguous tensor, one of an expanded scalar.
    const span = last - offset + 1;
    const source = typed(dtype, await storage.read(offset * bytesPerElement, span * bytesPerElement));
    return isContiguous(shape, strides) ? source : rowMajor(source, shape, strides, source.length / span);
  };
  return { dtype, shape, read };
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis];
  }
  return true;
}

/** A strided view in row-major order; an element takes `parts` places of the array, two where it is complex. */
function rowMajor(source: TensorData, shape: readonly number[], strides: readonly number[], parts: number): TensorData {
  const count = shape.reduce((product, size) => product * size, 1);
  const out = new (source.constructor as new (length: number) => TensorData)(count * parts);
  const index = shape.map(() => 0);
  let from = 0;
  for (let i = 0; i < count; i++) {
    for (let part = 0; part < parts; part++) out[i * parts + part] = source[from * parts + part];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= shape[axis] * strides[axis];
      index[axis] = 0;
    }
  }
  return out;
}
