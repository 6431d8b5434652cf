/** Arguments of the updates of weights. */
import type { Signatures } from "./slot.js";

export const optimizerUpdateSignatures = {
  momentUpdate: {
    table: "address",
    rows: "count",
    gradientScale: "real",
    beta1: "real",
    rest1: "real",
    beta2: "real",
    rest2: "real",
    rate: "real",
    root: "real",
    epsilon: "real",
  },
  momentumUpdate: {
    table: "address",
    rows: "count",
    gradientScale: "real",
    momentum: "real",
    rate: "real",
    fresh: "real",
    stale: "real",
  },
  moveTowards: { table: "address", rows: "count", share: "real" },
} as const satisfies Signatures;

/** A row of the tables that updates of weights read: one weight; or a target and its source in the first two. */
export const updateRow = {
  weight: "address",
  gradient: "address",
  mean: "address",
  square: "address",
  count: "count",
  addedDecay: "real",
  shrink: "real",
} as const satisfies Signatures[string];
