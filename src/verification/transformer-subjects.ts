/**
 * The counterparts of lucidrains/axial-attention's layer, position embedding and image transformer, and of speedinghzl/CCNet's
 * criss-cross attention. Built from the constructor's arguments alone.
 */
import * as tf from "@tensorflow/tfjs";
import { ConfigError } from "../core/errors.js";
import {
  AxialImageTransformer,
  AxialPositionEmbedding,
  CrissCrossAttention,
  NdAxialAttention,
  type AxialAttention,
} from "../layers/index.js";
import type { Link } from "../weights/correspondence.js";
import type { WeightShapes } from "../weights/families.js";
import {
  axialImageTransformerLinks,
  axialPositionLinks,
  crissCrossLinks,
  ndAxialAttentionLinks,
} from "../weights/transformer-families.js";
import type { ReferenceCase } from "./case.js";
import { argument, inLayout, shapesOf, type Subject, type SubjectBuilder } from "./subject.js";

/** An argument that may be null in the original. */
function optionalNumber(reference: ReferenceCase, key: string): number | undefined {
  const value = reference.args[key];
  return value === null || value === undefined ? undefined : argument(reference, key, "number");
}

function sizes(reference: ReferenceCase, key: string): number[] | null {
  const value = reference.args[key] ?? null;
  if (value !== null && !(Array.isArray(value) && value.every(Number.isInteger)))
    throw new ConfigError(
      `verify ${reference.name}: args.${key} must be a list of sizes or null, got ${JSON.stringify(value)}; make the file again`,
    );
  return value as number[] | null;
}

/** Channel axis of the whole tensor, counted from the start. */
const fromStart = (index: number, rank: number): number => (index < 0 ? index + rank : index);

/** A layer that takes the tensor as the case lays it out. */
function layerSubject(
  { input }: ReferenceCase,
  layer: tf.layers.Layer,
  linksOf: (shapes: WeightShapes) => Link[],
  apply = (x: tf.Tensor, training: boolean) => layer.apply(x, { training }) as tf.Tensor,
): Subject {
  tf.tidy(() => void apply(tf.zeros([...input.shape]), false));
  return {
    weights: layer.weights,
    links: linksOf(shapesOf(layer.weights)),
    apply: (x, { training }) => ({ output: apply(x, training), activations: {} }),
    attention: new Map<string, AxialAttention>(),
    dispose: () => void layer.dispose(),
  };
}

const axialAttention: SubjectBuilder = (reference) => {
  const axes = argument(reference, "num_dimensions", "number");
  const heads = argument(reference, "heads", "number");
  const layer = new NdAxialAttention({
    name: "layer",
    filters: argument(reference, "dim", "number"),
    axes,
    heads,
    keyDepth: optionalNumber(reference, "dim_heads"),
    channelAxis: argument(reference, "dim_index", "number"),
    combine: argument(reference, "sum_axial_out", "boolean") ? "sum" : "sequence",
  });
  return layerSubject(reference, layer, (shapes) => ndAxialAttentionLinks("layer", axes, heads, shapes));
};

const positionEmbedding: SubjectBuilder = (reference) => {
  const shape = sizes(reference, "shape") ?? [];
  const rank = shape.length + 2;
  const channelAxis = fromStart(argument(reference, "emb_dim_index", "number"), rank);
  const layer = new AxialPositionEmbedding({
    name: "layer",
    filters: argument(reference, "dim", "number"),
    shape,
    channelAxis,
  });
  const tables = shape.map((_, axis) => `layer/table_${axis}`);
  return layerSubject(reference, layer, (shapes) => axialPositionLinks("", tables, { rank, channelAxis }, shapes));
};

const imageTransformer: SubjectBuilder = (reference) => {
  const depth = argument(reference, "depth", "number");
  const heads = argument(reference, "heads", "number");
  const reversible = argument(reference, "reversible", "boolean");
  const channelAxis = fromStart(argument(reference, "dim_index", "number"), 4);
  const layer = new AxialImageTransformer({
    name: "layer",
    filters: argument(reference, "dim", "number"),
    depth,
    heads,
    keyDepth: optionalNumber(reference, "dim_heads"),
    channelAxis,
    reversible,
    positionShape: sizes(reference, "axial_pos_emb_shape") as [number, number] | null,
  });
  return layerSubject(reference, layer, (shapes) =>
    axialImageTransformerLinks("layer", { depth, heads, channelAxis, reversible }, shapes),
  );
};

const crissCross: SubjectBuilder = (reference) => {
  const layer = new CrissCrossAttention({
    name: "layer",
    keyDepth: argument(reference, "in_dim", "number") >> 3,
    recurrence: reference.recurrence,
  });
  return layerSubject(
    reference,
    layer,
    (shapes) => crissCrossLinks({ foreign: "", own: "layer" }, shapes),
    (x, training) => inLayout(reference.layout, x, (nhwc) => layer.apply(nhwc, { training }) as tf.Tensor),
  );
};

export const transformerSubjects: Readonly<Record<string, SubjectBuilder>> = {
  "lucidrains/axial-attention AxialAttention": axialAttention,
  "lucidrains/axial-attention AxialPositionalEmbedding": positionEmbedding,
  "lucidrains/axial-attention AxialImageTransformer": imageTransformer,
  "speedinghzl/CCNet CrissCrossAttention": crissCross,
};
