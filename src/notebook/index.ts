/** `axial.notebook`: what code in a cell may do with the notebook that it runs in. */
export {
  clearOutput,
  display,
  displayOf,
  isLive,
  onCommOpen,
  openComm,
  prompt,
  type CommArgs,
  type Display,
  type DisplayArgs,
} from "./live.js";
export { progress, type Progress, type ProgressArgs } from "./progress.js";
export type { Comm, CommMessage, MimeBundle } from "../core/kernel-host.js";
