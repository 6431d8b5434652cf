/** The engine for whoever did not start one. What starts it differs between Node and a page, and says so here. */
import * as tf from "@tensorflow/tfjs";

let starter: (() => Promise<unknown>) | null = null;

/** Names what starts the engine on this host, unless somebody has already. */
export function readyBy(start: () => Promise<unknown>): void {
  starter = start;
}

/**
 * Starts the engine with its defaults where nobody has, and where tfjs would compute in plain JavaScript: many times
 * slower. A backend that was started or set by hand stays, `start({ backend: "cpu" })` too. Tensors made before move over
 * by themselves when they are used.
 */
export async function ready(): Promise<void> {
  await tf.ready();
  if (tf.getBackend() === "cpu") await starter?.();
}
