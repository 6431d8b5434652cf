/** The parameters of plain multi-head attention along one axis, for every layer that has some. */
import type * as tf from "@tensorflow/tfjs";
import type { AxisAttentionOptions, AxisParameters } from "../functions/nd-axial-attention.js";
import { uniformWithin } from "./initializers.js";
import type { AddWeight } from "./layer.js";

/** How many random variables there are: what the next one counts on from. */
export const axisDraws = 3;

/**
 * Adds the parameters of one axis to a layer, initialised as PyTorch's `Linear`: uniform within 1 / sqrt(fan in).
 *
 * @param draw the number of the first of {@link axisDraws} random variables
 */
export function addAxisParameters(
  add: AddWeight,
  prefix: string,
  { filters, heads, keyDepth, valueDepth }: AxisAttentionOptions & { readonly filters: number },
  { seed, draw }: { readonly seed: number | undefined; readonly draw: number },
): AxisParameters<tf.LayerVariable> {
  const projected = heads * (2 * keyDepth + valueDepth);
  const retrieved = heads * valueDepth;
  return {
    projection: add(`${prefix}projection`, [filters, projected], uniformWithin(filters, seed, draw), true),
    output: add(`${prefix}output`, [retrieved, filters], uniformWithin(retrieved, seed, draw + 1), true),
    bias: add(`${prefix}bias`, [filters], uniformWithin(retrieved, seed, draw + 2), true),
  };
}

/** The tensors behind the parameters of a layer. */
export function readParameters(parameters: AxisParameters<tf.LayerVariable>): AxisParameters {
  const { projection, output, bias } = parameters;
  return { projection: projection.read(), output: output.read(), bias: bias.read() };
}
