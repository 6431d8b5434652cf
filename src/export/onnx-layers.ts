/** Every layer of a network as ONNX nodes: convolutions with their batch norms folded in, pools, heads. */
import type * as tf from "@tensorflow/tfjs";
import { UnsupportedError } from "../core/errors.js";
import { CrissCrossAttention, SelfAttention, ValueMixtureAttention } from "../layers/index.js";
import { LayerWeights, type Affine } from "./layer-weights.js";
import { attentionNodes } from "./onnx-attention.js";
import { crissCrossNodes } from "./onnx-criss-cross.js";
import type { OnnxGraph } from "./onnx-graph.js";
import { Layouts, type Value } from "./onnx-maps.js";
import { valueMixtureNodes } from "./onnx-value-mixture.js";

type Config = Readonly<Record<string, unknown>>;

/** Writes layers into a graph, from the outputs back to the inputs, each once. */
export class LayerWriter {
  private readonly values = new Map<tf.SymbolicTensor, Value>();
  private readonly layouts: Layouts;

  constructor(private readonly graph: OnnxGraph) {
    this.layouts = new Layouts(graph);
  }

  /** Names a symbolic tensor before its layer is written: an input. */
  set(tensor: tf.SymbolicTensor, value: Value): void {
    this.values.set(tensor, value);
  }

  /** The value of a symbolic tensor, written with all that it depends on. */
  value(tensor: tf.SymbolicTensor): Value {
    const known = this.values.get(tensor);
    if (known !== undefined) return known;
    const { sourceLayer, inputs } = tensor as unknown as { sourceLayer: tf.layers.Layer; inputs: tf.SymbolicTensor[] };
    const value = this.write(sourceLayer, inputs);
    this.values.set(tensor, value);
    return value;
  }

  /** The same with channels last, as the model has it. */
  last(tensor: tf.SymbolicTensor): string {
    return this.layouts.in("channels last", this.value(tensor));
  }

  private first(tensor: tf.SymbolicTensor): string {
    return this.layouts.in("channels first", this.value(tensor));
  }

  private write(layer: tf.layers.Layer, inputs: readonly tf.SymbolicTensor[]): Value {
    const { graph } = this;
    const { name } = layer;
    const config: Config = layer.getConfig();
    const map = (node: string): Value => ({ name: node, layout: "channels first" });
    if (layer instanceof SelfAttention) return this.attention(layer as SelfAttention, inputs[0], config);
    if (layer instanceof CrissCrossAttention) {
      const node = crissCrossNodes(layer, { graph, name, input: this.last(inputs[0]) });
      return { name: node, layout: "channels last" };
    }
    if (layer instanceof ValueMixtureAttention) {
      const node = valueMixtureNodes(layer, { graph, name, input: this.first(inputs[0]) });
      return map(node);
    }
    switch (layer.getClassName()) {
      case "Convolution":
        return map(this.convolution(layer, inputs[0], null));
      case "BatchNorm":
        return map(this.batchNorm(layer, inputs, config));
      case "MaxPool":
        return map(this.maxPool(name, this.first(inputs[0]), config));
      case "AveragePool": {
        const { window = "all" } = config as { window?: "all" | [number, number] };
        const x = this.first(inputs[0]);
        if (window === "all") return map(graph.node("GlobalAveragePool", name, [x]));
        return map(graph.node("AveragePool", name, [x], { kernel_shape: window }));
      }
      case "Subsample": {
        // A window of one place: every stride-th row and column.
        const { strides } = config as { strides: [number, number] };
        return map(graph.node("MaxPool", name, [this.first(inputs[0])], { kernel_shape: [1, 1], strides }));
      }
      case "ResizeLike":
        return map(this.resizeLike(name, this.first(inputs[0]), this.first(inputs[1])));
      case "ChannelDropout": // Drops nothing but in training.
      case "Dropout":
        return this.value(inputs[0]);
      case "LeakyReLU":
        return map(
          graph.node("LeakyRelu", name, [this.first(inputs[0])], { alpha: { float: config.alpha as number } }),
        );
      case "Concatenate": {
        const maps = inputs.map((input) => this.first(input));
        return map(graph.node("Concat", name, maps, { axis: 1 }));
      }
      case "GlobalAveragePooling2D": {
        const axes = graph.whole([2, 3]);
        return { name: graph.node("ReduceMean", name, [this.first(inputs[0]), axes], { keepdims: 0 }), layout: null };
      }
      case "Dense":
        if (config.activation === "linear" && config.useBias !== false)
          return { name: this.dense(layer, this.value(inputs[0]).name), layout: null };
        break;
    }
    throw new UnsupportedError(
      `export to onnx: every layer must have a form there, got ${name} (${layer.getClassName()}); nothing was written`,
    );
  }

