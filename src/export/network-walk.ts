/**
 * The walk through a network that every form of export shares: each layer once, batch norms folded, told in the few words
 * that a {@link NetworkForm} writes down.
 */
import type * as tf from "@tensorflow/tfjs";
import { UnsupportedError } from "../core/errors.js";
import { CrissCrossAttention, SelfAttention, ValueMixtureAttention } from "../layers/index.js";
import { LayerWeights, type Affine } from "./layer-weights.js";

/** A convolution with (k - 1) / 2 * dilation zeros on every side. */
export interface ConvolutionPart {
  /** [k, k, channels / groups, filters] */
  readonly kernel: Float32Array;
  readonly shape: readonly [side: number, side: number, channels: number, filters: number];
  /** [filters] */
  readonly bias: Float32Array | null;
  readonly stride: number;
  readonly dilation: number;
  readonly groups: number;
}

export interface MaxPoolPart {
  readonly size: number;
  readonly stride: number;
  readonly padding: number;
  readonly ceil: boolean;
}

export interface DensePart {
  /** [inputs, units] */
  readonly kernel: Float32Array;
  readonly shape: readonly [inputs: number, units: number];
  readonly bias: Float32Array;
}

/** How one form of export writes the parts of a network; every method gives the value that the part computes. */
export interface NetworkForm<Value> {
  /** As `--to` names it. */
  readonly form: string;
  convolution(name: string, x: Value, part: ConvolutionPart): Value;
  /** Channel by channel. */
  affine(name: string, x: Value, affine: Affine): Value;
  add(name: string, x: Value, y: Value): Value;
  relu(name: string, x: Value): Value;
  leakyRelu(name: string, x: Value, alpha: number): Value;
  maxPool(name: string, x: Value, part: MaxPoolPart): Value;
  /** The mean of the whole map, which becomes one place, or of a window at every place where it fits. */
  averagePool(name: string, x: Value, window: "all" | readonly [number, number]): Value;
  /** Means of windows side by side; a last one that reaches beyond the map is dropped, or the mean of what it holds. */
  averageWindows(name: string, x: Value, stride: number, remainder: "drop" | "keep"): Value;
  /** Every so many rows and columns. */
  subsample(name: string, x: Value, strides: readonly [number, number]): Value;
  /** Bilinear, corners on corners, to the height and width of another map. */
  resizeLike(name: string, x: Value, like: Value): Value;
  concatenate(name: string, maps: readonly Value[]): Value;
  /** [B, H, W, C] to [B, C]. */
  globalAverage(name: string, x: Value): Value;
  dense(name: string, x: Value, part: DensePart): Value;
  /** Before pooling and activation. */
  selfAttention(layer: SelfAttention, x: Value): Value;
  crissCrossAttention(layer: CrissCrossAttention, x: Value): Value;
  valueMixtureAttention(layer: ValueMixtureAttention, x: Value): Value;
}

interface Source {
  readonly sourceLayer: tf.layers.Layer;
  readonly inputs: tf.SymbolicTensor[];
}

type Config = Readonly<Record<string, unknown>>;

/** Tells a form the layers of a network, from the outputs back to the input. */
export class NetworkWalk<Value> {
  private readonly values = new Map<tf.SymbolicTensor, Value>();

  /** @param input what the form calls the network's input */
  constructor(
    private readonly form: NetworkForm<Value>,
    [tensor, input]: readonly [tf.SymbolicTensor, Value],
  ) {
    this.values.set(tensor, input);
  }

  /**
   * The value of a symbolic tensor, told with all that it depends on.
   *
   * @throws UnsupportedError at a layer that no network of ours has, by its name
   */
  value(tensor: tf.SymbolicTensor): Value {
    const known = this.values.get(tensor);
    if (known !== undefined) return known;
    const { sourceLayer, inputs } = tensor as unknown as Source;
    const value = this.tell(sourceLayer, inputs);
    this.values.set(tensor, value);
    return value;
  }

