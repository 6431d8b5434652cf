/** Attention layers, and what they are made of. Re-exports only. */
export * from "./attention.js";
export * from "./axial-attention.js";
export * from "./axial-image-transformer.js";
export * from "./axial-position.js";
export * from "./batch-norm.js";
export * from "./convolution.js";
export * from "./criss-cross-attention.js";
export * from "./global-attention.js";
export * from "./layer-norm.js";
export * from "./local-attention.js";
export * from "./nd-axial-attention.js";
export * from "./normalization.js";
export * from "./pooling.js";
export * from "./relative-position.js";
export * from "./reversible.js";
export * from "./self-attention.js";
export * from "./windowed-attention.js";
