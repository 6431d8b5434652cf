/** The element types of stored tensors, under safetensors' names, and their conversion to float32. */

/** A typed array that holds the elements of a dtype, how many bits one takes, and its value from the array's. */
interface DtypeFacts {
  readonly array:
    | Float64ArrayConstructor
    | Float32ArrayConstructor
    | BigInt64ArrayConstructor
    | BigUint64ArrayConstructor
    | Int32ArrayConstructor
    | Uint32ArrayConstructor
    | Int16ArrayConstructor
    | Uint16ArrayConstructor
    | Int8ArrayConstructor
    | Uint8ArrayConstructor;
  readonly bits: number;
  /** From the bits in the array to the number; absent where the array holds the numbers themselves. */
  readonly decode?: (bits: number) => number;
  /** Present where elements are no single real numbers, or have no conversion here: what they are. */
  readonly unreal?: string;
}

/**
 * Sources: safetensors 0.8 `TensorView` dtypes; IEEE 754 (half); OCP 8-bit floating point specification, section 5
 * (E4M3 without infinities and one NaN, E5M2 as IEEE 754); the FNUZ forms: Noune et al., "8-bit numerical formats for deep
 * neural networks", where the sign of zero means NaN and the bias is one more.
 */
const facts = {
  F64: { array: Float64Array, bits: 64 },
  F32: { array: Float32Array, bits: 32 },
  F16: { array: Uint16Array, bits: 16, decode: smallFloat({ exponentBits: 5, fractionBits: 10, form: "ieee" }) },
  BF16: { array: Uint16Array, bits: 16, decode: smallFloat({ exponentBits: 8, fractionBits: 7, form: "ieee" }) },
  F8_E4M3: { array: Uint8Array, bits: 8, decode: smallFloat({ exponentBits: 4, fractionBits: 3, form: "fn" }) },
  F8_E5M2: { array: Uint8Array, bits: 8, decode: smallFloat({ exponentBits: 5, fractionBits: 2, form: "ieee" }) },
  F8_E4M3FNUZ: { array: Uint8Array, bits: 8, decode: smallFloat({ exponentBits: 4, fractionBits: 3, form: "fnuz" }) },
  F8_E5M2FNUZ: { array: Uint8Array, bits: 8, decode: smallFloat({ exponentBits: 5, fractionBits: 2, form: "fnuz" }) },
  I64: { array: BigInt64Array, bits: 64 },
  U64: { array: BigUint64Array, bits: 64 },
  I32: { array: Int32Array, bits: 32 },
  U32: { array: Uint32Array, bits: 32 },
  I16: { array: Int16Array, bits: 16 },
  U16: { array: Uint16Array, bits: 16 },
  I8: { array: Int8Array, bits: 8 },
  U8: { array: Uint8Array, bits: 8 },
  BOOL: { array: Uint8Array, bits: 8 },
  // Real and imaginary part in turn.
  C64: { array: Float32Array, bits: 64, unreal: "complex numbers" },
  C128: { array: Float64Array, bits: 128, unreal: "complex numbers" },
  F8_E8M0: { array: Uint8Array, bits: 8, unreal: "scales of blocks" },
  F6_E2M3: { array: Uint8Array, bits: 6, unreal: "packed 6-bit numbers" },
  F6_E3M2: { array: Uint8Array, bits: 6, unreal: "packed 6-bit numbers" },
  F4: { array: Uint8Array, bits: 4, unreal: "packed 4-bit numbers" },
} as const satisfies Record<string, DtypeFacts>;

/** The element types of safetensors. */
export type Dtype = keyof typeof facts;
/** The typed arrays that hold stored tensors. */
export type TensorData = InstanceType<DtypeFacts["array"]>;

/** A tensor as a file keeps it. */
export interface StoredTensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** The elements, row-major. F16, BF16 and F8 are kept as their bits; `toFloat32` converts. */
  readonly data: TensorData;
}

export const dtypeNames: readonly string[] = Object.keys(facts);
export const isDtype = (name: string): name is Dtype => Object.hasOwn(facts, name);
export const bitsPerElement = (dtype: Dtype): number => facts[dtype].bits;

/** Bytes of `count` elements; not whole where packed elements do not fill their last byte. */
export const bytesOf = (dtype: Dtype, count: number): number => (count * facts[dtype].bits) / 8;

/** Little-endian bytes, which the array takes over where they are aligned, as the elements of a dtype. */
export function typed(dtype: Dtype, bytes: Uint8Array): TensorData {
  const { array } = facts[dtype];
  // A typed array must start at a multiple of its element size, and bytes out of a file need not.
  const aligned = bytes.byteOffset % array.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes);
  return new array(aligned.buffer as ArrayBuffer, aligned.byteOffset, bytes.length / array.BYTES_PER_ELEMENT);
}

/** Why elements of this dtype have no float32 values; null where they have. */
export const unrealReason = (dtype: Dtype): string | null => {
  const { unreal }: DtypeFacts = facts[dtype];
  return unreal === undefined ? null : `is of dtype ${dtype} (${unreal}), which has no float32 values`;
};

/**
 * The elements as float32, rounded from whatever real or integer dtype they have.
 *
 * @throws Error for complex and packed dtypes: see `unrealReason`.
 */
export function toFloat32({ dtype, data }: StoredTensor): Float32Array {
  const { decode, unreal }: DtypeFacts = facts[dtype];
  if (unreal !== undefined) throw new Error(`internal: a tensor ${unrealReason(dtype)}`);
  if (data instanceof Float32Array) return data;
  if (decode === undefined) return Float32Array.from(data as ArrayLike<number | bigint>, Number);
  return Float32Array.from(data as ArrayLike<number>, decode);
}

/** The numbers of a floating point format of at most 16 bits: 1 sign, then exponent, then fraction bits. */
function smallFloat({
  exponentBits,
  fractionBits,
  form,
}: {
  exponentBits: number;
  fractionBits: number;
  /** `ieee`: the highest exponent is infinity or NaN; `fn`: only all ones are NaN; `fnuz`: only minus zero is NaN. */
  form: "ieee" | "fn" | "fnuz";
}): (bits: number) => number {
  const fractions = 2 ** fractionBits;
  const highest = 2 ** exponentBits - 1;
  const bias = 2 ** (exponentBits - 1) - (form === "fnuz" ? 0 : 1);
  return (bits) => {
    const negative = bits >> (exponentBits + fractionBits) !== 0;
    const sign = negative ? -1 : 1;
    const exponent = (bits >> fractionBits) & highest;
    const fraction = bits & (fractions - 1);
    if (form === "fnuz" && negative && exponent === 0 && fraction === 0) return NaN;
    if (form === "fn" && exponent === highest && fraction === fractions - 1) return NaN;
    if (form === "ieee" && exponent === highest) return fraction === 0 ? sign * Infinity : NaN;
    if (exponent === 0) return sign * fraction * 2 ** (1 - bias - fractionBits);
    return sign * (1 + fraction / fractions) * 2 ** (exponent - bias);
  };
}
