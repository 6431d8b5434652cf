/** Attention layers, and what they are made of. Re-exports only. */
export * from "./attention.js";
export * from "./axial-attention.js";
export * from "./convolution.js";
export * from "./normalization.js";
export * from "./relative-position.js";
