/** What the loops of the equations have in common, in float64. */

/** softmax of one query's logits. */
export function softmax(logits: readonly number[]): number[] {
  const greatest = logits.reduce((most, logit) => Math.max(most, logit), -Infinity);
  const exponentials = logits.map((logit) => Math.exp(logit - greatest));
  const total = exponentials.reduce((sum, exponential) => sum + exponential, 0);
  return exponentials.map((exponential) => exponential / total);
}

/** Mean and biased variance of several series, number by number (Welford's recurrence, which loses no digits). */
export function createMoments(series: number) {
  const counts = new Int32Array(series);
  const mean = new Float64Array(series);
  const squares = new Float64Array(series);
  return {
    counts,
    add(index: number, x: number): void {
      const difference = x - mean[index];
      mean[index] += difference / ++counts[index];
      squares[index] += difference * (x - mean[index]);
    },
    /** [series] each. */
    values: () => ({ mean, variance: squares.map((sum, index) => sum / counts[index]) }),
  };
}
