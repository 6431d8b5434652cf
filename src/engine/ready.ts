/** The engine for whoever did not start one. */
import * as tf from "@tensorflow/tfjs";
import { report, start } from "./backend.js";

/**
 * Starts the engine with its defaults where nobody has, and where tfjs would compute in plain JavaScript: many times
 * slower. A backend that was started or set by hand stays, `start({ backend: "cpu" })` too. Tensors made before move over
 * by themselves when they are used.
 */
export async function ready(): Promise<void> {
  await tf.ready();
  if (report() === null && tf.getBackend() === "cpu") await start();
}
