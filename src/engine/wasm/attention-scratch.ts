/**
 * What attention's kernels keep in a part's scratch memory, in vectors of 16 bytes: piece by piece, as the kernels take them, and
 * the sum for each kernel, which its plan reserves. Compiled twice, as scratch-layout.ts is.
 *
 * `steps`, `unit`, `offsets` as in assembly/axis.ts; depths are per head and filled up to multiples of 4; `row` is rowVectors of
 * both.
 */

/**
 * A row, query, key and value, filled up to an odd number of cache lines. A loop over rows that reads a few channels of each would
 * find all of them in few of the cache's sets, if they lay a power of two apart.
 */
export function rowVectors(keyDepth: i32, valueDepth: i32): i32 {
  return (2 * keyDepth + valueDepth) | 4;
}

/** The rows of all steps, and a step of zeros before and after them. */
export function bandVectors(steps: i32, unit: i32, row: i32): i32 {
  return (steps + 2) * unit * row;
}

/** The line of one query: one step before the first row, and three after the last. */
export function lineVectors(steps: i32, unit: i32): i32 {
  return (steps + 4) * unit;
}

/** Of the exponential function: assembly/exponential.ts. */
export const constantVectors: i32 = 8;

/** The encodings of all offsets as plain numbers, a row's worth each. */
export function encodingVectors(offsets: i32, row: i32): i32 {
  return (offsets * row) >> 2;
}

/** The keys' encodings once more as rows, and a step of zeros before and after them. */
export function keyEncodingVectors(offsets: i32, unit: i32, keyDepth: i32): i32 {
  return (offsets + 2 * unit) * keyDepth;
}

/** Something of a pair of queries. */
export function pairVectors(depth: i32): i32 {
  return 2 * depth;
}

/** Of rows and lines. */
function groupVectors(steps: i32, unit: i32, row: i32): i32 {
  return bandVectors(steps, unit, row) + 2 * lineVectors(steps, unit);
}

/** Of whatever forms logits: assembly/logits.ts. */
function logitVectors(steps: i32, unit: i32, offsets: i32, keyDepth: i32, row: i32): i32 {
  return (
    groupVectors(steps, unit, row) +
    constantVectors +
    encodingVectors(offsets, row) +
    keyEncodingVectors(offsets, unit, keyDepth) +
    2 * pairVectors(keyDepth)
  );
}

/** Of axialAttention and localAttention: assembly/pair.ts. */
export function forwardVectors(steps: i32, unit: i32, offsets: i32, keyDepth: i32, valueDepth: i32): i32 {
  const row = rowVectors(keyDepth, valueDepth);
  return logitVectors(steps, unit, offsets, keyDepth, row) + 2 * pairVectors(valueDepth);
}

/** Gradients with respect to so many rows, or sums by so many offsets. */
export function rowsVectors(rows: i32, row: i32): i32 {
  return rows * row;
}

/** Gradients with respect to the outputs of all queries along a row. */
export function outputGradVectors(steps: i32, valueDepth: i32): i32 {
  return steps * valueDepth;
}

/** Of axialAttentionGrad and localAttentionGrad, with sums by so many offsets: assembly/pair-grad.ts. */
export function backwardVectors(
  steps: i32,
  unit: i32,
  offsets: i32,
  sumRows: i32,
  keyDepth: i32,
  valueDepth: i32,
): i32 {
  const row = rowVectors(keyDepth, valueDepth);
  return (
    logitVectors(steps, unit, offsets, keyDepth, row) +
    rowsVectors(steps * unit, row) +
    rowsVectors(sumRows, row) +
    2 * lineVectors(steps, unit) +
    2 * outputGradVectors(steps, valueDepth) +
    2 * pairVectors(valueDepth) +
    2 * pairVectors(keyDepth)
  );
}

/** What a part of them adds up: sums by so many offsets, and [3, N] of float64. */
export function gradSumVectors(sumRows: i32, row: i32, heads: i32): i32 {
  return rowsVectors(sumRows, row) + ((3 * heads + 1) >> 1);
}

/** A query's softmax as it is gathered: shift, 1 / sum, and two vectors that are not used. */
export const softmaxVectors: i32 = 4;
/** Two logits, to merge two softmaxes. */
export const mergeVectors: i32 = 2;

/** Of crissCrossAttention. */
export function crissCrossVectors(steps: i32, offsets: i32, keyDepth: i32, valueDepth: i32): i32 {
  return (
    forwardVectors(steps, 1, offsets, keyDepth, valueDepth) +
    pairVectors(softmaxVectors) +
    pairVectors(valueDepth) +
    mergeVectors
  );
}

/** Of crissCrossAttentionGrad. */
export function crissCrossGradVectors(steps: i32, offsets: i32, keyDepth: i32, valueDepth: i32): i32 {
  return backwardVectors(steps, 1, offsets, 0, keyDepth, valueDepth) + pairVectors(softmaxVectors);
}

/** [3 terms][3 sums][4 lanes] of float64: assembly/similarity-moments.ts. */
export const momentVectors: i32 = 18;

