/** Models as plain data, and what builds them. Re-exports only. */
export * from "./autoregressive-axial-transformer.js";
export * from "./axial-resnet.js";
export * from "./config.js";
export * from "./residual-block.js";
export * from "./resnet.js";
export * from "./zoo.js";
