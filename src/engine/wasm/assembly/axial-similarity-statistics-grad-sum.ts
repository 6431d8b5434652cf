/**
 * axialSimilarityStatisticsGradSum: the last step of axialSimilarityStatisticsGrad, gradients with respect to the
 * encodings.
 */
import { at } from "./axis";
import { axialSimilarityStatisticsGradSumArgs } from "./slots";

/** Sums over the four lanes of a vector, in all parts in their order. */
function sumOfLanes(vector: usize, partBytes: usize, count: i32): f64 {
  let sum: f64 = 0;
  for (let p = 0; p < count; p++) {
    const lanes = at(vector, p, partBytes);
    sum += <f64>load<f32>(lanes) + <f64>load<f32>(lanes, 4) + (<f64>load<f32>(lanes, 8) + <f64>load<f32>(lanes, 12));
  }
  return sum;
}

export function axialSimilarityStatisticsGradSum(args: usize, part: i32, parts: i32): void {
  if (part !== 0) return;
  const byGram = axialSimilarityStatisticsGradSumArgs.byGram(args);
  const sums = axialSimilarityStatisticsGradSumArgs.sums(args), partBytes = axialSimilarityStatisticsGradSumArgs.sumBytes(args), count = axialSimilarityStatisticsGradSumArgs.shares(args);
  const L = axialSimilarityStatisticsGradSumArgs.length(args), depth = axialSimilarityStatisticsGradSumArgs.keyDepth(args);
  const before = axialSimilarityStatisticsGradSumArgs.before(args), after = axialSimilarityStatisticsGradSumArgs.after(args);
  const scratch = axialSimilarityStatisticsGradSumArgs.scratch(args);
  for (let term = 0; term < 2; term++) {
    const ofQuery = term === 0;
    const table = ofQuery ? axialSimilarityStatisticsGradSumArgs.queryTable(args)
      : axialSimilarityStatisticsGradSumArgs.keyTable(args);
    const dTable = ofQuery ? axialSimilarityStatisticsGradSumArgs.dQueryTable(args)
      : axialSimilarityStatisticsGradSumArgs.dKeyTable(args);
    if (table === 0) continue;
    const from = sums + (term === 0 ? 0 : partBytes >> 1);
    memory.fill(dTable, 0, <usize>((2 * L - 1) * depth) << 2);
    if (byGram) {
      addUp(from, partBytes, count, L, depth, scratch);
      pairUp(scratch, table, dTable, L, depth, before, after);
    } else {
      const full = (depth + 3) & ~3;
      for (let offset = 0; offset <= before + after; offset++) {
        for (let d = 0; d < depth; d++) {
          const sum = sumOfLanes(at(from, offset * full + d, 16), partBytes, count);
          store<f32>(at(dTable, (offset + L - 1 - before) * depth + d, 4), <f32>sum);
        }
      }
    }
  }
}

/** Sums over parts, lanes and positions 0 to i - 1 for i = 0 .. L: [L + 1][1 + Dq][Dq] of float64. */
function addUp(sums: usize, partBytes: usize, count: i32, L: i32, depth: i32, to: usize): void {
  const full = (depth + 3) & ~3;
  const numbers = (1 + depth) * depth;
  memory.fill(to, 0, <usize>numbers << 3);
  for (let i = 0; i < L; i++) {
    for (let row = 0; row <= depth; row++) {
      for (let column = 0; column < depth; column++) {
        // Row 0 is the sum of a y; of the matrix below it, only blocks of four on and right of the diagonal are there.
        const mirrored = row > 0 && column < ((row - 1) & ~3);
        const index = mirrored ? (column + 1) * full + row - 1 : row * full + column;
        const sum = sumOfLanes(at(sums, i * (full + 1) * full + index, 16), partBytes, count);
        const before = at(to, i * numbers + row * depth + column, 8);
        store<f64>(at(before, numbers, 8), load<f64>(before) + sum);
      }
    }
  }
}

/**
 * dz = sum a y + (sum b y y^T) z for each encoding z: offset t meets the positions max(0, -t) .. min(L - 1, L - 1 - t).
 */
function pairUp(totals: usize, table: usize, dTable: usize, L: i32, depth: i32, before: i32, after: i32): void {
  const numbers = (1 + depth) * depth;
  for (let offset = -before; offset <= after; offset++) {
    const from = at(totals, max(0, -offset) * numbers, 8), to = at(totals, min(L, L - offset) * numbers, 8);
    const row = (offset + L - 1) * depth;
    for (let c = 0; c < depth; c++) {
      let sum = load<f64>(at(to, c, 8)) - load<f64>(at(from, c, 8));
      for (let d = 0; d < depth; d++) {
        const index = (1 + c) * depth + d;
        const product = load<f64>(at(to, index, 8)) - load<f64>(at(from, index, 8));
        sum += product * <f64>load<f32>(at(table, row + d, 4));
      }
      store<f32>(at(dTable, row + c, 4), <f32>sum);
    }
  }
}
