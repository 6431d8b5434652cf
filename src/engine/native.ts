/**
 * The optional native backends: tfjs-node and tfjs-node-gpu, used only where the user has installed them.
 *
 * Unproven here: their install step downloads libtensorflow 2.9.1, and the GPU one needs CUDA 11.2 with cuDNN 8.1.
 */
import * as tf from "@tensorflow/tfjs";
import { UnsupportedError } from "../core/errors.js";

/** TensorFlow.js's own backends that stand on a native library, installed apart. */
export const nativeBackends = ["node", "node-gpu"] as const;
/** One of `nativeBackends`. */
export type NativeBackend = (typeof nativeBackends)[number];

/** The npm package of a native backend. */
export const packageOf = (name: NativeBackend): string => `@tensorflow/tfjs-${name}`;

/** Why a native backend cannot be used, or null where its package is installed. */
export function whyAbsent(name: NativeBackend): string | null {
  try {
    require.resolve(packageOf(name));
    return null;
  } catch {
    const needs = name === "node-gpu" ? " (it needs an NVIDIA GPU, CUDA 11.2 and cuDNN 8.1)" : "";
    return `${packageOf(name)} is not installed; npm install ${packageOf(name)}@${tf.version_core}${needs}`;
  }
}

/** Loads the package, which registers its backend with TensorFlow.js as "tensorflow"; the result ends its use. */
export async function startNative(name: NativeBackend): Promise<() => Promise<void>> {
  const absent = whyAbsent(name);
  if (absent !== null)
    throw new UnsupportedError(`engine.start: backend ${name} must be installed, got none; ${absent}`);
  restoreRemovedUtilities();
  await import(packageOf(name));
  if (!(await tf.setBackend("tensorflow"))) throw new Error(`${packageOf(name)} did not start`);
  return async () => {
    await tf.setBackend("cpu");
  };
}

/** tfjs-node 4.22 calls functions of `util` that Node 23 removed. */
function restoreRemovedUtilities(): void {
  const util = process.getBuiltinModule?.("node:util") as Record<string, unknown> | undefined;
  if (util === undefined) return;
  util["isNullOrUndefined"] ??= (value: unknown) => value === null || value === undefined;
  util["isArray"] ??= Array.isArray;
}
