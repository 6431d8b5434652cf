/** A model run for training with the activations of its residual blocks made anew in the backward pass. */
import type * as tf from "@tensorflow/tfjs";
import { ConfigError } from "../core/errors.js";
import { rematerialized } from "../functions/rematerialize.js";

/** The residual block that a layer of `models.create` belongs to, `stage2.block1`; null where it is in none. */
const blockOf = ({ name }: tf.layers.Layer): string | null => /^stage\d+\.block\d+(?=\.)/.exec(name)?.[0] ?? null;

/** @throws ConfigError when the model has no residual blocks, or none that can be told by the names of its layers */
export function assertHasBlocks(model: tf.LayersModel): void {
  if (model.layers.some((layer) => blockOf(layer) !== null)) return;
  throw new ConfigError(
    `train: rematerialize needs layers that are named by their block, such as stage1.block1.expand, got none in ${model.name}; ` +
      `leave it out, or use microBatch to save memory`,
  );
}

/**
 * What `model.apply(inputs, { training: true })` gives, with the same running statistics and the same gradients: to the bit
 * where nothing but the next block takes what a block gives, else to the rounding of a sum in another order. Of a block
 * the input alone is kept for the backward pass, which runs the block once more.
 */
export function applyRematerialized(model: tf.LayersModel, inputs: tf.Tensor | tf.Tensor[]): tf.Tensor[] {
  const given = Array.isArray(inputs) ? inputs : [inputs];
  const values: Values = new Map(model.inputs.map(({ id }, index) => [id, given[index]]));
  const valueOf = (symbol: tf.SymbolicTensor): tf.Tensor =>
    valueIn(values, symbol, () => {
      const block = blockOf(symbol.sourceLayer);
      const entries = block === null ? [] : entriesOf(symbol, block);
      return entries.length === 1 ? applyBlock(symbol, entries[0], valueOf(entries[0])) : applyLayer(symbol, valueOf);
    });
  return model.outputs.map(valueOf);
}

/** By the ids of symbolic tensors. */
type Values = Map<number, tf.Tensor>;

function valueIn(values: Values, symbol: tf.SymbolicTensor, make: () => tf.Tensor): tf.Tensor {
  const known = values.get(symbol.id);
  if (known !== undefined) return known;
  const value = make();
  values.set(symbol.id, value);
  return value;
}

function applyLayer(symbol: tf.SymbolicTensor, valueOf: (input: tf.SymbolicTensor) => tf.Tensor): tf.Tensor {
  const inputs = symbol.inputs.map(valueOf);
  const outputs = symbol.sourceLayer.apply(inputs.length === 1 ? inputs[0] : inputs, { training: true });
  return Array.isArray(outputs) ? (outputs as tf.Tensor[])[symbol.outputTensorIndex ?? 0] : (outputs as tf.Tensor);
}

/** The layers of a block that lead to `symbol`, from `entry` on. */
function applyBlock(symbol: tf.SymbolicTensor, entry: tf.SymbolicTensor, x: tf.Tensor): tf.Tensor {
  const run = (input: tf.Tensor): tf.Tensor => {
    const values: Values = new Map([[entry.id, input]]);
    const valueOf = (inner: tf.SymbolicTensor): tf.Tensor => valueIn(values, inner, () => applyLayer(inner, valueOf));
    return valueOf(symbol);
  };
  const weights = layersBetween(symbol, entry).flatMap(({ trainableWeights }) => trainableWeights);
  return rematerialized(
    run,
    x,
    weights.map((weight) => weight.read()),
  );
}

/** The tensors from outside of its block that `symbol` depends on. */
function entriesOf(symbol: tf.SymbolicTensor, block: string): tf.SymbolicTensor[] {
  const entries = new Map<number, tf.SymbolicTensor>();
  visit(symbol, (inner) => {
    if (blockOf(inner.sourceLayer) === block) return true;
    entries.set(inner.id, inner);
    return false;
  });
  return [...entries.values()];
}

function layersBetween(symbol: tf.SymbolicTensor, entry: tf.SymbolicTensor): tf.layers.Layer[] {
  const layers = new Set<tf.layers.Layer>();
  visit(symbol, (inner) => {
    if (inner.id === entry.id) return false;
    layers.add(inner.sourceLayer);
    return true;
  });
  return [...layers];
}

/** Visits `symbol` and what it depends on, once each; beyond a tensor for which `enter` says no, nothing. */
function visit(symbol: tf.SymbolicTensor, enter: (symbol: tf.SymbolicTensor) => boolean): void {
  const seen = new Set<number>();
  const go = (inner: tf.SymbolicTensor): void => {
    if (seen.has(inner.id)) return;
    seen.add(inner.id);
    if (enter(inner)) inner.inputs.forEach(go);
  };
  go(symbol);
}
