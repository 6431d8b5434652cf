/** Reads protocol buffers back, for tests of what writes them: fields by number, each a list. */

export type Message = ReadonlyMap<number, readonly (bigint | Uint8Array)[]>;

export function readMessage(bytes: Uint8Array): Message {
  const fields = new Map<number, (bigint | Uint8Array)[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const wireType = tag & 7;
    const take = (length: number): Uint8Array => bytes.subarray(at, (at += length));
    if (wireType !== 0 && wireType !== 2 && wireType !== 5) throw new Error(`wire type ${wireType}`);
    const value = wireType === 0 ? varint() : take(wireType === 2 ? Number(varint()) : 4);
    const known = fields.get(tag >> 3) ?? [];
    known.push(value);
    fields.set(tag >> 3, known);
  }
  if (at !== bytes.length) throw new Error(`the message ends at ${bytes.length}, its last field at ${at}`);
  return fields;
}

export const messagesAt = (message: Message, field: number): Message[] =>
  (message.get(field) ?? []).map((value) => readMessage(value as Uint8Array));
export const textsAt = (message: Message, field: number): string[] =>
  (message.get(field) ?? []).map((value) => new TextDecoder().decode(value as Uint8Array));
export const numbersAt = (message: Message, field: number): number[] => (message.get(field) ?? []).map(Number);
