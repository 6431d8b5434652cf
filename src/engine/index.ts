/** The engine: which backend runs the tensors, our kernels on it, and what it uses. Re-exports only. */
export {
  memory,
  peakHeapDuring,
  report,
  start,
  stop,
  type BackendName,
  type EngineMemory,
  type EngineOptions,
  type EngineReport,
} from "./backend.js";
export { fastestRun, type FastestRunOptions } from "./fastest-run.js";
export { gradientsWithin, variableGrads, type OnGradientPart } from "./gradients.js";
export { nativeBackends, packageOf, whyAbsent, type NativeBackend } from "./native.js";
export { buildNative } from "./native/build.js";
export { engineChoices, type EngineChoice } from "./native/choice.js";
export { findLibrary } from "./native/library.js";
export { profileStep, type KernelProfile, type ProfileOptions, type StepProfile } from "./profile.js";
export { ready } from "./ready.js";
export { verifiedBackends } from "./verified.js";
export type { HeapUse } from "./wasm/heap.js";
export { measureMatrixPeak, measureMemoryPeak, type PeakOptions } from "./wasm/machine-peaks.js";
