/**
 * What the kernels of attention in a window have in common on this side: inputs as a list, sizes, and the arguments
 * that assembly/axis.ts reads.
 */
import type * as tf from "@tensorflow/tfjs";
import type { AttentionAttrs } from "../../ops/attention.js";
import { pointerOf, type KernelCall, type WasmContext } from "../kernel.js";
import { rowVectors } from "../attention-scratch.js";
import type { KernelArguments, KernelName } from "../signatures.js";

export type AttentionCall = KernelCall<readonly tf.TensorInfo[], AttentionAttrs>;

export interface AttentionInputs {
  readonly qkv: tf.TensorInfo;
  /** Left out by kernels that compute no logits. */
  readonly scales?: tf.TensorInfo;
  /** Encodings for query, key and value; undefined where there are none. */
  readonly tables: readonly [query?: tf.TensorInfo, key?: tf.TensorInfo, value?: tf.TensorInfo];
}

/** Takes apart the inputs [qkv, scales, ...tables, ...rest]. */
export function sortInputs({ inputs, attrs }: AttentionCall): AttentionInputs & { rest: tf.TensorInfo[] } {
  const [qkv, scales, ...others] = inputs;
  return { qkv, scales, ...sortTables(others, attrs) };
}

/** Takes apart [...tables, ...rest]. */
export function sortTables(
  inputs: readonly tf.TensorInfo[],
  { tables: has }: AttentionAttrs,
): { tables: AttentionInputs["tables"]; rest: tf.TensorInfo[] } {
  const rest = [...inputs];
  const tables = [has.query, has.key, has.value].map((there) => (there ? rest.shift() : undefined));
  return { tables: tables as unknown as AttentionInputs["tables"], rest };
}

type AttentionArguments = Omit<KernelArguments<"axialAttention">, "content" | "position">;

/** Sizes, as attention-scratch.ts takes them. */
export interface Geometry {
  readonly fullKeyDepth: number;
  readonly fullValueDepth: number;
  /** Vectors of a row: query, key and value, and what fills it up. */
  readonly rowDepth: number;
  /** Steps of a group of tasks that are in memory at a time, rows of a step, and rows in a window. */
  readonly steps: number;
  readonly unit: number;
  readonly offsets: number;
  /** O * I of qkv [O, L, I, C]. */
  readonly sequences: number;
  /** Pairs of query and key, about. */
  readonly pairs: number;
  /** Rows of a table of encodings, and how many of them come before the first offset in the window. */
  readonly tableRows: number;
  readonly skippedRows: number;
  /** Rows that a query sees before and after its own, at most. */
  readonly before: number;
  readonly after: number;
  /** What all kernels of attention begin with. */
  args(scratch: number, scratchBytes: number): AttentionArguments;
}

/** Attention along the second axis of qkv: O * I sequences, and their window, no wider than the axis. */
export function axisOf(call: AttentionCall, inputs: AttentionInputs): Geometry {
  const length = inputs.qkv.shape[1];
  const before = Math.min(call.attrs.window.before, length - 1);
  const after = Math.min(call.attrs.window.after, length - 1);
  return geometryOf(call, inputs, {
    steps: length,
    unit: 1,
    before,
    after,
    tableRows: 2 * length - 1,
    skippedRows: length - 1 - before,
  });
}

/** Attention in a square window of images [B, H, W, C]; a step is a column of the window. */
export function imagesOf(call: AttentionCall, inputs: AttentionInputs): Geometry {
  const { before, after } = call.attrs.window;
  const unit = before + 1 + after;
  return geometryOf(call, inputs, {
    steps: inputs.qkv.shape[2],
    unit,
    before,
    after,
    tableRows: unit * unit,
    skippedRows: 0,
  });
}

type Window = Pick<Geometry, "steps" | "unit" | "before" | "after" | "tableRows" | "skippedRows">;

function geometryOf(
  { attrs, backend, pool }: AttentionCall,
  { qkv, scales, tables: [query, key, value] }: AttentionInputs,
  { steps, unit, before, after, tableRows, skippedRows }: Window,
): Geometry {
  const { heads, keyDepth, valueDepth } = attrs;
  const fullKeyDepth = Math.ceil(keyDepth / 4) * 4;
  const fullValueDepth = Math.ceil(valueDepth / 4) * 4;
  const pointer = (tensor: tf.TensorInfo | undefined): number => pointerTo({ backend, pool }, tensor);
  const [outer, length, inner] = qkv.shape;
  const offsets = (before + 1 + after) * unit;
  return {
    fullKeyDepth,
    fullValueDepth,
    rowDepth: rowVectors(fullKeyDepth, fullValueDepth),
    steps,
    unit,
    offsets,
    sequences: outer * inner,
    pairs: outer * length * inner * heads * offsets,
    tableRows,
    skippedRows,
    before,
    after,
    args: (scratch, scratchBytes) => ({
      qkv: pointer(qkv),
      queryTable: pointer(query),
      keyTable: pointer(key),
      valueTable: pointer(value),
      scales: pointer(scales),
      scratch,
      scratchBytes,
      outer,
      length,
      inner,
      heads,
      keyDepth,
      valueDepth,
      before,
      after,
    }),
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
export function runParts<Name extends KernelName>(
  { pool }: WasmContext,
  parts: number,
  name: Name,
  args: KernelArguments<Name>,
): void {
  if (parts === 1) pool.runAlone(name, args);
  else pool.run(name, args);
}
