/** What matrix products and convolutions have in common: memory of a task, and what may follow a product. */

import type { KernelPool } from "../pool.js";
import type { KernelArguments, KernelName } from "../signatures.js";

/** Pointers; 0 for what is left out. y = relu(value + shift[column] + residual[row][column]). */
export interface Epilogue {
  readonly shift?: number;
  /** Of the shape of the result. */
  readonly residual?: number;
  readonly relu?: boolean;
}

/** Floats of packed columns that a thread keeps in its L2 cache: 512 KiB. */
export const packedFloats = 131_072;

export const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;
export const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** Runs a kernel on the calling thread alone, or on all. */
export function runOn<Name extends KernelName>(
  pool: KernelPool,
  threads: number,
  name: Name,
  args: KernelArguments<Name>,
): void {
  if (threads === 1) pool.runAlone(name, args);
  else pool.run(name, args);
}
