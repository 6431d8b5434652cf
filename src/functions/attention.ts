/**
 * What the equations of attention have in common: checks of their inputs, queries, keys and values by head, and the softmax of
 * several terms. Letters: N heads, Dq and Dv depth per head.
 */
import * as tf from "@tensorflow/tfjs";
import { ShapeError } from "../core/errors.js";
import type { AttentionInputs, HeadDepths } from "../engine/ops/attention.js";

export type {
  AttentionGeometry,
  AttentionInputs,
  AttentionOutputs,
  HeadDepths,
  NormedAttentionOutputs,
  SimilarityInputs,
  SimilarityNorm,
  SimilarityStatistics,
} from "../engine/ops/attention.js";

/** Query, key and value of every head, [..., N, depth] each, of [..., N * (2 Dq + Dv)]. */
export function splitHeads(qkv: tf.Tensor4D, { heads, keyDepth, valueDepth }: HeadDepths) {
  const perHead = qkv.reshape<tf.Tensor5D>([...qkv.shape.slice(0, 3), heads, 2 * keyDepth + valueDepth]);
  const [query, key, value] = tf.split<tf.Tensor5D>(perHead, [keyDepth, keyDepth, valueDepth], 4);
  return { query, key, value };
}

/**
 * softmax over the last axis of the sum of the terms, each times its factors.
 *
 * @param terms of any one shape; null: left out
 * @param scales [3, N]
 * @param perHead the shape in which [N] numbers broadcast against a term
 * @param seen 1 where a query sees a key, else 0; null where every query sees every key
 */
export function softmaxOfTerms<T extends tf.Tensor>(
  terms: readonly (T | null)[],
  scales: tf.Tensor2D,
  perHead: readonly number[],
  seen: tf.Tensor | null,
): T {
  const scaled = terms.flatMap((term, index) =>
    term === null ? [] : [term.mul<T>(scales.slice([index, 0], [1, -1]).reshape([...perHead]))],
  );
  const logits = tf.addN<T>(scaled);
  // Far below any logit, and finite: its exponential is exactly zero and no gradient becomes not-a-number.
  return (seen === null ? logits : logits.add<T>(seen.sub(1).mul(1e30))).softmax();
}

/** @throws ShapeError where the channels are not those of the heads; `axes`: the letters of the others */
export function assertQkv(where: string, axes: string, qkv: tf.Tensor4D, depths: HeadDepths): void {
  const { heads, keyDepth, valueDepth } = depths;
  const channels = heads * (2 * keyDepth + valueDepth);
  if (qkv.rank !== 4 || qkv.shape[3] !== channels)
    throw new ShapeError(
      `${where}: qkv must be [${axes}, heads * (2 * keyDepth + valueDepth)], got ${describe(qkv, depths)}; ` +
        `project to ${channels} channels`,
    );
}

/** @throws ShapeError where the window leaves the query itself out */
export function assertWindow(
  where: string,
  { before, after }: { readonly before: number; readonly after: number },
): void {
  if (before < 0 || after < 0)
    throw new ShapeError(
      `${where}: a window must hold the query's own place, got before=${before}, after=${after}; use 0 or more`,
    );
}

/** @throws ShapeError where a table has not a row for each offset or not the depth of its term */
export function assertTables(
  where: string,
  { qkv, relative }: Omit<AttentionInputs, "scales">,
  depths: HeadDepths,
  { rows, letters, remedy }: { readonly rows: number; readonly letters: string; readonly remedy: string },
): void {
  const { keyDepth, valueDepth } = depths;
  for (const [name, depth] of [
    ["query", keyDepth],
    ["key", keyDepth],
    ["value", valueDepth],
  ] as const) {
    const table = relative[name];
    if (table !== null && (table.shape[0] !== rows || table.shape[1] !== depth))
      throw new ShapeError(
        `${where}: relative.${name} must be [${letters}, depth] = [${rows}, ${depth}], got [${table.shape.join(", ")}] with ` +
          `${describe(qkv, depths)}; ${remedy}`,
      );
  }
}

const describe = (qkv: tf.Tensor4D, { heads, keyDepth, valueDepth }: HeadDepths): string =>
  `qkv [${qkv.shape.join(", ")}], heads=${heads}, keyDepth=${keyDepth}, valueDepth=${valueDepth}`;
