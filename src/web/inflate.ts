/** Bytes that a script carries: deflated, in base64. */

export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

export async function inflated(base64: string): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytesOf(base64)]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Pieces of each of two files that lie by turns: what resembles each other is near enough for deflate to see it. */
const pieces = 4;

/** Two files that browser/web.mjs has put together, by their lengths. */
export function apart(
  together: Uint8Array<ArrayBuffer>,
  lengths: readonly [number, number],
): [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>] {
  const files: [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>] = [
    new Uint8Array(lengths[0]),
    new Uint8Array(lengths[1]),
  ];
  let at = 0;
  for (let piece = 0; piece < pieces; piece++)
    for (const file of files) {
      const [from, to] = [piece, piece + 1].map((edge) => Math.floor((edge * file.length) / pieces));
      file.set(together.subarray(at, (at += to - from)), from);
    }
  return files;
}
