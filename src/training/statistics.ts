/** Means of few measurements, with how sure they are. */

export interface MeanWithInterval {
  readonly mean: number;
  /** Of the sample, with n - 1; null for a single measurement. */
  readonly deviation: number | null;
  /** In which the true mean lies at 95 % (Student's t); null for a single measurement. */
  readonly interval: readonly [low: number, high: number] | null;
}

/** The mean of few values, their standard deviation, and the 95 % interval of the mean by Student's t. */
export function meanWithInterval(values: readonly number[]): MeanWithInterval {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return { mean, deviation: null, interval: null };
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1));
  const reach = (studentQuantile(n - 1) * deviation) / Math.sqrt(n);
  return { mean, deviation, interval: [mean - reach, mean + reach] };
}

/** Quantiles of Student's t at 0.975, for 1 to 10 degrees of freedom (any statistics text). */
const quantiles = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];

/** Beyond the table the Cornish-Fisher expansion about the normal's 1.96: right to 0.001. */
function studentQuantile(freedom: number): number {
  if (freedom <= quantiles.length) return quantiles[freedom - 1];
  const z = 1.959964;
  return z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2);
}
