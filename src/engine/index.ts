/** The engine: which backend runs the tensors, our kernels on it, and what it uses. */
export * from "./backend.js";
export * from "./gradients.js";
export * from "./native.js";
export { buildNative } from "./native/build.js";
export { engineChoices, type EngineChoice } from "./native/choice.js";
export { findLibrary } from "./native/library.js";
export * from "./ops/axial-attention.js";
export * from "./ops/local-attention.js";
export * from "./ops/criss-cross-attention.js";
export * from "./profile.js";
export { ready } from "./ready.js";
export type { HeapUse } from "./wasm/heap.js";
export { measureMatrixPeak } from "./wasm/matrix-peak.js";
