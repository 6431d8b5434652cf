/** The parts of a network as ONNX nodes. Convolutions and pools want channels first, attention wants them last. */
import type { CrissCrossAttention, SelfAttention, ValueMixtureAttention } from "../layers/index.js";
import type { Affine } from "./layer-weights.js";
import type { ConvolutionPart, DensePart, MaxPoolPart, NetworkForm } from "./network-walk.js";
import { attentionNodes } from "./onnx-attention.js";
import { crissCrossNodes } from "./onnx-criss-cross.js";
import type { Attribute, OnnxGraph } from "./onnx-graph.js";
import { Layouts, type Value } from "./onnx-maps.js";
import { valueMixtureNodes } from "./onnx-value-mixture.js";

export class OnnxForm implements NetworkForm<Value> {
  readonly form = "onnx";
  private readonly layouts: Layouts;

  constructor(private readonly graph: OnnxGraph) {
    this.layouts = new Layouts(graph);
  }

  /** The name of a value with channels last, as the model has it. */
  last(value: Value): string {
    return this.layouts.in("channels last", value);
  }

  private first(value: Value): string {
    return this.layouts.in("channels first", value);
  }

  /** A node over maps with channels first. */
  private map(op: string, name: string, inputs: readonly string[], attributes?: Record<string, Attribute>): Value {
    return { name: this.graph.node(op, name, inputs, attributes), layout: "channels first" };
  }

  convolution(name: string, x: Value, { kernel, shape, bias, stride, dilation, groups }: ConvolutionPart): Value {
    const { graph } = this;
    const [side, , channels, filters] = shape;
    const turned = new Float32Array(kernel.length); // [filters, channels, side, side]
    const places = side * side;
    for (let place = 0; place < places; place++)
      for (let channel = 0; channel < channels; channel++)
        for (let filter = 0; filter < filters; filter++)
          turned[(filter * channels + channel) * places + place] =
            kernel[(place * channels + channel) * filters + filter];
    const padding = (side >> 1) * dilation;
    const constants = [graph.weights(`${name}/kernel`, turned, [filters, channels, side, side])];
    if (bias !== null) constants.push(graph.weights(`${name}/bias`, bias, [filters]));
    return this.map("Conv", name, [this.first(x), ...constants], {
      ...{ kernel_shape: [side, side], strides: [stride, stride], dilations: [dilation, dilation] },
      ...{ pads: [padding, padding, padding, padding], group: groups },
    });
  }

  affine(name: string, x: Value, { scale, shift }: Affine): Value {
    const { graph } = this;
    const perChannel = [scale.length, 1, 1];
    const factor = graph.weights(`${name}/scale`, scale, perChannel);
    const scaled = graph.node("Mul", `${name}/scaled`, [this.first(x), factor]);
    return this.map("Add", name, [scaled, graph.weights(`${name}/shift`, shift, perChannel)]);
  }

  add(name: string, x: Value, y: Value): Value {
    return this.map("Add", name, [this.first(x), this.first(y)]);
  }

  relu(name: string, x: Value): Value {
    return { ...x, name: this.graph.node("Relu", name, [x.name]) };
  }

  leakyRelu(name: string, x: Value, alpha: number): Value {
    return this.map("LeakyRelu", name, [this.first(x)], { alpha: { float: alpha } });
  }

  maxPool(name: string, x: Value, { size, stride, padding, ceil }: MaxPoolPart): Value {
    // Without padding the last window may reach beyond the map.
    const end = padding === 0 && !ceil ? size - 1 : padding;
    return this.map("MaxPool", name, [this.first(x)], {
      ...{ kernel_shape: [size, size], strides: [stride, stride], pads: [padding, padding, end, end] },
      ceil_mode: ceil ? 1 : 0,
    });
  }

  averagePool(name: string, x: Value, window: "all" | readonly [number, number]): Value {
    if (window === "all") return this.map("GlobalAveragePool", name, [this.first(x)]);
    return this.map("AveragePool", name, [this.first(x)], { kernel_shape: window });
  }

  averageWindows(name: string, x: Value, stride: number, remainder: "drop" | "keep"): Value {
    const end = remainder === "keep" ? stride - 1 : 0;
    return this.map("AveragePool", name, [this.first(x)], {
      ...{ kernel_shape: [stride, stride], strides: [stride, stride], pads: [0, 0, end, end] },
      count_include_pad: 0,
    });
  }

  subsample(name: string, x: Value, strides: readonly [number, number]): Value {
    // A window of one place: every stride-th row and column.
    return this.map("MaxPool", name, [this.first(x)], { kernel_shape: [1, 1], strides });
  }

  resizeLike(name: string, x: Value, like: Value): Value {
    const { graph } = this;
    const own = graph.node("Shape", `${name}/own_sizes`, [this.first(x)], { start: 0, end: 2 });
    const wanted = graph.node("Shape", `${name}/wanted_sizes`, [this.first(like)], { start: 2 });
    const sizes = graph.node("Concat", `${name}/sizes`, [own, wanted], { axis: 0 });
    const attributes = { mode: "linear", coordinate_transformation_mode: "align_corners" };
    return this.map("Resize", name, [this.first(x), "", "", sizes], attributes);
  }

  concatenate(name: string, maps: readonly Value[]): Value {
    return this.map("Concat", name, maps.map((map) => this.first(map)), { axis: 1 }); // prettier-ignore
  }

  globalAverage(name: string, x: Value): Value {
    const inputs = [this.first(x), this.graph.whole([2, 3])];
    return { name: this.graph.node("ReduceMean", name, inputs, { keepdims: 0 }), layout: null };
  }

  dense(name: string, x: Value, { kernel, shape, bias }: DensePart): Value {
    const constants = [
      this.graph.weights(`${name}/kernel`, kernel, shape),
      this.graph.weights(`${name}/bias`, bias, [shape[1]]),
    ];
    return { name: this.graph.node("Gemm", name, [x.name, ...constants]), layout: null };
  }

  selfAttention(layer: SelfAttention, x: Value): Value {
    const context = { graph: this.graph, name: layer.name, input: this.last(x) };
    return { name: attentionNodes(layer, context), layout: "channels last" };
  }

  crissCrossAttention(layer: CrissCrossAttention, x: Value): Value {
    const context = { graph: this.graph, name: layer.name, input: this.last(x) };
    return { name: crissCrossNodes(layer, context), layout: "channels last" };
  }

  valueMixtureAttention(layer: ValueMixtureAttention, x: Value): Value {
    const context = { graph: this.graph, name: layer.name, input: this.first(x) };
    return { name: valueMixtureNodes(layer, context), layout: "channels first" };
  }
}
