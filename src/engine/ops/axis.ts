/**
 * What the kernels of attention along one axis have in common on this side: inputs as a list, sizes, and the arguments that
 * assembly/axis.ts reads.
 */
import type * as tf from "@tensorflow/tfjs";
import type { AxialAttentionAttrs } from "./axial-attention.js";
import { pointerOf, type KernelCall, type WasmContext } from "./wasm-kernel.js";

export type AxisCall = KernelCall<readonly tf.TensorInfo[], AxialAttentionAttrs>;

/** Encodings for query, key and value; undefined where there are none. */
export type Tables = readonly [query?: tf.TensorInfo, key?: tf.TensorInfo, value?: tf.TensorInfo];

/** Takes apart the inputs [qkv, scales, ...tables, ...rest]. */
export function sortInputs({ inputs, attrs }: AxisCall) {
  const [qkv, scales, ...others] = inputs;
  return { qkv, scales, ...sortTables(others, attrs) };
}

/** Takes apart [...tables, ...rest]. */
export function sortTables(
  inputs: readonly tf.TensorInfo[],
  { tables: has }: AxialAttentionAttrs,
): { tables: Tables; rest: tf.TensorInfo[] } {
  const rest = [...inputs];
  const tables = [has.query, has.key, has.value].map((there) => (there ? rest.shift() : undefined));
  return { tables: tables as unknown as Tables, rest };
}

/** `scales` is undefined for kernels that compute no logits. */
export function axisOf(
  { attrs, ...context }: AxisCall,
  qkv: tf.TensorInfo,
  scales: tf.TensorInfo | undefined,
  tables: Tables,
) {
  const { heads, keyDepth, valueDepth, window } = attrs;
  const [outer, length, inner] = qkv.shape;
  const before = Math.min(window.before, length - 1);
  const after = Math.min(window.after, length - 1);
  const offsets = before + 1 + after;
  const fullKeyDepth = Math.ceil(keyDepth / 4) * 4;
  const fullValueDepth = Math.ceil(valueDepth / 4) * 4;
  const rowDepth = 2 * fullKeyDepth + fullValueDepth;
  return {
    ...{ outer, length, inner, before, after, offsets, fullKeyDepth, fullValueDepth, rowDepth },
    /** Scratch memory that assembly/axis.ts takes, in vectors of 16 bytes: rows and lines. */
    vectors: (length + 2) * rowDepth + 2 * (length + 4),
    /** Pairs of query and key, about. */
    pairs: outer * inner * heads * length * offsets,
    /** Arguments of `readAxis`. */
    args: (scratch: number, scratchBytes: number): number[] => [
      ...[qkv, tables[0], tables[1], tables[2], scales].map((tensor) => pointerTo(context, tensor)),
      ...[scratch, scratchBytes, outer, length, inner, heads, keyDepth, valueDepth, before, after],
    ],
  };
}

/** Address of a tensor; 0 where there is none. */
export function pointerTo(context: WasmContext, tensor: tf.TensorInfo | undefined): number {
  return tensor === undefined ? 0 : pointerOf(context, tensor);
}

/** Bytes of so many vectors, up to whole cache lines, so that threads do not share one. */
export const bytesOf = (vectors: number): number => Math.ceil(vectors / 4) * 64;

/** Below this many multiply-adds a kernel is done sooner than a sleeping thread is woken. */
const minimumWorkToShare = 200_000;

/** Into how many parts to cut so many multiply-adds. */
export function partsFor({ pool }: WasmContext, multiplyAdds: number): number {
  return multiplyAdds < minimumWorkToShare ? 1 : pool.threads;
}

/** Runs a kernel in one part, on the calling thread alone, or in as many as there are threads. */
export function runParts({ pool }: WasmContext, parts: number, name: string, args: readonly number[]): void {
  if (parts === 1) pool.runAlone(name, args);
  else pool.run(name, args);
}
