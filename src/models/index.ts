/** Models as plain data, and what builds and counts them. Re-exports only. */
export * from "./attention-resnet.js";
export * from "./autoregressive-axial-transformer.js";
export * from "./axial-deeplab.js";
export * from "./axial-resnet.js";
export * from "./ccnet.js";
export * from "./config.js";
export * from "./deeplab2.js";
export * from "./network.js";
export * from "./paper.js";
export * from "./resize.js";
export * from "./resnet.js";
export * from "./summary.js";
export * from "./zoo.js";
