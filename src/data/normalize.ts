/** From bytes to what a network takes, and back for showing. */

/**
 * Mean and standard deviation of ImageNet's training images per channel (red, green, blue), for values in [0, 1]; the
 * numbers that torchvision and fastai use.
 */
export const imagenetStatistics = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;

/** 256 entries per channel, [3, 256]: (value / 255 - mean) / std. */
export function normalizationTable(): Float32Array {
  const { mean, std } = imagenetStatistics;
  return Float32Array.from({ length: 3 * 256 }, (_, i) => {
    const channel = i >> 8;
    return ((i & 255) / 255 - (mean[channel] as number)) / (std[channel] as number);
  });
}

/** Normalised values [..., 3] back to bytes [..., 3], rounded and clamped: for figures. */
export function toBytes(images: Float32Array): Uint8ClampedArray {
  const { mean, std } = imagenetStatistics;
  return Uint8ClampedArray.from(images, (value, i) => {
    const channel = i % 3;
    return (value * (std[channel] as number) + (mean[channel] as number)) * 255;
  });
}
