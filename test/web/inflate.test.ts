import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deflateRawSync } from "node:zlib";
import { apart, bytesOf, inflated } from "../../src/web/inflate.js";

const noise = (count: number, seed: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length: count }, (_, i) => Math.imul(i + seed, 2654435761) >>> 24);

describe("what a script carries", () => {
  it("comes out of base64, and inflates", async () => {
    const bytes = noise(1009, 3);
    assert.deepEqual(bytesOf(Buffer.from(bytes).toString("base64")), bytes);
    assert.deepEqual(await inflated(deflateRawSync(bytes).toString("base64")), bytes);
  });

  it("was put together of two files by turns, and comes apart", async () => {
    // The build's own side of it is no module of the package.
    const address = new URL("../../../browser/web.mjs", `file://${__filename}`).href;
    const { together } = (await import(address)) as { together: (files: readonly Uint8Array[]) => Uint8Array };
    for (const [first, second] of [
      [101, 97],
      [7, 3],
      [0, 5],
    ]) {
      const files = [noise(first, 1), noise(second, 2)];
      const all = Uint8Array.from(together(files));
      assert.deepEqual(apart(all, [first, second]), files);
    }
  });
});
