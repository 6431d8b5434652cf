/**
 * The heap that tfjs and our kernels share: what lives in it, its high water, and running out of it.
 *
 * tfjs ignores a failed allocation (it would go on with address 0 and overwrite its own state), so `malloc` and `free` are
 * wrapped here. The memory itself never shrinks: its size is the high water of what the allocator needed, fragmentation
 * included.
 */
import { UnsupportedError } from "../../core/errors.js";

/** Of WebAssembly memory. */
export const bytesPerPage = 65_536;

/** The most that TensorFlow.js's tensors can lie in, whose addresses have 32 bits whatever kernels work on them. */
const addressableBytes = 2 ** 32;

/** The WebAssembly heap: its size, and how much of it is used. */
export interface HeapUse {
  /** Bytes of the WebAssembly memory; it only grows. */
  readonly heapBytes: number;
  /** What `heapBytes` may grow to. */
  readonly heapLimitBytes: number;
  /** Bytes allocated at this moment. */
  readonly liveBytes: number;
  /** The most that was ever allocated at one moment. */
  readonly peakBytes: number;
}

/** What the heap uses of tfjs's module. Pointers come back as signed numbers. */
export interface Allocator {
  _malloc(bytes: number): number;
  _free(pointer: number): void;
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

export interface HeapWatch {
  use(): HeapUse;
  /** The most that was allocated at one moment of `work`. */
  peakDuring(work: () => void): number;
}

/** Counts what `module` allocates from now on, and makes a failed allocation an error. */
export function watchHeap(module: Allocator, memory: WebAssembly.Memory, limitBytes: number): HeapWatch {
  // Emscripten's stubs replace themselves on their first call; make that call before they are wrapped.
  module._free(module._malloc(1));
  const allocate = module._malloc.bind(module);
  const release = module._free.bind(module);
  const sizes = new Map<number, number>();
  let liveBytes = 0;
  let peakBytes = 0;

  module._malloc = (bytes) => {
    // The argument is 32 bits wide: a larger one would wrap round to a small block.
    const pointer = bytes < limitBytes ? allocate(bytes) >>> 0 : 0;
    if (pointer === 0) {
      throw new UnsupportedError(
        `engine: tensors must fit in ${mebibytes(limitBytes)} of WebAssembly memory, got ${mebibytes(liveBytes)} in use ` +
          `and ${mebibytes(bytes)} asked for; use a smaller batch or image, or dispose of tensors no longer needed` +
          (limitBytes === addressableBytes
            ? ". The limit is what 32-bit addresses reach, with native kernels too"
            : ""),
      );
    }
    sizes.set(pointer, bytes);
    liveBytes += bytes;
    if (liveBytes > peakBytes) peakBytes = liveBytes;
    return pointer;
  };
  module._free = (pointer) => {
    const address = pointer >>> 0;
    liveBytes -= sizes.get(address) ?? 0;
    sizes.delete(address);
    release(pointer);
  };
  return {
    use: () => ({ heapBytes: memory.buffer.byteLength, heapLimitBytes: limitBytes, liveBytes, peakBytes }),
    peakDuring(work) {
      const before = peakBytes;
      peakBytes = liveBytes;
      try {
        work();
        return peakBytes;
      } finally {
        peakBytes = Math.max(peakBytes, before);
      }
    },
  };
}

/** A shared memory of so many pages at most; of fewer where the system does not let a process reserve the addresses. */
export function createMemory(pages: number): { memory: WebAssembly.Memory; limitBytes: number } {
  for (let maximum = pages; ; maximum = Math.ceil(maximum / 2)) {
    try {
      const memory = new WebAssembly.Memory({ initial: 256, maximum, shared: true });
      return { memory, limitBytes: maximum * bytesPerPage };
    } catch (error) {
      if (maximum <= 4096) throw error;
    }
  }
}

/** Allocates blocks that start at a multiple of 64 bytes: a cache line, and more than any SIMD load asks for. */
export function alignedAllocator(module: Allocator): { (bytes: number): number; free(pointer: number): void } {
  const blocks = new Map<number, number>();
  const allocate = (bytes: number): number => {
    const block = module._malloc(bytes + 64) >>> 0;
    const pointer = Math.ceil(block / 64) * 64;
    blocks.set(pointer, block);
    return pointer;
  };
  const free = (pointer: number): void => {
    module._free(blocks.get(pointer)!);
    blocks.delete(pointer);
  };
  return Object.assign(allocate, { free });
}
