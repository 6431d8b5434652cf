/**
 * What each kernel of the module takes: names and types in the order of its argument slots, each a float64, in which
 * addresses (up to 2^32) and sizes are exact. The one place where that is said. From it come the names that a kernel is
 * called with (pool.ts), the functions that read them in AssemblyScript (assembly/slots.ts) and the constants of a native
 * engine (slots.rs), written by assembly/build.mjs.
 */

/**
 * address: of a tensor's or scratch memory's first byte; 0 where there is none. bytes: a distance in memory. count: a
 * size, an index or a choice, may be negative. flag: 0 or 1. real: float32. double: float64. counter: 0 at first; what
 * threads take tasks by.
 */
export type SlotType = "address" | "bytes" | "count" | "flag" | "real" | "double" | "counter";

/** Attention: [O, L, I, C] or images [B, H, W, C]; scratch is one block a part. */
const axis = {
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
const attentionGrad = {
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

/** Windows over images [B, H, W, C], to [B, P, Q, C]. */
const windows = {
  batch: "count",
  height: "count",
  width: "count",
  channels: "count",
  outputHeight: "count",
  outputWidth: "count",
  windowHeight: "count",
  windowWidth: "count",
  strideHeight: "count",
  strideWidth: "count",
  padTop: "count",
  padLeft: "count",
} as const;

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

/** Of a convolution of every channel by itself. */
const channelWindows = {
  images: "count",
  height: "count",
  width: "count",
  channels: "count",
  outputRows: "count",
  outputColumns: "count",
  windowRows: "count",
  windowColumns: "count",
  strideY: "count",
  strideX: "count",
  dilationY: "count",
  dilationX: "count",
  padTop: "count",
  padLeft: "count",
} as const;

const epilogue = { shift: "address", residual: "address", relu: "flag" } as const;
/** Memory of each thread. */
const workspace = { workspace: "address", workspaceBytes: "bytes", counter: "counter" } as const;

export const signatures = {
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

  /** Entry i of the batch takes matrix (i / divisorA) % countA of A, and so of B. */
  matrixProduct: {
    a: "address",
    b: "address",
    c: "address",
    batch: "count",
    rows: "count",
    columns: "count",
    depth: "count",
    divisorA: "count",
    countA: "count",
    divisorB: "count",
    countB: "count",
    transposeA: "flag",
    transposeB: "flag",
    rowsPerTask: "count",
    columnsPerTask: "count",
    depthPerBlock: "count",
    ...epilogue,
    ...workspace,
  },
  /**
   * originY, originX: place in x of the first tap of output (0, 0). bandWidth: in pixels, 0 to read x in place. taps: for
   * each the byte offset in band or image, then in w, uint32.
   */
  convolution: {
    x: "address",
    w: "address",
    y: "address",
    images: "count",
    height: "count",
    width: "count",
    channels: "count",
    groupChannels: "count",
    groups: "count",
    outputRows: "count",
    outputColumns: "count",
    strideY: "count",
    strideX: "count",
    originY: "count",
    originX: "count",
    tapRows: "count",
    bandWidth: "count",
    imageStep: "bytes",
    rowStep: "bytes",
    columnStep: "bytes",
    start: "bytes",
    tapCount: "count",
    run: "count",
    taps: "address",
    filterRowBytes: "bytes",
    transposed: "flag",
    groupColumns: "count",
    groupBytes: "bytes",
    columnsPerTask: "count",
    rowsPerTask: "count",
    ...epilogue,
    ...workspace,
  },
  /** dw: one for each pixel share where there are more than one. */
  convolutionFilterGrad: {
    x: "address",
    dy: "address",
    dw: "address",
    images: "count",
    height: "count",
    width: "count",
    channels: "count",
    groupChannels: "count",
    groups: "count",
    outputRows: "count",
    outputColumns: "count",
    strideY: "count",
    strideX: "count",
    padTop: "count",
    padLeft: "count",
    windowRows: "count",
    windowColumns: "count",
    dilationY: "count",
    dilationX: "count",
    outputChannels: "count",
    groupColumns: "count",
    pixelShares: "count",
    rowShares: "count",
    pixelsPerBlock: "count",
    rowsPerBlock: "count",
    ...workspace,
  },
  /** mirrored: the window is read from its end on. */
  depthwiseConvolution: { ...channelWindows, x: "address", w: "address", y: "address", mirrored: "flag", ...epilogue },
  /** dw: one for each pixel share where there are more than one. */
  depthwiseFilterGrad: { ...channelWindows, x: "address", dy: "address", dw: "address", pixelShares: "count" },
  sumShares: { shares: "address", total: "address", count: "count", shareCount: "count" },
  padImages: {
    x: "address",
    y: "address",
    images: "count",
    height: "count",
    width: "count",
    channels: "count",
    top: "count",
    left: "count",
    rows: "count",
    columns: "count",
  },

  maxPool: { ...windows, x: "address", y: "address" },
  maxPoolGrad: { ...windows, x: "address", y: "address", dy: "address", dx: "address" },
  averagePool: { ...windows, x: "address", y: "address" },
  averagePoolGrad: { ...windows, dy: "address", dx: "address" },

  copyBlocks: {
    source: "address",
    target: "address",
    bytes: "bytes",
    size0: "count",
    size1: "count",
    size2: "count",
    sourceStride0: "bytes",
    sourceStride1: "bytes",
    sourceStride2: "bytes",
    targetStride0: "bytes",
    targetStride1: "bytes",
    targetStride2: "bytes",
  },
  fillValues: { target: "address", count: "count", value: "real" },
  transposeMatrices: { x: "address", y: "address", outer: "count", rows: "count", columns: "count" },
  gatherRows: { table: "address", indices: "address", y: "address", count: "count", bytes: "bytes" },
  segmentSum: {
    x: "address",
    ids: "address",
    sums: "address",
    count: "count",
    channels: "count",
    segments: "count",
  },

  /** Byte strides of a and b along the three axes, 0 where they are repeated. */
  elementwiseBinary: {
    operation: "count",
    outer: "count",
    middle: "count",
    inner: "count",
    a: "address",
    aOuter: "bytes",
    aMiddle: "bytes",
    aInner: "bytes",
    b: "address",
    bOuter: "bytes",
    bMiddle: "bytes",
    bInner: "bytes",
    y: "address",
    parameter: "real",
  },
  elementwiseUnary: {
    operation: "count",
    x: "address",
    y: "address",
    count: "count",
    parameter: "real",
    second: "real",
  },
  /** elementBytes of x: 4 int32, 1 bool. */
  castToFloat: { x: "address", y: "address", count: "count", elementBytes: "count" },
  softmaxRows: { x: "address", y: "address", rows: "count", columns: "count" },
  /** partial [outer, chunks, inner] of float64. */
  reduceChunks: {
    operation: "count",
    x: "address",
    outer: "count",
    length: "count",
    inner: "count",
    chunks: "count",
    partial: "address",
  },
  reduceFinish: {
    operation: "count",
    partial: "address",
    outer: "count",
    chunks: "count",
    inner: "count",
    factor: "double",
    y: "address",
  },
  reduceTrailing: {
    operation: "count",
    x: "address",
    outer: "count",
    length: "count",
    factor: "double",
    y: "address",
  },

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

  /** Writes as float64 how many bytes of scratch memory the thread's last kernel of attention has left of its part. */
  scratchLeft: { bytes: "address" },
} as const satisfies Readonly<Record<string, Readonly<Record<string, SlotType>>>>;

/** A row of the tables that updates of weights read: one weight; or a target and its source in the first two. */
const updateRow = {
  weight: "address",
  gradient: "address",
  mean: "address",
  square: "address",
  count: "count",
  addedDecay: "real",
  shrink: "real",
} as const satisfies Readonly<Record<string, SlotType>>;

/** What several kernels begin with, and what tables hold. */
export const groups = { axis, attentionGrad, updateRow } as const;

export type KernelName = keyof typeof signatures;

/** The arguments of a kernel by name; those that threads count by are given by whoever runs it. */
export type KernelArguments<Name extends KernelName> = {
  readonly [
    Slot in keyof (typeof signatures)[Name] as (typeof signatures)[Name][Slot] extends "counter" ? never : Slot
  ]: number;
};
