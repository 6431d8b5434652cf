/** Whether the native kernels run: what was asked for, and what is there. */
import { UnsupportedError } from "../../core/errors.js";
import { loadNative, type NativeLibrary } from "./binding.js";
import { findLibrary, libraryPackages } from "./library.js";

/** Whose kernels may be asked for: native where they load (`auto`), native or none, WebAssembly's. */
export const engineChoices = ["auto", "native", "wasm"] as const;
/** Whose kernels compute: one of `engineChoices`. */
export type EngineChoice = (typeof engineChoices)[number];

export interface ChosenKernels {
  /** Null: the WebAssembly kernels run. */
  readonly native: NativeLibrary | null;
  /** Why a library that is there is not used; else null. */
  readonly failure: string | null;
}

/** Throws UnsupportedError where native kernels are asked for by name and there are none, or `file` does not load. */
export async function chooseKernels(
  choice: EngineChoice,
  memory: WebAssembly.Memory,
  file = findLibrary(),
): Promise<ChosenKernels> {
  if (choice === "wasm") return { native: null, failure: null };
  if (file === null) {
    if (choice !== "native") return { native: null, failure: null };
    throw new UnsupportedError(
      `native kernels: there must be a library for this platform, got none built and no package ` +
        `${libraryPackages.join(" or ")}; run npx axial-lab engine build`,
    );
  }
  try {
    return { native: await loadNative(file, memory), failure: null };
  } catch (error) {
    if (choice === "native" || !(error instanceof UnsupportedError)) throw error;
    return { native: null, failure: error.message };
  }
}
