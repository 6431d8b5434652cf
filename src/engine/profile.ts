/**
 * Where the time of a step goes: milliseconds per kernel of the current backend, and the machine's peak beside which
 * arithmetic is to be seen.
 *
 *     const profile = engine.profileStep(() => trainOneStep());
 *     for (const { name, milliseconds } of profile.kernels) ...
 *
 * Kernels of the WebAssembly and JavaScript backends return when they are done, so wall time around each is its own. On
 * backends that only queue work (GPUs) the figures mean nothing.
 */
import * as tf from "@tensorflow/tfjs";
import { isWaiting } from "./ops/lazy-data.js";
import { wasmKernels } from "./ops/index.js";
import { wasmContext } from "./ops/wasm-kernel.js";
import { runMatrixProduct } from "./wasm/matrix-product.js";

export interface KernelProfile {
  /** tfjs's or our name of the kernel; with shapes behind it, when asked for. */
  readonly name: string;
  readonly calls: number;
  /** Of all calls, kernels called from within not counted. */
  readonly milliseconds: number;
  /** Of all calls; null where the kernel does not count them. */
  readonly multiplyAdds: number | null;
}

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

export interface ProfileOptions {
  /** Keep calls of one kernel apart by the shapes of their inputs. Default false. */
  readonly byShape?: boolean;
}

/** Runs `step` once and times each kernel of the current backend within it. */
export function profileStep(step: () => void, { byShape = false }: ProfileOptions = {}): StepProfile {
  const ours = new Map(wasmKernels.map((kernel) => [kernel.kernelName, kernel]));
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
      const results = [outputs].flat();
      // What is computed later counts for the kernel that does it.
      const counting = results.some(isWaiting) ? undefined : ours.get(kernel.kernelName);
      const work = counting?.multiplyAdds?.({ inputs, attrs, outputs: results });
      const name = byShape ? `${kernel.kernelName} ${shapesOf(inputs)}` : kernel.kernelName;
      const entry = entries.get(name) ?? { calls: 0, milliseconds: 0, multiplyAdds: null };
      entry.calls++;
      entry.milliseconds += elapsed - (nested - nestedBefore);
      if (work !== undefined) entry.multiplyAdds = (entry.multiplyAdds ?? 0) + work;
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

/**
 * The most that our matrix product reaches on all threads, in multiply-adds a second, on operands that stay in the fastest
 * cache; null where it is not in use. A kernel's share of it says how far its arithmetic is from what this engine can do.
 */
export function measureMatrixPeak({ rounds = 25 }: { rounds?: number } = {}): number | null {
  const context = wasmContext();
  if (context === null) return null;
  const { backend, pool } = context;
  const [rows, columns, depth, batch] = [24, 32, 512, 16 * pool.threads];
  return tf.tidy(() => {
    const [a, b, c] = [tf.ones([rows, depth]), tf.ones([depth, columns]), tf.zeros([batch, rows, columns])].map(
      ({ dataId }) => backend.dataIdMap.get(dataId).memoryOffset,
    );
    const same = { divisor: 1, count: 1 };
    let best = Infinity;
    for (let round = 0; round < rounds; round++) {
      const startedAt = performance.now();
      runMatrixProduct(pool, { a, b, c, rows, columns, depth, batch, entriesOfA: same, entriesOfB: same });
      best = Math.min(best, performance.now() - startedAt);
    }
    return (rows * columns * depth * batch * 1000) / best;
  });
}
