/**
 * Criss-cross attention: one softmax over the row and the column of a pixel, its own place once. Equals
 * `composedCrissCrossAttention` of src/functions/criss-cross-attention.ts.
 *
 * Attention along the rows comes first and leaves, of each pixel's softmax, the shift and 1 / sum; attention along
 * the columns, without the own place, then merges its own output and moments with those.
 */
import { mergeVectors, pairVectors, softmaxVectors } from "../attention-scratch";
import { shareStart } from "./arguments";
import {
  at, fullValueDepth, groupCount, length, lineBytes, lines, loadRows, readAxis, secondCount, selectPair, take, valueBytes, valueDepth,
} from "./axis";
import { softmax } from "./exponential";
import { gather, scatter } from "./lanes";
import { constants, forgetShifts, shift0, shift1, loadScales, pairLogits } from "./logits";
import { inverse0, inverse1, pairContent, pairWeights, preparePairs } from "./pair";
import { crissCrossAttentionArgs } from "./slots";

/** The own place's logit along the column. Not minus infinity, which would be all there is in a column of one. */
const excluded: f32 = -3e38;
/** Bytes of a query's moments as they are gathered. */
export const momentBytes: usize = <usize>softmaxVectors << 4;

export function crissCrossAttention(args: usize, part: i32, parts: i32): void {
  readAxis(args, part);
  const output = crissCrossAttentionArgs.output(args), moments = crissCrossAttentionArgs.moments(args), columns = crissCrossAttentionArgs.columns(args);
  preparePairs();
  const pair = take(pairVectors(softmaxVectors)), earlier = take(pairVectors(fullValueDepth)), merging = take(mergeVectors);
  const end = shareStart(groupCount(), part + 1, parts);
  for (let group = shareStart(groupCount(), part, parts); group < end; group++) {
    loadRows(group);
    loadScales();
    for (let i = 0; i < length; i += 2) {
      const queries = min(2, length - i);
      selectPair(i);
      pairLogits(i);
      if (columns) excludeOwn(i);
      pairWeights();
      const content = pairContent();
      if (columns) {
        gather(moments, 2, 0, 2, i, queries, pair, momentBytes);
        gather(output, valueDepth, 0, valueDepth, i, queries, earlier, valueBytes);
        merge(pair, earlier, shift0, inverse0, content, merging);
        if (secondCount > 0) merge(pair + momentBytes, earlier + valueBytes, shift1, inverse1, content + valueBytes, merging);
      } else {
        v128.store(pair, shift0);
        v128.store(pair, inverse0, 16);
        v128.store(pair + momentBytes, shift1);
        v128.store(pair + momentBytes, inverse1, 16);
      }
      scatter(output, valueDepth, 0, valueDepth, i, queries, content, valueBytes);
      scatter(moments, 2, 0, 2, i, queries, pair, momentBytes);
    }
  }
}

export function excludeOwn(i: i32): void {
  v128.store(at(lines, i, 16), f32x4.splat(excluded));
  if (secondCount > 0) v128.store(at(lines + lineBytes, i + 1, 16), f32x4.splat(excluded));
  forgetShifts();
}

/** Merges a query's earlier moments and output with those of other keys. */
function merge(moments: usize, earlier: usize, shift: v128, inverse: v128, content: usize, line: usize): void {
  v128.store(line, v128.load(moments));
  v128.store(line, shift, 16);
  const both = f32x4.pmax(v128.load(moments), shift);
  softmax(line, 2, both, constants);
  const a = f32x4.div(v128.load(line), v128.load(moments, 16)), b = f32x4.div(v128.load(line, 16), inverse);
  const share = f32x4.div(f32x4.splat(1), f32x4.add(a, b));
  v128.store(moments, both);
  v128.store(moments, share, 16);
  const x = f32x4.mul(a, share), y = f32x4.mul(b, share);
  for (let d: usize = 0; d < valueBytes; d += 16) {
    const sum = f32x4.add(f32x4.mul(x, v128.load(earlier + d)), f32x4.mul(y, v128.load(content + d)));
    v128.store(content + d, sum);
  }
}
