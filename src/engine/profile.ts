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
  /** Of all calls, what they must move at least: each input read once, each output written once. */
  readonly bytes: number;
}

/** What `profileStep` found. */
export interface StepProfile {
  /** Wall time of the step, without what it takes to note its kernels. */
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
  bytes: number;
}

/** How a profile tells calls of one kernel apart. */
export interface ProfileOptions {
  /** Keep calls of one kernel apart by the shapes of their inputs. Default false. */
  readonly byShape?: boolean;
}

const keys: KeysOf<ProfileOptions> = { byShape: true };

/**
 * Runs `step` once and times each kernel of the current backend within it.
 *
 * @throws ConfigError for an option that there is not
 */
export function profileStep(step: () => void, options: ProfileOptions = {}): StepProfile {
  assertKnownKeys("engine.profileStep", options, keys);
  const { byShape = false } = options;
  const entries = new Map<string, Entry>();
  /** Time of the kernels called from within the one that runs, and of noting them. */
  let nested = 0;
  /** Time of noting kernels, which is no part of the step. */
  let noting = 0;
  const kernels = tf.getKernelsForBackend(tf.getBackend());
  const originals = kernels.map((kernel) => kernel.kernelFunc);
  kernels.forEach((kernel, index) => {
    kernel.kernelFunc = (call) => {
      const nestedBefore = nested;
      const startedAt = performance.now();
      const outputs = originals[index](call);
      const elapsed = performance.now() - startedAt;
      const { inputs, attrs = {} } = call;
      const results = [outputs].flat();
      const work = findKernel(kernel.kernelName)?.multiplyAdds({ inputs, attrs, outputs: results }) ?? null;
      const name = byShape ? `${kernel.kernelName} ${shapesOf(inputs)}` : kernel.kernelName;
      const entry = entries.get(name) ?? { calls: 0, milliseconds: 0, multiplyAdds: null, bytes: 0 };
      entry.calls++;
      entry.milliseconds += elapsed - (nested - nestedBefore);
      entry.bytes += bytesMoved(tensorsOf(inputs), results);
      if (work !== null) entry.multiplyAdds = (entry.multiplyAdds ?? 0) + work;
      entries.set(name, entry);
      const whole = performance.now() - startedAt;
      nested = nestedBefore + whole;
      noting += whole - elapsed;
      return outputs;
    };
  });
  const startedAt = performance.now();
  try {
    step();
  } finally {
    kernels.forEach((kernel, index) => (kernel.kernelFunc = originals[index]));
  }
  const milliseconds = performance.now() - startedAt - noting;
  const sorted = [...entries]
    .map(([name, entry]) => ({ name, ...entry }))
    .sort((a, b) => b.milliseconds - a.milliseconds);
  const inside = sorted.reduce((sum, entry) => sum + entry.milliseconds, 0);
  return { milliseconds, outsideMilliseconds: milliseconds - inside, kernels: sorted };
}

const tensorsOf = (inputs: tf.NamedTensorInfoMap | tf.TensorInfo[]): tf.TensorInfo[] =>
  Object.values<tf.TensorInfo | undefined>(inputs).filter((tensor) => tensor !== undefined);

/** An output that is an input under another shape moves nothing. */
function bytesMoved(inputs: readonly tf.TensorInfo[], outputs: readonly tf.TensorInfo[]): number {
  const read = new Map(inputs.map((tensor) => [tensor.dataId, tensor]));
  const written = new Map(outputs.map((tensor) => [tensor.dataId, tensor]));
  const moved = [...read.values(), ...written.values()].filter(
    ({ dataId }) => !read.has(dataId) || !written.has(dataId),
  );
  return moved.reduce((sum, { shape, dtype }) => sum + tf.util.sizeFromShape(shape) * bytesPerValue(dtype), 0);
}

const bytesPerValue = (dtype: tf.DataType): number => (dtype === "string" ? 0 : tf.util.bytesPerElement(dtype));

function shapesOf(inputs: tf.NamedTensorInfoMap | tf.TensorInfo[]): string {
  return tensorsOf(inputs)
    .map(({ shape }) => `[${shape.join(", ")}]`)
    .join(" ");
}
