/**
 * Where the time of a step goes: milliseconds per kernel of the current backend.
 *
 *     const profile = engine.profileStep(() => trainOneStep());
 *     for (const { name, milliseconds } of profile.kernels) ...
 *
 * Kernels of the WebAssembly and JavaScript backends return when they are done, so wall time around each is its own. On
 * backends that only queue work (GPUs) the figures mean nothing.
 */
import * as tf from "@tensorflow/tfjs";
import { findKernel } from "./kernel-registry.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";

/** One kernel's part in a profiled step. */
export interface KernelProfile {
  /** tfjs's or our name of the kernel; with shapes behind it, when asked for. */
  readonly name: string;
  readonly calls: number;
  /** Of all calls, kernels called from within not counted. */
  readonly milliseconds: number;
  /** Of all calls; null where the kernel does not count them. */
  readonly multiplyAdds: number | null;
}

/** What `profileStep` found. */
export interface StepProfile {
  /** Wall time of the step. */
  readonly milliseconds: number;
  /** What passed outside of kernels: building the graph, the tape, garbage collection. */
  readonly outsideMilliseconds: number;
  /** The longest first. */
  readonly kernels: readonly KernelProfile[];
}

interface Entry {
  calls: number;
  milliseconds: number;
  multiplyAdds: number | null;
}

/** How a profile tells calls of one kernel apart. */
export interface ProfileOptions {
  /** Keep calls of one kernel apart by the shapes of their inputs. Default false. */
  readonly byShape?: boolean;
}

const keys: KeysOf<ProfileOptions> = { byShape: true };

/** Runs `step` once and times each kernel of the current backend within it. */
export function profileStep(step: () => void, options: ProfileOptions = {}): StepProfile {
  assertKnownKeys("engine.profileStep", options, keys);
  const { byShape = false } = options;
  const entries = new Map<string, Entry>();
  /** Time of the kernels called from within the one that runs. */
  let nested = 0;
  const kernels = tf.getKernelsForBackend(tf.getBackend());
  const originals = kernels.map((kernel) => kernel.kernelFunc);
  kernels.forEach((kernel, index) => {
    kernel.kernelFunc = (call) => {
      const nestedBefore = nested;
      const startedAt = performance.now();
      const outputs = originals[index](call);
      const elapsed = performance.now() - startedAt;
      const { inputs, attrs = {} } = call;
      const work = findKernel(kernel.kernelName)?.multiplyAdds({ inputs, attrs, outputs: [outputs].flat() }) ?? null;
      const name = byShape ? `${kernel.kernelName} ${shapesOf(inputs)}` : kernel.kernelName;
      const entry = entries.get(name) ?? { calls: 0, milliseconds: 0, multiplyAdds: null };
      entry.calls++;
      entry.milliseconds += elapsed - (nested - nestedBefore);
      if (work !== null) entry.multiplyAdds = (entry.multiplyAdds ?? 0) + work;
      entries.set(name, entry);
      nested = nestedBefore + elapsed;
      return outputs;
    };
  });
  const startedAt = performance.now();
  try {
    step();
  } finally {
    kernels.forEach((kernel, index) => (kernel.kernelFunc = originals[index]));
  }
  const milliseconds = performance.now() - startedAt;
  const sorted = [...entries]
    .map(([name, entry]) => ({ name, ...entry }))
    .sort((a, b) => b.milliseconds - a.milliseconds);
  const inside = sorted.reduce((sum, entry) => sum + entry.milliseconds, 0);
  return { milliseconds, outsideMilliseconds: milliseconds - inside, kernels: sorted };
}

function shapesOf(inputs: tf.NamedTensorInfoMap | tf.TensorInfo[]): string {
  const tensors: (tf.TensorInfo | undefined)[] = Object.values<tf.TensorInfo | undefined>(inputs);
  return tensors.flatMap((tensor) => (tensor === undefined ? [] : [`[${tensor.shape.join(", ")}]`])).join(" ");
}
