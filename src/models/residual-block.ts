/**
 * The bottleneck block with a slot for the operator that mixes places:
 *
 *     1 x 1 convolution, norm, ReLU;  operator, ReLU;  1 x 1 convolution, norm (gamma 0);  + shortcut, ReLU
 */
import type * as tf from "@tensorflow/tfjs";
import { AxialAttention, BatchNorm, Convolution, type BatchNormPreset } from "../layers/index.js";
import { strided, type AxialOperator, type BlockConfig, type ConvolutionOperator } from "./config.js";

/** A feature map in the making, and its side in the images that the model is made for. */
export interface Features {
  readonly tensor: tf.SymbolicTensor;
  readonly side: number;
}

/** What all parts of one model share while it is built. */
export interface Builder {
  readonly constants: BatchNormPreset;
  /** The next seed of initial weights; undefined where they are random. */
  readonly seed: () => number | undefined;
}

/** @returns a function that counts up from the seed, with room for the weights of one layer between two answers. */
export function seeds(seed: number | undefined): Builder["seed"] {
  let next = seed;
  return () => (next === undefined ? undefined : (next += 16));
}

const apply = (layer: tf.layers.Layer, ...inputs: tf.SymbolicTensor[]): tf.SymbolicTensor =>
  layer.apply(inputs.length === 1 ? inputs[0] : inputs) as tf.SymbolicTensor;

/** [B, H, W, C] to [B, H / stride, W / stride, filters]; odd sizes round up. */
export function applyBottleneck(name: string, input: Features, block: BlockConfig, builder: Builder): Features {
  const { width, filters, stride, operator, strideOn = "operator" } = block;
  const { constants, seed } = builder;
  const convolution = (part: string, filters: number, stride = 1) =>
    new Convolution({ name: `${name}.${part}`, filters, stride, seed: seed() });
  const first = strideOn === "reduce" ? stride : 1;

  let x = apply(convolution("reduce", width, first), input.tensor);
  x = apply(new BatchNorm({ name: `${name}.reduce_norm`, constants, activation: "relu" }), x); // [B, H / first, W / first, width]
  x = applyOperator(
    name,
    { tensor: x, side: strided(input.side, first) },
    { operator, width, stride: stride / first },
    builder,
  );
  x = apply(convolution("expand", filters), x); // [B, H / stride, W / stride, filters]

  let shortcut = input.tensor;
  if (block.projectShortcut ?? (stride !== 1 || input.tensor.shape[3] !== filters)) {
    shortcut = apply(convolution("shortcut", filters, stride), shortcut);
    shortcut = apply(new BatchNorm({ name: `${name}.shortcut_norm`, constants }), shortcut);
  }
  const last = new BatchNorm({ name: `${name}.expand_norm`, constants, zeroGamma: true, activation: "relu" });
  return { tensor: apply(last, x, shortcut), side: strided(input.side, stride) };
}

/** What an operator is told of its block. */
interface Slot<Operator> {
  readonly operator: Operator;
  readonly width: number;
  readonly stride: number;
}

function applyOperator(
  name: string,
  input: Features,
  { operator, ...rest }: Slot<BlockConfig["operator"]>,
  builder: Builder,
): tf.SymbolicTensor {
  switch (operator.kind) {
    case "convolution":
      return applyConvolution(name, input, { operator, ...rest }, builder);
    case "axial":
      return applyAxial(name, input, { operator, ...rest }, builder);
  }
}

/** k x k convolution, norm, ReLU: the stride lies here, not on the first 1 x 1 ("ResNet v1.5"). */
function applyConvolution(
  name: string,
  input: Features,
  { operator, width, stride }: Slot<ConvolutionOperator>,
  { constants, seed }: Builder,
): tf.SymbolicTensor {
  const { kernelSize = 3, groups = 1 } = operator;
  const layer = new Convolution({ name: `${name}.spatial`, filters: width, kernelSize, stride, groups, seed: seed() });
  return apply(
    new BatchNorm({ name: `${name}.spatial_norm`, constants, activation: "relu" }),
    apply(layer, input.tensor),
  );
}

/** Height attention, width attention, average pooling by the stride, ReLU. The norms are inside the attention layers. */
function applyAxial(
  name: string,
  input: Features,
  { operator, width, stride }: Slot<AxialOperator>,
  { constants, seed }: Builder,
): tf.SymbolicTensor {
  const { heads, span = "global", tableSpan = input.side, position, norms } = operator;
  const tables = typeof span === "number" ? { span } : { span, tableSpan };
  const shared = { filters: width, heads, position, norms, constants, ...tables };
  const height = new AxialAttention({ ...shared, name: `${name}.height`, axis: "height", seed: seed() });
  const across = new AxialAttention({
    ...shared,
    name: `${name}.width`,
    axis: "width",
    stride,
    strideRemainder: "keep",
    activation: "relu",
    seed: seed(),
  });
  return apply(across, apply(height, input.tensor));
}
