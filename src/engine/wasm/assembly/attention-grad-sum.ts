/** attentionGradSum: the last step of attention's gradients with respect to encodings and factors. */
import { at, rowBytesOf } from "./axis";
import { attentionGradSumArgs } from "./slots";

/**
 * Adds the parts' sums (see pair-grad.ts), in the order of the parts.
 */
export function attentionGradSum(args: usize, part: i32, parts: i32): void {
  if (part !== 0) return;
  const from = attentionGradSumArgs.sums(args), partBytes = attentionGradSumArgs.sumBytes(args), count = attentionGradSumArgs.shares(args);
  const N = attentionGradSumArgs.heads(args), Dq = attentionGradSumArgs.keyDepth(args), Dv = attentionGradSumArgs.valueDepth(args);
  const offsets = attentionGradSumArgs.offsets(args), tableRows = attentionGradSumArgs.tableRows(args), skipped = attentionGradSumArgs.skipped(args);
  const queryBytes = <usize>((Dq + 3) & ~3) << 4, valueBytes = <usize>((Dv + 3) & ~3) << 4;
  const rowBytes = rowBytesOf(queryBytes, valueBytes);
  for (let table = 0; table < 3; table++) {
    const dTable = table === 0 ? attentionGradSumArgs.dQueryTable(args)
      : table === 1 ? attentionGradSumArgs.dKeyTable(args) : attentionGradSumArgs.dValueTable(args);
    if (dTable === 0) continue;
    const depth = table < 2 ? Dq : Dv;
    memory.fill(dTable, 0, <usize>(tableRows * depth) << 2);
    let to = at(dTable, skipped * depth, 4);
    for (let offset = 0; offset < offsets; offset++) {
      const row = at(at(from, offset, rowBytes), table, queryBytes);
      for (let d = 0; d < depth; d++) {
        let sum: f64 = 0;
        for (let p = 0; p < count; p++) {
          const lanes = at(at(row, d, 16), p, partBytes);
          sum += <f64>load<f32>(lanes) + <f64>load<f32>(lanes, 4) + (<f64>load<f32>(lanes, 8) + <f64>load<f32>(lanes, 12));
        }
        store<f32>(to, <f32>sum);
        to += 4;
      }
    }
  }
  const dScales = attentionGradSumArgs.dScales(args), numbers = at(from, offsets, rowBytes);
  if (dScales === 0) return;
  for (let x = 0; x < 3 * N; x++) {
    let sum: f64 = 0;
    for (let p = 0; p < count; p++) sum += load<f64>(at(at(numbers, p, partBytes), x, 8));
    store<f32>(at(dScales, x, 4), <f32>sum);
  }
}
