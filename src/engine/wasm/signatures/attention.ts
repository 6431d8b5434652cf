/** Arguments of the kernels of attention and of its similarity statistics. */
import type { Signatures } from "./slot.js";

/** Attention: [O, L, I, C] or images [B, H, W, C]; scratch is one block a part. */
export const axis = {
  qkv: "address",
  queryTable: "address",
  keyTable: "address",
  valueTable: "address",
  scales: "address",
  scratch: "address",
  scratchBytes: "bytes",
  outer: "count",
  length: "count",
  inner: "count",
  heads: "count",
  keyDepth: "count",
  valueDepth: "count",
  before: "count",
  after: "count",
} as const;

const attention = { ...axis, content: "address", position: "address" } as const;

/** dPosition is dContent where only their sum was asked for; sums: one block a part. */
export const attentionGrad = {
  ...axis,
  dContent: "address",
  dPosition: "address",
  dQkv: "address",
  sums: "address",
  sumBytes: "bytes",
} as const;

const statisticsGrad = {
  mean: "address",
  dMean: "address",
  dVariance: "address",
  dQkv: "address",
  adds: "flag",
} as const;

export const attentionSignatures = {
  axialAttention: attention,
  axialAttentionGrad: attentionGrad,
  localAttention: attention,
  localAttentionGrad: attentionGrad,
  crissCrossAttention: { ...axis, output: "address", moments: "address", columns: "flag" },
  crissCrossAttentionGrad: { ...attentionGrad, output: "address", moments: "address", columns: "flag" },
  /** skipped: rows of a table that lie before the first offset. */
  attentionGradSum: {
    sums: "address",
    sumBytes: "bytes",
    shares: "count",
    heads: "count",
    keyDepth: "count",
    valueDepth: "count",
    offsets: "count",
    tableRows: "count",
    skipped: "count",
    dQueryTable: "address",
    dKeyTable: "address",
    dValueTable: "address",
    dScales: "address",
  },
  /** sums: of a part [3 terms][3 moments][N] of float64. */
  axialSimilarityStatistics: { ...axis, byGram: "flag", sums: "address", sumBytes: "bytes" },
  /** adds: to what dQkv holds. sums: of a part those for query encodings, then those for key encodings. */
  axialSimilarityStatisticsGrad: { ...axis, byGram: "flag", ...statisticsGrad, sums: "address", sumBytes: "bytes" },
  /** scratch: (L + 1) (1 + Dq) Dq numbers of float64. */
  axialSimilarityStatisticsGradSum: {
    byGram: "flag",
    sums: "address",
    sumBytes: "bytes",
    shares: "count",
    length: "count",
    keyDepth: "count",
    before: "count",
    after: "count",
    queryTable: "address",
    keyTable: "address",
    dQueryTable: "address",
    dKeyTable: "address",
    scratch: "address",
  },
  localSimilarityStatistics: { ...axis, sums: "address", sumBytes: "bytes" },
  /** sums: of a part offsets rows of [2 Dq + Dv][4 lanes]. */
  localSimilarityStatisticsGrad: { ...axis, ...statisticsGrad, sums: "address", sumBytes: "bytes" },
  similarityStatisticsSum: {
    sums: "address",
    sumBytes: "bytes",
    shares: "count",
    heads: "count",
    pairs: "double",
    mean: "address",
    variance: "address",
  },

  /** Writes as float64 how many bytes of scratch memory the thread's last kernel of attention has left of its part. */
  scratchLeft: { bytes: "address" },
} as const satisfies Signatures;
