/** The kernel module: what is exported here can be run by name (see ../pool.ts). */
export * from "./relu";
export * from "./axial-attention";
export * from "./axial-attention-gradient";
