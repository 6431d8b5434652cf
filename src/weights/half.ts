/** Float32 numbers as the bits of half floats (IEEE 754 binary16), rounded to the nearest, ties to even. */

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** Beyond 65504 they become infinite; below 2^-25 zero. */
export const toHalf = (values: ArrayLike<number>): Uint16Array<ArrayBuffer> => Uint16Array.from(values, halfOf);

function halfOf(value: number): number {
  float[0] = value;
  const sign = (bits[0] >>> 16) & 0x8000;
  const exponent = (bits[0] >>> 23) & 0xff;
  const fraction = bits[0] & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200);
  // Of a half float: exponent with bias 15, 10 fraction bits; 13 of the float's fraction bits are lost, more below 2^-14.
  const halfExponent = exponent - 127 + 15;
  if (halfExponent >= 31) return sign | 0x7c00;
  const lost = halfExponent > 0 ? 13 : 14 - halfExponent;
  if (lost > 25) return sign;
  const whole = (halfExponent > 0 ? halfExponent << 23 : 0) + (halfExponent > 0 ? fraction : fraction | 0x800000);
  const kept = whole >>> lost;
  const rest = whole & ((1 << lost) - 1);
  const half = 1 << (lost - 1);
  // A carry out of the fraction raises the exponent, as it should.
  return sign | (kept + (rest > half || (rest === half && (kept & 1) === 1) ? 1 : 0));
}
