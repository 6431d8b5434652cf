/** Layers of TensorFlow.js in a line; models of them with one row a layer, as `model.summary()` prints it. */
import type { MimeBundle } from "../../../core/kernel-host.js";
import { htmlTable, textTable } from "./text.js";

interface LayerLike {
  name: string;
  getClassName(): string;
  outputShape: unknown;
  countParams(): number;
}

interface ModelLike {
  name: string;
  layers: LayerLike[];
  countParams(): number;
  trainableWeights: { shape: number[] }[];
}

export function isModel(value: unknown): value is ModelLike {
  if (typeof value !== "object" || value === null) return false;
  const model = value as Partial<ModelLike>;
  return (
    Array.isArray(model.layers) && typeof model.countParams === "function" && Array.isArray(model.trainableWeights)
  );
}

export function isLayer(value: unknown): value is LayerLike {
  if (typeof value !== "object" || value === null) return false;
  const layer = value as Partial<LayerLike>;
  return (
    typeof layer.name === "string" &&
    typeof layer.getClassName === "function" &&
    typeof layer.countParams === "function"
  );
}

export function layerLine(layer: LayerLike): string {
  const head = `${layer.getClassName()} ${JSON.stringify(layer.name)}`;
  try {
    return `${head}, ${layer.countParams()} parameters`;
  } catch {
    return `${head}, not built`;
  }
}

export function modelLine(model: ModelLike): string {
  const trainable = model.trainableWeights.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  return `${model.name}: ${model.layers.length} layers, ${model.countParams()} parameters, ${trainable} of them trainable`;
}

export function modelBundle(model: ModelLike): MimeBundle {
  const head = ["layer", "type", "output shape", "parameters"];
  const rows = model.layers.map((layer) => [
    layer.name,
    layer.getClassName(),
    shapeText(layer),
    String(layer.countParams()),
  ]);
  const caption = modelLine(model);
  return { "text/plain": `${caption}\n${textTable(head, rows)}`, "text/html": htmlTable(head, rows, caption) };
}

function shapeText(layer: LayerLike): string {
  try {
    return JSON.stringify(layer.outputShape).replaceAll(",", ", ").replaceAll("null", "?");
  } catch {
    // A layer used more than once has no one output shape, and says so by throwing.
    return "several";
  }
}
