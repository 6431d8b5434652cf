/**
 * Gradients with respect to mean and variance as gradients with respect to the products: with M pairs, that by a
 * product x is a + b x, where b = 2 dVariance / M and a = dMean / M - b mean.
 */
import { coefficientVectors, laneCoefficientVectors } from "../attention-scratch";
import { after, at, before, firstOffset, heads, height, inner, lastOffset, length, outer, take } from "./axis";
import { headValues } from "./lanes";

/** a and b of each term and head: [3 terms][2][N] of float32; and of each lane of the group: [3 terms][2] vectors. */
let coefficients: usize = 0, laneCoefficients: usize = 0;

/** Of the means that were found, and the gradients with respect to mean and variance, [3, N] each. */
export function prepareCoefficients(means: usize, dMean: usize, dVariance: usize): void {
  coefficients = take(coefficientVectors(heads));
  laneCoefficients = take(laneCoefficientVectors);
  const pairs = countPairs() * <f64>outer * <f64>inner;
  for (let term = 0; term < 3; term++) {
    for (let head = 0; head < heads; head++) {
      const from = (term * heads + head) << 2;
      const b = 2 * <f64>load<f32>(dVariance + from) / pairs;
      const a = <f64>load<f32>(dMean + from) / pairs - b * <f64>load<f32>(means + from);
      store<f32>(at(coefficients, 2 * term * heads + head, 4), <f32>a);
      store<f32>(at(coefficients, (2 * term + 1) * heads + head, 4), <f32>b);
    }
  }
}

/** Pairs of query and key of one sequence, or of one image, whose window is as high as it is wide. */
function countPairs(): f64 {
  let along: f64 = 0, across: f64 = 0;
  for (let i = 0; i < length; i++) along += <f64>(lastOffset(i) - firstOffset(i) + 1);
  if (height === 1) return along;
  for (let y = 0; y < height; y++) across += <f64>(min(after, height - 1 - y) - max(-before, -y) + 1);
  return along * across;
}

/** Reads those of the selected tasks' heads. */
export function loadCoefficients(): void {
  for (let x = 0; x < 6; x++) {
    v128.store(at(laneCoefficients, x, 16), headValues(at(coefficients, x * heads, 4), heads));
  }
}

/** a or b (which = 0 or 1) of a term for each lane. */
export function coefficient(term: i32, which: i32): v128 {
  return v128.load(at(laneCoefficients, 2 * term + which, 16));
}
