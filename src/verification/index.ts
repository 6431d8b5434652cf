/** Equality with published implementations, case by case. */
export { readCase, type ReferenceCase, type Values } from "./case.js";
export { compareAll, relativeError, viewAsStored, wholeName, type Comparison } from "./compare.js";
export type { CaseReport } from "./report.js";
export { isCaseFile, readTrial, type Trial } from "./trial.js";
export { verifyCase } from "./verify.js";
