/**
 * Messages between the supervisor and the process that runs the cells, on a byte stream:
 *
 *     uint32 length of all that follows | uint32 length of the JSON | JSON | buffers one after another
 *
 * The JSON is `{ message, lengths }`, lengths being those of the buffers.
 */

export function encodeFrame(message: object, buffers: readonly Uint8Array[] = []): Buffer {
  const json = Buffer.from(JSON.stringify({ message, lengths: buffers.map((buffer) => buffer.byteLength) }));
  const head = Buffer.alloc(8);
  const total = buffers.reduce((sum, buffer) => sum + buffer.byteLength, 4 + json.length);
  head.writeUInt32LE(total, 0);
  head.writeUInt32LE(json.length, 4);
  return Buffer.concat([head, json, ...buffers]);
}

/** Gives each whole frame to `onFrame`, however the bytes arrive. */
export function createFrameReader<M>(onFrame: (message: M, buffers: Uint8Array[]) => void): (bytes: Buffer) => void {
  let chunks: Buffer[] = [];
  let held = 0;
  return (bytes) => {
    chunks.push(bytes);
    held += bytes.length;
    for (;;) {
      if (held < 4) return;
      if (chunks[0].length < 4) chunks = [Buffer.concat(chunks)];
      const length = chunks[0].readUInt32LE(0);
      if (held < 4 + length) return;
      const all = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
      const rest = all.subarray(4 + length);
      chunks = rest.length > 0 ? [rest] : [];
      held = rest.length;
      const jsonLength = all.readUInt32LE(4);
      const { message, lengths } = JSON.parse(all.toString("utf8", 8, 8 + jsonLength)) as {
        message: M;
        lengths: number[];
      };
      let at = 8 + jsonLength;
      onFrame(
        message,
        lengths.map((size) => all.subarray(at, (at += size))),
      );
    }
  };
}
