/**
 * The wire format of Protocol Buffers, as far as writing ONNX takes it: fields of whole numbers, floats, text and messages.
 *
 * Source: "Protocol Buffers: Encoding", the message structure (tag = field << 3 | wire type).
 */

/** A field of a message, or a message: bytes in the order in which they are written. */
export type Bytes = readonly Uint8Array[];

function varint(value: number | bigint): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value)); // Negative numbers take all ten bytes.
  const bytes: number[] = [];
  do {
    const byte = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest === 0n ? byte : byte | 128);
  } while (rest !== 0n);
  return Uint8Array.from(bytes);
}

const tag = (field: number, wireType: number): Uint8Array => varint((field << 3) | wireType);
export const lengthOf = (bytes: Bytes): number => bytes.reduce((sum, part) => sum + part.length, 0);

export const int = (field: number, value: number | bigint): Bytes => [tag(field, 0), varint(value)];

export const float = (field: number, value: number): Bytes => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return [tag(field, 5), bytes];
};

export const bytes = (field: number, value: Uint8Array): Bytes => [tag(field, 2), varint(value.length), value];
export const text = (field: number, value: string): Bytes => bytes(field, new TextEncoder().encode(value));

export const message = (field: number, fields: readonly Bytes[]): Bytes => {
  const inner = fields.flat();
  return [tag(field, 2), varint(lengthOf(inner)), ...inner];
};

/** Whole numbers as one packed field. */
export const ints = (field: number, values: readonly number[]): Bytes => bytes(field, concat(values.map(varint)));

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(lengthOf(parts));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
