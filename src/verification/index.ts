/** Equality with published implementations, case by case. */
export { readCase, type ReferenceCase } from "./case.js";
export type { Values } from "./values.js";
export { compareAll, relativeError, viewAsStored, wholeName, type Comparison } from "./compare.js";
export type { CaseReport } from "./report.js";
export { isCaseFile, readTrial, type Trial } from "./trial.js";
export { verifyCase } from "./verify.js";
