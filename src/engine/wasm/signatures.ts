/**
 * What each kernel of the module takes: names and types in the order of its argument slots, each a float64, in which
 * addresses (up to 2^32) and sizes are exact. The one place where that is said. From it come the names that a kernel is
 * called with (pool.ts), the functions that read them in AssemblyScript (assembly/slots.ts) and the constants of a native
 * engine (slots.rs), written by assembly/build.mjs.
 *
 * One file a family in signatures/; each is spread here.
 */
import { attentionGrad, attentionSignatures, axis } from "./signatures/attention.js";
import { batchNormSignatures } from "./signatures/batch-norm.js";
import { copySignatures } from "./signatures/copy.js";
import { elementwiseSignatures } from "./signatures/elementwise.js";
import { optimizerUpdateSignatures, updateRow } from "./signatures/optimizer-update.js";
import { poolingSignatures } from "./signatures/pooling.js";
import { productSignatures } from "./signatures/product.js";
import { resampleSignatures } from "./signatures/resample.js";

export const signatures = {
  ...attentionSignatures,
  ...batchNormSignatures,
  ...productSignatures,
  ...poolingSignatures,
  ...resampleSignatures,
  ...copySignatures,
  ...elementwiseSignatures,
  ...optimizerUpdateSignatures,
} as const;

/** What several kernels begin with, and what tables hold. */
export const groups = { axis, attentionGrad, updateRow } as const;

export type KernelName = keyof typeof signatures;

/** The arguments of a kernel by name; those that threads count by are given by whoever runs it. */
export type KernelArguments<Name extends KernelName> = {
  readonly [
    Slot in keyof (typeof signatures)[Name] as (typeof signatures)[Name][Slot] extends "counter" ? never : Slot
  ]: number;
};