  /** With the batch norm that follows, where one does, in the kernel and a bias. */
  private convolution(layer: tf.layers.Layer, input: tf.SymbolicTensor, norm: Affine | null): string {
    const { graph } = this;
    const { stride = 1, groups = 1, dilation = 1, kernelSize = 1 } = layer.getConfig() as Record<string, number>;
    const weights = new LayerWeights(layer);
    const [side, , channels, filters] = weights.shape("kernel");
    const kernel = weights.read("kernel");
    const turned = new Float32Array(kernel.length); // [filters, channels, side, side]
    const places = side * side;
    for (let place = 0; place < places; place++)
      for (let channel = 0; channel < channels; channel++)
        for (let filter = 0; filter < filters; filter++) {
          const factor = norm === null ? 1 : norm.scale[filter];
          turned[(filter * channels + channel) * places + place] =
            kernel[(place * channels + channel) * filters + filter] * factor;
        }
    const bias = weights.has("bias") ? weights.read("bias") : new Float32Array(filters);
    const shift = norm === null ? bias : bias.map((value, i) => value * norm.scale[i] + norm.shift[i]);
    const padding = (kernelSize >> 1) * dilation;
    const constants = [graph.weights(`${layer.name}/kernel`, turned, [filters, channels, side, side])];
    if (norm !== null || weights.has("bias")) constants.push(graph.weights(`${layer.name}/bias`, shift, [filters]));
    return graph.node("Conv", layer.name, [this.first(input), ...constants], {
      ...{ kernel_shape: [side, side], strides: [stride, stride], dilations: [dilation, dilation] },
      ...{ pads: [padding, padding, padding, padding], group: groups },
    });
  }

  private batchNorm(layer: tf.layers.Layer, [input, residual]: readonly tf.SymbolicTensor[], config: Config): string {
    const { graph } = this;
    const norm = new LayerWeights(layer).norm("")!;
    const { sourceLayer, inputs } = input as unknown as { sourceLayer: tf.layers.Layer; inputs: tf.SymbolicTensor[] };
    const foldable = sourceLayer.getClassName() === "Convolution" && sourceLayer.outboundNodes.length === 1;
    let y = foldable
      ? this.convolution(sourceLayer, inputs[0], norm)
      : this.affine(layer.name, this.first(input), norm);
    if (residual !== undefined) y = graph.node("Add", `${layer.name}/sum`, [y, this.first(residual)]);
    return config.activation === "relu" ? graph.node("Relu", `${layer.name}/relu`, [y]) : y;
  }

  private affine(name: string, input: string, { scale, shift }: Affine): string {
    const { graph } = this;
    const perChannel = [scale.length, 1, 1];
    const scaled = graph.node("Mul", `${name}/scaled`, [input, graph.weights(`${name}/scale`, scale, perChannel)]);
    return graph.node("Add", name, [scaled, graph.weights(`${name}/shift`, shift, perChannel)]);
  }

  private maxPool(name: string, input: string, config: Config): string {
    const { size = 3, stride = 2, padding = (size - 1) >> 1, ceil = false } = config as Record<string, number>;
    // Without padding the last window may reach beyond the map.
    const end = padding === 0 && !ceil ? size - 1 : padding;
    return this.graph.node("MaxPool", name, [input], {
      ...{ kernel_shape: [size, size], strides: [stride, stride], pads: [padding, padding, end, end] },
      ceil_mode: ceil ? 1 : 0,
    });
  }

  /** Bilinear, corners on corners. */
  private resizeLike(name: string, x: string, like: string): string {
    const { graph } = this;
    const own = graph.node("Shape", `${name}/own_sizes`, [x], { start: 0, end: 2 });
    const wanted = graph.node("Shape", `${name}/wanted_sizes`, [like], { start: 2 });
    const sizes = graph.node("Concat", `${name}/sizes`, [own, wanted], { axis: 0 });
    const attributes = { mode: "linear", coordinate_transformation_mode: "align_corners" };
    return graph.node("Resize", name, [x, "", "", sizes], attributes);
  }

  private attention(layer: SelfAttention, input: tf.SymbolicTensor, config: Config): Value {
    const { graph } = this;
    const { name } = layer;
    const attended = attentionNodes(layer, { graph, name, input: this.last(input) });
    const {
      stride = 1,
      strideRemainder,
      activation,
    } = config as { stride?: number; strideRemainder?: string; activation?: string };
    let value: Value = { name: attended, layout: "channels last" };
    if (stride > 1) {
      // A last window that reaches beyond the map is the mean of what it holds of it.
      const end = strideRemainder === "keep" ? stride - 1 : 0;
      const pooled = graph.node("AveragePool", `${name}/pool`, [this.layouts.in("channels first", value)], {
        ...{ kernel_shape: [stride, stride], strides: [stride, stride], pads: [0, 0, end, end] },
        count_include_pad: 0,
      });
      value = { name: pooled, layout: "channels first" };
    }
    return activation === "relu" ? { ...value, name: graph.node("Relu", `${name}/relu`, [value.name]) } : value;
  }

  private dense(layer: tf.layers.Layer, input: string): string {
    const weights = new LayerWeights(layer);
    const [kernel, bias] = ["kernel", "bias"].map((name) =>
      this.graph.weights(`${layer.name}/${name}`, weights.read(name), weights.shape(name)),
    );
    return this.graph.node("Gemm", layer.name, [input, kernel, bias]);
  }
}
