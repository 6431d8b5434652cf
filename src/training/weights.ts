/** The weights of a model under names that stay the same from one process to the next. */
import * as tf from "@tensorflow/tfjs";
import { AxialError, FileError } from "../core/errors.js";
import type { StoredTensor } from "../weights/dtypes.js";
import type { Parameter } from "./optimizers.js";

export interface NamedWeight {
  readonly name: string;
  readonly variable: tf.Variable;
  readonly trainable: boolean;
  /** Whether it is of a layer that gives an output of the model. */
  readonly ofOutput: boolean;
}

/** Every weight of the model, trainable or not, in the model's order. */
export function namedWeights(model: tf.LayersModel): NamedWeight[] {
  const trainable = new Set(model.trainableWeights);
  const outputs = model.outputs as unknown as readonly { readonly sourceLayer: tf.layers.Layer }[];
  const ofOutputs = new Set(outputs.flatMap(({ sourceLayer }) => sourceLayer.weights));
  const weights = model.weights.map((weight) => ({
    name: weight.originalName,
    variable: weight.read() as tf.Variable,
    trainable: trainable.has(weight),
    ofOutput: ofOutputs.has(weight),
  }));
  const names = new Set(weights.map(({ name }) => name));
  if (names.size !== weights.length) {
    const twice = weights.find(({ name }, i) => weights.findIndex((other) => other.name === name) !== i);
    throw new AxialError(`train: weights must have distinct names, got ${twice?.name} twice; name the layers`);
  }
  return weights;
}

const sparedFromDecay = /gamma|beta|bias|relative|position|embedding/i;

/** A matrix, or the filters of a convolution: no bias, no scale or shift of a norm, no table of positions. */
const isKernel = ({ name, variable }: NamedWeight): boolean => variable.rank > 1 && !sparedFromDecay.test(name);

/**
 * What the optimiser trains. Weight decay applies to kernels, and not to biases, scales and shifts of norms and tables of
 * positions, whose size is no matter of capacity; `all` applies it to everything.
 */
export function parametersOf(weights: readonly NamedWeight[], decayOf: "kernels" | "all"): Parameter[] {
  return weights
    .filter(({ trainable }) => trainable)
    .map((weight) => ({
      name: weight.name,
      variable: weight.variable,
      decays: decayOf === "all" || isKernel(weight),
      hidden: isKernel(weight) && !weight.ofOutput,
    }));
}

/** Writes stored values into variables of the same names and shapes. Changes nothing unless everything fits. */
export function restoreVariables(
  variables: ReadonlyMap<string, tf.Variable>,
  stored: ReadonlyMap<string, StoredTensor>,
  where: string,
): void {
  const source = matchNames(variables, stored);
  for (const [name, variable] of variables) {
    const tensor = source.get(name);
    if (!tensor) throw new FileError(`checkpoint: ${where} must hold ${name}, got none; it is of another model`);
    if (!tf.util.arraysEqual(variable.shape, [...tensor.shape]) || tensor.dtype !== dtypes[variable.dtype]) {
      throw new FileError(
        `checkpoint: ${where} must hold ${name} as ${dtypes[variable.dtype]} [${variable.shape.join(", ")}], ` +
          `got ${tensor.dtype} [${tensor.shape.join(", ")}]; it is of another model`,
      );
    }
  }
  if (stored.size > variables.size) {
    const strange = [...stored.keys()].filter((name) => !variables.has(name));
    throw new FileError(
      `checkpoint: ${where} must hold weights of the model alone, got ${strange[0]}; it is of another model, build that one`,
    );
  }
  tf.tidy(() => {
    for (const [name, variable] of variables) {
      const { data } = source.get(name) as StoredTensor;
      variable.assign(tf.tensor(data as Float32Array, variable.shape, variable.dtype));
    }
  });
}

/**
 * The stored tensors under the model's names. Layers without a name of their own are numbered through the life of the
 * process (`dense_Dense7`), so where the numbers differ and all else agrees the order decides.
 */
function matchNames(
  variables: ReadonlyMap<string, tf.Variable>,
  stored: ReadonlyMap<string, StoredTensor>,
): ReadonlyMap<string, StoredTensor> {
  const [ours, theirs] = [[...variables.keys()], [...stored.keys()]];
  const withoutNumbers = (names: string[]): string => names.map((name) => name.replace(/\d+/g, "#")).join("\n");
  if (ours.every((name) => stored.has(name)) || withoutNumbers(ours) !== withoutNumbers(theirs)) return stored;
  return new Map([...stored.values()].map((tensor, i) => [ours[i], tensor]));
}

/** How each dtype of TensorFlow.js is stored. */
const dtypes: Partial<Record<tf.DataType, StoredTensor["dtype"]>> = { float32: "F32", int32: "I32", bool: "BOOL" };

/** The values of tensors, ready to be written. */
export async function storedTensors(
  tensors: Iterable<readonly [string, tf.Tensor]>,
): Promise<[string, StoredTensor][]> {
  const stored: [string, StoredTensor][] = [];
  for (const [name, tensor] of tensors) {
    const dtype = dtypes[tensor.dtype];
    if (!dtype)
      throw new AxialError(`checkpoint: ${name} must be float32, int32 or bool, got ${tensor.dtype}; cast it`);
    stored.push([name, { dtype, shape: tensor.shape, data: (await tensor.data()) as StoredTensor["data"] }]);
  }
  return stored;
}
