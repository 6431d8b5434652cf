/**
 * crissCrossAttentionGrad: the gradient of crissCrossAttention with respect to qkv, of one direction by the moments of
 * both (see pair-grad.ts); that of the columns is added to what is there.
 */
import { pairVectors, softmaxVectors } from "../attention-scratch";
import { shareStart } from "./arguments";
import {
  groupCount, length, loadRows, readAxis, readRowsOf, rowBytes, rows, selectPair, take, writeRows,
} from "./axis";
import { excludeOwn, momentBytes } from "./criss-cross-attention";
import { gather } from "./lanes";
import { loadScales, pairLogits } from "./logits";
import { pairWeightsOf } from "./pair";
import { beginGroup, dQkv, dRows, finishKeys, pairGradOf, prepareGrad, readOutputGrads } from "./pair-grad";
import { crissCrossAttentionGradArgs } from "./slots";

export function crissCrossAttentionGrad(args: usize, part: i32, parts: i32): void {
  readAxis(args, part);
  prepareGrad(args, part);
  const output = crissCrossAttentionGradArgs.output(args), moments = crissCrossAttentionGradArgs.moments(args), columns = crissCrossAttentionGradArgs.columns(args);
  const pair = take(pairVectors(softmaxVectors));
  const end = shareStart(groupCount(), part + 1, parts);
  for (let group = shareStart(groupCount(), part, parts); group < end; group++) {
    loadRows(group);
    loadScales();
    beginGroup();
    readOutputGrads(0);
    for (let i = 0; i < length; i += 2) {
      selectPair(i);
      pairLogits(i);
      if (columns) excludeOwn(i);
      gather(moments, 2, 0, 2, i, min(2, length - i), pair, momentBytes);
      pairWeightsOf(v128.load(pair), v128.load(pair, 16), v128.load(pair, 64), v128.load(pair, 80));
      pairGradOf(i, i, output);
    }
    finishKeys(dRows, rowBytes, length);
    if (columns) addEarlier();
    writeRows(dQkv, 0, length, dRows, rowBytes);
  }
}

function addEarlier(): void {
  readRowsOf(dQkv, 0, length, rows, rowBytes);
  const bytes = <usize>length * rowBytes;
  for (let x: usize = 0; x < bytes; x += 16) {
    v128.store(dRows + x, f32x4.add(v128.load(dRows + x), v128.load(rows + x)));
  }
}
