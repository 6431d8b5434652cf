/** Equality with published implementations, case by case. Re-exports only. */
export * from "./case.js";
export * from "./compare.js";
export * from "./verify.js";
