import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMemory, watchHeap, type Allocator } from "../../../src/engine/wasm/heap.js";

/** Blocks of a heap of so many bytes, one behind the other; 0 where the next does not fit. */
function allocatorOf(heapBytes: number): Allocator {
  let end = 64;
  return {
    _malloc(bytes: number): number {
      if (end + bytes > heapBytes) return 0;
      end += bytes;
      return end - bytes;
    },
    _free: () => undefined,
  };
}

describe("watchHeap", () => {
  const { memory } = createMemory(256);
  const gibibyte = 2 ** 30;

  it("says of a heap of 4 GiB that it ends where 32-bit addresses do, whatever kernels run", () => {
    const module = allocatorOf(4 * gibibyte);
    watchHeap(module, memory, 4 * gibibyte);
    module._malloc(3 * gibibyte);
    assert.throws(() => module._malloc(2 * gibibyte), {
      name: "UnsupportedError",
      message:
        "engine: tensors must fit in 4096.0 MiB of WebAssembly memory, got 3072.0 MiB in use and 2048.0 MiB asked for; " +
        "use a smaller batch or image, or dispose of tensors no longer needed. " +
        "The limit is what 32-bit addresses reach, with native kernels too",
    });
  });

  it("does not say so of a heap that was given less", () => {
    const module = allocatorOf(gibibyte);
    watchHeap(module, memory, gibibyte);
    assert.throws(
      () => module._malloc(gibibyte),
      /^UnsupportedError: engine: tensors must fit in 1024.0 MiB of WebAssembly memory, got 0.0 MiB in use .* no longer needed$/,
    );
  });

  it("counts what is in use, and the most that was within a piece of work", () => {
    const module = allocatorOf(gibibyte);
    const heap = watchHeap(module, memory, gibibyte);
    const first = module._malloc(1009);
    assert.equal(
      heap.peakDuring(() => module._free(module._malloc(83))),
      1092,
    );
    assert.equal(heap.use().liveBytes, 1009);
    module._free(first);
    assert.equal(heap.use().liveBytes, 0);
    assert.equal(heap.use().peakBytes, 1092);
  });
});
