/** Models that leave the house: files that other programs run. Re-exports only. */
export { onnxModel, saveOnnx, type OnnxOptions } from "./onnx.js";
export { saveTfjs, tfjsModel, type TfjsOptions } from "./tfjs.js";
