/**
 * Where layers and their gradients are known to be right: the tests hold them to loops on these backends. What runs on
 * another says so once, and what is known to be wrong there is refused.
 */
import * as tf from "@tensorflow/tfjs";
import { UnsupportedError } from "../core/errors.js";
import { isRecording } from "./recording.js";

/** By TensorFlow.js's names; `tensorflow` is tfjs-node, on the CPU and on a GPU. */
export const verifiedBackends: readonly string[] = ["wasm", "cpu", "tensorflow"];

/**
 * tfjs-backend-webgpu 4.22 compiles no shader for tensors of rank 5 and goes on without an exception: gradients of
 * attention, and attention in windows, are garbage there.
 */
const wrongBackend = "webgpu";

/** The backend that `start` chose, which needs no warning; null where nobody called it. */
let chosen: string | null = null;
export const choose = (backend: string | null): void => void (chosen = backend);

const said = new Set<string>();
let last: string | null = null;

/** To be called before a layer computes: says once what the caller should know of the current backend. */
export function noteBackend(where: string): void {
  const backend = tf.getBackend();
  if (backend === wrongBackend && isRecording()) assertGradients(where);
  if (backend === last) return;
  last = backend;
  if (said.has(backend) || backend === chosen) return;
  said.add(backend);
  if (backend === "cpu")
    console.warn(
      `axial-lab: ${where} computes in plain JavaScript, many times slower than the engine; await axial.engine.start() first`,
    );
  else if (!verifiedBackends.includes(backend))
    console.warn(
      `axial-lab: ${where} computes on the backend ${backend}, on which layers and gradients are not verified ` +
        `(they are on ${verifiedBackends.join(", ")}); await axial.engine.start() chooses one of those`,
    );
}

/** @throws UnsupportedError on a backend whose gradients are known to be wrong */
export function assertGradients(where: string): void {
  if (tf.getBackend() !== wrongBackend) return;
  throw new UnsupportedError(
    `${where}: gradients must be computed on a backend that has them right, got ${wrongBackend}, whose shaders do not ` +
      `compile for tensors of five dimensions; await axial.engine.start()`,
  );
}

/** @throws UnsupportedError on a backend where attention in windows is known to be wrong */
export function assertWindows(where: string): void {
  if (tf.getBackend() !== wrongBackend) return;
  throw new UnsupportedError(
    `${where}: attention in windows must be computed on a backend that has it right, got ${wrongBackend}, whose shaders do ` +
      `not compile for tensors of five dimensions; await axial.engine.start()`,
  );
}
