export * from "./safetensors.js";
export * from "./torch-checkpoint.js";