  private tell(layer: tf.layers.Layer, inputs: readonly tf.SymbolicTensor[]): Value {
    const { form } = this;
    const { name } = layer;
    const config: Config = layer.getConfig();
    if (layer instanceof SelfAttention) return this.attention(layer as SelfAttention, inputs[0], config);
    const x = (): Value => this.value(inputs[0]);
    if (layer instanceof CrissCrossAttention) return form.crissCrossAttention(layer, x());
    if (layer instanceof ValueMixtureAttention) return form.valueMixtureAttention(layer, x());
    switch (layer.getClassName()) {
      case "Convolution":
        return this.convolution(layer, inputs[0], null);
      case "BatchNorm":
        return this.batchNorm(layer, inputs, config);
      case "MaxPool": {
        const { size = 3, stride = 2, padding = (size - 1) >> 1 } = config as Record<string, number | undefined>;
        return form.maxPool(name, x(), { size, stride, padding, ceil: config.ceil === true });
      }
      case "AveragePool":
        if (config.stride !== undefined) return form.averageWindows(name, x(), config.stride as number, "keep");
        return form.averagePool(name, x(), (config.window as "all" | [number, number] | undefined) ?? "all");
      case "Subsample":
        return form.subsample(name, x(), config.strides as [number, number]);
      case "ResizeLike":
        return form.resizeLike(name, x(), this.value(inputs[1]));
      case "ChannelDropout": // Drops nothing but in training.
      case "Dropout":
        return x();
      case "LeakyReLU":
        return form.leakyRelu(name, x(), config.alpha as number);
      case "Concatenate": {
        const maps = inputs.map((input) => this.value(input));
        return form.concatenate(name, maps);
      }
      case "GlobalAveragePooling2D":
        return form.globalAverage(name, x());
      case "Dense":
        if (config.activation === "linear" && config.useBias !== false) return form.dense(name, x(), denseOf(layer));
        break;
    }
    throw new UnsupportedError(
      `export to ${form.form}: every layer must have a form there, got ${name} (${layer.getClassName()}); nothing was written`,
    );
  }

  /** With the batch norm that follows, where one does, in the kernel and a bias. */
  private convolution(layer: tf.layers.Layer, input: tf.SymbolicTensor, norm: Affine | null): Value {
    const { stride = 1, groups = 1, dilation = 1 } = layer.getConfig() as Record<string, number | undefined>;
    const weights = new LayerWeights(layer);
    const shape = weights.shape("kernel") as ConvolutionPart["shape"];
    const filters = shape[3];
    const kernel = weights.read("kernel");
    const own = weights.has("bias") ? weights.read("bias") : null;
    const part =
      norm === null
        ? { kernel, bias: own }
        : {
            kernel: kernel.map((value, i) => value * norm.scale[i % filters]),
            bias: norm.shift.map((shift, i) => shift + (own?.[i] ?? 0) * norm.scale[i]),
          };
    return this.form.convolution(layer.name, this.value(input), { ...part, shape, stride, dilation, groups });
  }

  private batchNorm(layer: tf.layers.Layer, [input, residual]: readonly tf.SymbolicTensor[], config: Config): Value {
    const { form } = this;
    const norm = new LayerWeights(layer).norm("")!;
    const { sourceLayer, inputs } = input as unknown as Source;
    const foldable = sourceLayer.getClassName() === "Convolution" && sourceLayer.outboundNodes.length === 1;
    let y = foldable
      ? this.convolution(sourceLayer, inputs[0], norm)
      : form.affine(layer.name, this.value(input), norm);
    if (residual !== undefined) y = form.add(`${layer.name}/sum`, y, this.value(residual));
    return config.activation === "relu" ? form.relu(`${layer.name}/relu`, y) : y;
  }

  private attention(layer: SelfAttention, input: tf.SymbolicTensor, config: Config): Value {
    const { form } = this;
    const { name } = layer;
    const { stride = 1, strideRemainder = "drop" } = config as { stride?: number; strideRemainder?: "drop" | "keep" };
    const attended = form.selfAttention(layer, this.value(input));
    const pooled = stride === 1 ? attended : form.averageWindows(`${name}/pool`, attended, stride, strideRemainder);
    return config.activation === "relu" ? form.relu(`${name}/relu`, pooled) : pooled;
  }
}

function denseOf(layer: tf.layers.Layer): DensePart {
  const weights = new LayerWeights(layer);
  const shape = weights.shape("kernel") as DensePart["shape"];
  return { kernel: weights.read("kernel"), shape, bias: weights.read("bias") };
}
