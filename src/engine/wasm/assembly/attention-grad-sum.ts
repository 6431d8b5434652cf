/** attentionGradSum: the last step of the gradients of attention, by encodings and factors. */
import { integerAt, pointerAt } from "./arguments";
import { at, rowBytesOf } from "./axis";

/**
 * Adds the parts' sums (see pair-grad.ts), in the order of the parts.
 * args: parts' sums, bytes of one part's, number of them, N, Dq, Dv, offsets, rows of a table, of which the first
 * `skipped` lie before the first offset, then `skipped`, then the gradients with respect to query, key and value tables
 * and by the factors (0: none)
 */
export function attentionGradSum(args: usize, part: i32, parts: i32): void {
  if (part !== 0) return;
  const from = pointerAt(args, 0), partBytes = pointerAt(args, 1), count = integerAt(args, 2);
  const N = integerAt(args, 3), Dq = integerAt(args, 4), Dv = integerAt(args, 5);
  const offsets = integerAt(args, 6), tableRows = integerAt(args, 7), skipped = integerAt(args, 8);
  const queryBytes = <usize>((Dq + 3) & ~3) << 4, valueBytes = <usize>((Dv + 3) & ~3) << 4;
  const rowBytes = rowBytesOf(queryBytes, valueBytes);
  for (let table = 0; table < 3; table++) {
    const dTable = pointerAt(args, 9 + table);
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
  const dScales = pointerAt(args, 12), numbers = at(from, offsets, rowBytes);
  if (dScales === 0) return;
  for (let x = 0; x < 3 * N; x++) {
    let sum: f64 = 0;
    for (let p = 0; p < count; p++) sum += load<f64>(at(at(numbers, p, partBytes), x, 8));
    store<f32>(at(dScales, x, 4), <f32>sum);
  }
}
