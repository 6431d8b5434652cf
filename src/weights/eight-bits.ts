/** Weights in 8 bits: each output channel, the last axis, in steps of its own, of which its greatest number is 127. */

export interface EightBits {
  readonly steps: Int8Array<ArrayBuffer>;
  /** One a channel: what a step is worth. */
  readonly scales: Float32Array<ArrayBuffer>;
}

/** @param values [..., channels], finite */
export function toEightBits(values: Float32Array, channels: number): EightBits {
  const scales = new Float32Array(channels);
  values.forEach((value, i) => (scales[i % channels] = Math.max(scales[i % channels], Math.abs(value) / 127)));
  const steps = Int8Array.from(values, (value, i) => {
    const scale = scales[i % channels];
    // Not beyond 127 where the scale was rounded down.
    return scale === 0 ? 0 : Math.max(-127, Math.min(127, Math.round(value / scale)));
  });
  return { steps, scales };
}

export const fromEightBits = ({ steps, scales }: EightBits): Float32Array =>
  Float32Array.from(steps, (step, i) => step * scales[i % scales.length]);
