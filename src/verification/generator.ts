/** Inputs and parameters that a case does not store but says how to make. */
import { elements } from "../weights/correspondence.js";
import type { Values } from "./values.js";

export interface GeneratedRule {
  readonly shape: readonly number[];
  readonly seed: number;
  readonly scale: number;
  readonly offset: number;
}

/**
 * Uniform numbers from a counter, mixed by the finaliser of MurmurHash3 ("fmix32"): the i-th depends on seed and i
 * alone.
 */
export function fmix32Counter({ shape, seed, scale, offset }: GeneratedRule): Values {
  const data = new Float32Array(elements(shape));
  for (let i = 0; i < data.length; i++) {
    let x = (seed + Math.imul(i, 0x9e3779b9)) >>> 0;
    x ^= x >>> 16;
    x = Math.imul(x, 0x85ebca6b);
    x ^= x >>> 13;
    x = Math.imul(x, 0xc2b2ae35);
    x ^= x >>> 16;
    data[i] = offset + scale * (2 * ((x >>> 0) / 2 ** 32) - 1);
  }
  return { shape, data };
}
