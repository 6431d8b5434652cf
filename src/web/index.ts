/**
 * `axial-lab/web`: layers, models and the engine for a page, in one module without anything of Node. Re-exports only.
 *
 *     import { classify, loadNet } from "axial-lab/web";
 *
 *     const net = await loadNet("model/net.safetensors");       // what `npx axial-lab export RUN --to web DIR` wrote
 *     const { ranked } = await classify(file, net);              // a File, a picture, a canvas
 */
export * as tf from "./tfjs.js";
export { ConfigError, FileError, ShapeError, UnsupportedError } from "../core/errors.js";
export * as functions from "../functions/index.js";
export * as inspection from "../inspection/index.js";
export * as layers from "../layers/index.js";
export * as models from "../models/index.js";
export { classify, loadNet, look, type Classified, type Look, type Net, type NetText } from "./classify.js";
export { start, stop, type PageEngineOptions, type PageEngineReport } from "./engine.js";
export { preparePhoto, type Photo, type PreparedPhoto } from "./photo.js";
