/** axial-lab: the public API. Re-exports only. */
export * from "./inspection/attention-weights.js";
export * as data from "./data/index.js";
export * as engine from "./engine/index.js";
export * from "./core/errors.js";
export * as exchange from "./exchange/index.js";
export * as export from "./export/index.js";
export * from "./inspection/inspect.js";
export * as layers from "./layers/index.js";
export * as models from "./models/index.js";
export * as panoptic from "./panoptic/index.js";
export * as training from "./training/index.js";
export * as weights from "./weights/index.js";
export * as widgets from "../widgets/index.js";
