/** What the loops of the equations have in common, in float64. */

/** softmax of one query's logits. */
export function softmax(logits: readonly number[]): number[] {
  const greatest = logits.reduce((most, logit) => Math.max(most, logit), -Infinity);
  const exponentials = logits.map((logit) => Math.exp(logit - greatest));
  const total = exponentials.reduce((sum, exponential) => sum + exponential, 0);
  return exponentials.map((exponential) => exponential / total);
}

/** Mean and biased variance of each list, in two passes. */
export function moments(lists: readonly (readonly number[])[]): { mean: Float64Array; variance: Float64Array } {
  const average = (numbers: readonly number[]) => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const mean = Float64Array.from(lists, average);
  const variance = Float64Array.from(lists, (list, index) => average(list.map((x) => (x - mean[index]) ** 2)));
  return { mean, variance };
}
