/**
 * The native kernels as functions of this thread: loads the library and calls it on the engine's shared memory.
 *
 * koffi gives the address of a shared WebAssembly memory, which is the same in every thread and stays when the memory grows.
 * It checks neither how many arguments it is given nor their types, so nobody else calls it.
 */
import type { LibraryHandle } from "koffi" with { "resolution-mode": "import" };
import { UnsupportedError } from "../../core/errors.js";

/** What this binding and the library must agree on; as in src/entry.rs. */
export const abi = 2;

/** A share of a kernel's work. `pages` is the size of the memory, which only the thread that calls the kernel knows. */
export type NativeKernel = (args: number, part: number, parts: number, pages: number) => void;

export interface NativeLibrary {
  readonly file: string;
  /** Of this processor, as far as the library uses it. */
  readonly instructionSet: string;
  readonly kernels: ReadonlyMap<string, NativeKernel>;
  /** Once, from any thread: asks the system for large pages under the memory, which may grow to so many WebAssembly pages. */
  preferLargePages(maximumPages: number): void;
  /** What went wrong in the last share that failed, on whichever thread. */
  fault(): string;
}

/**
 * Throws UnsupportedError with the loader's own words where the library cannot be used here, or is not of `revision`, which is
 * that of this binding.
 */
export async function loadNative(file: string, memory: WebAssembly.Memory, revision = abi): Promise<NativeLibrary> {
  try {
    const koffi = (await import("koffi")).default;
    const library = koffi.load(file);
    const found = Number(library.func("uint32_t axial_abi()")());
    if (found !== revision) throw new Error(`a library of revision ${found}, and this is revision ${revision}`);
    const base = Number(koffi.address(new Uint8Array(memory.buffer)));
    const advise = library.func("void axial_prefer_large_pages(void *heap, uint32_t maximum_pages)");
    const text = (name: string): string => String(library.func(`const char *${name}()`)());
    return {
      file,
      instructionSet: text("axial_instruction_set"),
      kernels: new Map(
        text("axial_kernels")
          .split(" ")
          .filter((name) => name !== "")
          .map((name) => [name, kernelOf(library, name, base)]),
      ),
      preferLargePages: (maximumPages) => void advise(base, maximumPages),
      fault: () => text("axial_fault"),
    };
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new UnsupportedError(
      `native kernels: ${file} must load on ${process.platform} ${process.arch}, got ${reason}; run npx axial-lab engine build`,
      { cause: error },
    );
  }
}

function kernelOf(library: LibraryHandle, name: string, base: number): NativeKernel {
  const enter = library.func(
    `int32_t axial_${name}(void *heap, uint32_t pages, uint32_t args, int32_t part, int32_t parts)`,
  ) as (heap: number, pages: number, args: number, part: number, parts: number) => number;
  return (args, part, parts, pages) => {
    if (enter(base, pages, args, part, parts) !== 0) throw new Error(`native kernel ${name} failed`);
  };
}