/** What a part of the statistics adds up: [3, 3, N] of float64. */
export function momentSumVectors(heads: i32): i32 {
  return (9 * heads + 1) >> 1;
}

/** [3 terms][2][N] of float32, and [3 terms][2] of lanes: assembly/similarity-coefficients.ts. */
export function coefficientVectors(heads: i32): i32 {
  return (6 * heads + 3) >> 2;
}
export const laneCoefficientVectors: i32 = 6;

/** The window's part of one table as plain numbers: assembly/similarity-products.ts. */
export function plainEncodingVectors(offsets: i32, keyDepth: i32): i32 {
  return (offsets * keyDepth) >> 2;
}

/** A Gram matrix of each lane. */
export function gramVectors(keyDepth: i32): i32 {
  return keyDepth * keyDepth;
}

/** A mean and a Gram matrix as plain numbers: assembly/similarity-gram.ts. */
export function windowVectors(keyDepth: i32): i32 {
  return ((keyDepth + 1) * keyDepth) >> 2;
}

/** A mean, and all vectors less it. */
function centredVectors(length: i32, keyDepth: i32): i32 {
  return (1 + length) * keyDepth;
}

/** The windows of both tables, and of each a running sum in float64. */
function allWindowVectors(length: i32, keyDepth: i32): i32 {
  return 2 * (length + 2) * windowVectors(keyDepth);
}

/** Of axialSimilarityStatistics, by Gram matrices. */
export function gramStatisticsVectors(length: i32, keyDepth: i32, valueDepth: i32): i32 {
  return (
    groupVectors(length, 1, rowVectors(keyDepth, valueDepth)) +
    momentVectors +
    2 * gramVectors(keyDepth) +
    centredVectors(length, keyDepth) +
    allWindowVectors(length, keyDepth)
  );
}

/** Of axialSimilarityStatistics, by products. */
export function productStatisticsVectors(length: i32, offsets: i32, keyDepth: i32, valueDepth: i32): i32 {
  return (
    groupVectors(length, 1, rowVectors(keyDepth, valueDepth)) +
    momentVectors +
    2 * plainEncodingVectors(offsets, keyDepth)
  );
}

/** Of axialSimilarityStatisticsGrad, either way. */
function axialStatisticsGradVectors(length: i32, keyDepth: i32, valueDepth: i32, heads: i32): i32 {
  const row = rowVectors(keyDepth, valueDepth);
  return groupVectors(length, 1, row) + coefficientVectors(heads) + laneCoefficientVectors + rowsVectors(length, row);
}

/** Of axialSimilarityStatisticsGrad, by Gram matrices. */
export function gramStatisticsGradVectors(length: i32, keyDepth: i32, valueDepth: i32, heads: i32): i32 {
  return (
    axialStatisticsGradVectors(length, keyDepth, valueDepth, heads) +
    gramVectors(keyDepth) +
    centredVectors(length, keyDepth) +
    allWindowVectors(length, keyDepth)
  );
}

/** Of axialSimilarityStatisticsGrad, by products. */
export function productStatisticsGradVectors(
  length: i32,
  offsets: i32,
  keyDepth: i32,
  valueDepth: i32,
  heads: i32,
): i32 {
  return (
    axialStatisticsGradVectors(length, keyDepth, valueDepth, heads) +
    2 * pairVectors(keyDepth) +
    2 * plainEncodingVectors(offsets, keyDepth)
  );
}

/** What a part of it adds up for one table: by Gram matrices [L][1 + Dq][Dq][4 lanes]. */
export function gramSumVectors(length: i32, keyDepth: i32): i32 {
  return length * (keyDepth + 1) * keyDepth;
}

/** The same by products: [R][Dq][4 lanes]. */
export function productSumVectors(offsets: i32, keyDepth: i32): i32 {
  return offsets * keyDepth;
}

/** Of axialSimilarityStatisticsGradSum: [L + 1][1 + Dq][Dq] of float64. */
export function gramTotalVectors(length: i32, keyDepth: i32): i32 {
  return ((length + 1) * (keyDepth + 1) * keyDepth) >> 1;
}

/** Of localSimilarityStatistics. */
export function localStatisticsVectors(steps: i32, unit: i32, offsets: i32, keyDepth: i32, valueDepth: i32): i32 {
  return logitVectors(steps, unit, offsets, keyDepth, rowVectors(keyDepth, valueDepth)) + momentVectors;
}

/** Of localSimilarityStatisticsGrad. */
export function localStatisticsGradVectors(
  steps: i32,
  unit: i32,
  offsets: i32,
  keyDepth: i32,
  valueDepth: i32,
  heads: i32,
): i32 {
  const row = rowVectors(keyDepth, valueDepth);
  return (
    logitVectors(steps, unit, offsets, keyDepth, row) +
    coefficientVectors(heads) +
    laneCoefficientVectors +
    rowsVectors(steps * unit, row) +
    rowsVectors(offsets, row) +
    pairVectors(keyDepth)
  );
}
