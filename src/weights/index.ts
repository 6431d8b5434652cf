/** Weights: file formats, and the correspondences to published models. Re-exports only. */
export { load, save, type LoadOptions, type LoadReport } from "./checkpoints.js";
export { families } from "./choice.js";
export { decodeSafetensors, type Safetensors } from "./safetensors-format.js";
export { encodeSafetensors, readSafetensors, writeSafetensors } from "./safetensors.js";
export { toFloat32, type Dtype, type StoredTensor, type TensorData } from "./dtypes.js";
