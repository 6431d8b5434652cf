/** Arguments of the kernels of batch norm. */
import type { Signatures } from "./slot.js";

/** form: 0 the normalised a alone, 1 a residual b beside it, 2 a normalised b. */
const norm = { rows: "count", channels: "count", form: "count", relu: "flag" } as const;

/** partial: of all shares. second: beta is added to the shift of the first input. */
const normStatistics = {
  x: "address",
  rows: "count",
  channels: "count",
  partial: "address",
  shares: "count",
  gamma: "address",
  beta: "address",
  epsilon: "double",
  mean: "address",
  variance: "address",
  scale: "address",
  shift: "address",
  second: "flag",
} as const;

export const batchNormSignatures = {
  /** partial: [parts, 2, C] of float64, sums of x - x[0] and of its square. */
  batchNormMoments: { x: "address", rows: "count", channels: "count", partial: "address" },
  batchNormStatistics: normStatistics,
  batchNormScale: normStatistics,
  batchNormApply: {
    ...norm,
    a: "address",
    meanA: "address",
    scaleA: "address",
    shift: "address",
    b: "address",
    meanB: "address",
    scaleB: "address",
    y: "address",
  },
  /** partial: [parts, 3, C] of float64. */
  batchNormGradSums: {
    ...norm,
    dy: "address",
    y: "address",
    a: "address",
    meanA: "address",
    b: "address",
    meanB: "address",
    partial: "address",
  },
  /** which: 1 or 2, of the three sums. factors: [3, C]. */
  batchNormGradCoefficients: {
    rows: "count",
    channels: "count",
    partial: "address",
    shares: "count",
    which: "count",
    gamma: "address",
    variance: "address",
    epsilon: "double",
    given: "flag",
    dGamma: "address",
    dBeta: "address",
    factors: "address",
  },
  batchNormGradApply: {
    ...norm,
    dy: "address",
    y: "address",
    a: "address",
    meanA: "address",
    factorsA: "address",
    b: "address",
    meanB: "address",
    factorsB: "address",
    da: "address",
    db: "address",
  },
} as const satisfies Signatures;
