/**
 * The engine's door: which kernels of ours the current backend has. An operation (`ops/`) asks {@link hasKernel} and runs the
 * kernel by its name, or answers null and lets the caller compose the same from operations of TensorFlow.js. Nothing in
 * front of the door knows what is behind it: a backend is a folder that registers kernels of these names with
 * TensorFlow.js and announces them here.
 */
import * as tf from "@tensorflow/tfjs";

/** What one call of a kernel reads and gives, for counting its work. */
export interface KernelWork<Inputs = tf.NamedTensorInfoMap, Attrs = tf.NamedAttrMap> {
  readonly inputs: Inputs;
  readonly attrs: Attrs;
  readonly outputs: readonly tf.TensorInfo[];
}

export interface AnnouncedKernel {
  readonly kernelName: string;
  /** Multiply-adds of a call; null where the kernel is not bound by arithmetic, or this call left the work to another. */
  multiplyAdds(work: KernelWork): number | null;
}

/** By backend, then by name. */
const announced = new Map<string, ReadonlyMap<string, AnnouncedKernel>>();

/** Says that a backend has these kernels, which are registered with TensorFlow.js; the result takes it back. */
export function announceKernels(backendName: string, kernels: readonly AnnouncedKernel[]): () => void {
  announced.set(backendName, new Map(kernels.map((kernel) => [kernel.kernelName, kernel])));
  return () => void announced.delete(backendName);
}

/** What the current backend says about its kernel of ours of that name; undefined where it has none. */
export const findKernel = (kernelName: string): AnnouncedKernel | undefined =>
  announced.get(tf.getBackend())?.get(kernelName);

/** Whether the current backend has a kernel of ours of that name. */
export const hasKernel = (kernelName: string): boolean => findKernel(kernelName) !== undefined;
