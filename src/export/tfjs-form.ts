/** The parts of a network as `tf.layers`, for images of one size. */
import type * as tf from "@tensorflow/tfjs";
import { UnsupportedError } from "../core/errors.js";
import { maxPooledSide } from "../functions/pooling.js";
import type { CrissCrossAttention, SelfAttention, ValueMixtureAttention } from "../layers/index.js";
import type { Affine } from "./layer-weights.js";
import type { ConvolutionPart, DensePart, MaxPoolPart, NetworkForm } from "./network-walk.js";
import { matrix, PlainLayers, sizesOf } from "./plain-layers.js";
import { SelfAttentionLayers } from "./tfjs-attention.js";
import { crissCrossLayers } from "./tfjs-criss-cross.js";
import { valueMixtureLayers } from "./tfjs-value-mixture.js";

type Symbolic = tf.SymbolicTensor;

export class TfjsForm implements NetworkForm<Symbolic> {
  readonly form = "tfjs";
  private readonly layers = new PlainLayers();
  private readonly attention = new SelfAttentionLayers(this.layers);
  /** Values of which none is negative: for them zeros around a map are as good as nothing. */
  private readonly clamped = new Set<Symbolic>();

  convolution(name: string, x: Symbolic, part: ConvolutionPart): Symbolic {
    const padding = (part.shape[0] >> 1) * part.dilation;
    const padded = this.layers.pad(`${name}/pad`, x, [padding, padding], [padding, padding]);
    return this.layers.convolution(name, padded, part.groups === 1 ? part : ungrouped(part));
  }

  affine(name: string, x: Symbolic, { scale, shift }: Affine): Symbolic {
    return this.layers.affine(name, x, scale, shift);
  }

  add(name: string, x: Symbolic, y: Symbolic): Symbolic {
    return this.layers.add(name, [x, y]);
  }

  relu(name: string, x: Symbolic): Symbolic {
    const y = this.layers.relu(name, x);
    this.clamped.add(y);
    return y;
  }

  leakyRelu(name: string, x: Symbolic, alpha: number): Symbolic {
    return this.layers.leakyRelu(name, x, alpha);
  }

  maxPool(name: string, x: Symbolic, part: MaxPoolPart): Symbolic {
    const { size, stride, padding } = part;
    const [height, width] = sizesOf(x);
    const edges = (side: number): [number, number] => [
      padding,
      Math.max(0, (maxPooledSide(side, part) - 1) * stride + size - side - padding),
    ];
    const [rows, columns] = [edges(height), edges(width)];
    const padded = [...rows, ...columns].some((edge) => edge > 0);
    if (padded && !this.clamped.has(x))
      throw new UnsupportedError(
        `export to tfjs: a padded maximum must be over values that are never negative, for tf.layers pads with zeros, ` +
          `got ${name} without a ReLU before it; nothing was written`,
      );
    const y = this.layers.maxPool(name, this.layers.pad(`${name}/pad`, x, rows, columns), size, [stride, stride]);
    if (this.clamped.has(x)) this.clamped.add(y);
    return y;
  }

  averagePool(name: string, x: Symbolic, window: "all" | readonly [number, number]): Symbolic {
    const [height, width, channels] = sizesOf(x);
    if (window === "all")
      return this.layers.reshape(name, this.layers.globalAverage(`${name}/mean`, x), [1, 1, channels]);
    const means = (side: number, size: number) =>
      matrix(side, side - size + 1, (from, to) => (from >= to && from < to + size ? 1 / size : 0));
    return this.layers.byAxis(name, x, means(height, window[0]), means(width, window[1]));
  }

  averageWindows(name: string, x: Symbolic, stride: number, remainder: "drop" | "keep"): Symbolic {
    const [height, width, channels] = sizesOf(x);
    if (height % stride === 0 && width % stride === 0) {
      const share = new Float32Array(stride * stride * channels).fill(1 / stride ** 2);
      return this.layers.perChannel(name, x, share, [stride, stride, channels, 1]);
    }
    const means = (side: number) => {
      const windows = remainder === "drop" ? Math.floor(side / stride) : Math.ceil(side / stride);
      const share = (window: number) => 1 / Math.min(stride, side - window * stride);
      return matrix(side, windows, (from, to) => (Math.floor(from / stride) === to ? share(to) : 0));
    };
    return this.layers.byAxis(name, x, means(height), means(width));
  }

  subsample(name: string, x: Symbolic, strides: readonly [number, number]): Symbolic {
    // A window of one place: every stride-th row and column.
    return this.layers.maxPool(name, x, 1, strides);
  }

  resizeLike(name: string, x: Symbolic, like: Symbolic): Symbolic {
    const [height, width] = sizesOf(x);
    const [rows, columns] = sizesOf(like);
    if (height === rows && width === columns) return x;
    return this.layers.byAxis(name, x, bilinear(height, rows), bilinear(width, columns));
  }

  concatenate(name: string, maps: readonly Symbolic[]): Symbolic {
    return this.layers.concatenate(name, maps);
  }

  globalAverage(name: string, x: Symbolic): Symbolic {
    return this.layers.globalAverage(name, x);
  }

  dense(name: string, x: Symbolic, { kernel, shape, bias }: DensePart): Symbolic {
    return this.layers.dense(name, x, kernel, shape, bias);
  }

  selfAttention(layer: SelfAttention, x: Symbolic): Symbolic {
    return this.attention.write(layer, x);
  }

  crissCrossAttention(layer: CrissCrossAttention, x: Symbolic): Symbolic {
    return crissCrossLayers(this.layers, layer, x);
  }

  valueMixtureAttention(layer: ValueMixtureAttention, x: Symbolic): Symbolic {
    return valueMixtureLayers(this.layers, layer, x);
  }
}

/** tf.layers has no groups: one kernel, zero where a filter does not look. */
function ungrouped(part: ConvolutionPart): ConvolutionPart {
  const [side, , perGroup, filters] = part.shape;
  const channels = perGroup * part.groups;
  const filtersPerGroup = filters / part.groups;
  const kernel = new Float32Array(side * side * channels * filters);
  for (let place = 0; place < side * side; place++)
    for (let filter = 0; filter < filters; filter++) {
      const first = Math.floor(filter / filtersPerGroup) * perGroup;
      for (let channel = 0; channel < perGroup; channel++)
        kernel[(place * channels + first + channel) * filters + filter] =
          part.kernel[(place * perGroup + channel) * filters + filter];
    }
  return { ...part, kernel, shape: [side, side, channels, filters], groups: 1 };
}

/** Along one axis, the ends on the ends. */
function bilinear(from: number, to: number) {
  const step = to > 1 ? (from - 1) / (to - 1) : 0;
  return matrix(from, to, (place, wanted) => Math.max(0, 1 - Math.abs(wanted * step - place)));
}
