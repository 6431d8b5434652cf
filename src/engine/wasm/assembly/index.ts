/** The kernel module: what is exported here can be run by name (see ../pool.ts). */
export * from "./attention-gradient-sum";
export * from "./axial-attention";
export * from "./axial-attention-gradient";
export { batchNormApply, batchNormMoments, batchNormScale, batchNormStatistics } from "./batch-norm";
export * from "./batch-norm-gradient";
export { crissCrossAttention, crissCrossAttentionGradient } from "./criss-cross-attention";
export * from "./local-attention";
export * from "./local-attention-gradient";
export * from "./relu";
export * from "./matrix-product";
export * from "./convolution";
export * from "./convolution-filter";
export { padImages } from "./image-padding";
export * from "./similarity-statistics";
export * from "./similarity-statistics-gradient";
export * from "./similarity-statistics-sums";
export { momentUpdate, momentumUpdate, moveTowards } from "./optimizer-update";
