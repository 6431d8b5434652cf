/**
 * A network in the making of nothing but `tf.layers`, its weights put in as it is built. What those layers lack is made of
 * what they have: a sum over an axis and a product with a table are convolutions with fixed kernels, a batched matrix product
 * is a broadcast product and a sum. Every size but that of the batch is fixed.
 *
 * Shapes are given without the batch, B, which always leads.
 */
import * as tf from "@tensorflow/tfjs";

type Symbolic = tf.SymbolicTensor;
type Shape = readonly number[];
/** Rows or columns at the start and at the end. */
export type Edges = readonly [number, number];

/** Sizes of a value behind the batch. */
export const sizesOf = (x: Symbolic): number[] => x.shape.slice(1) as number[];

/** Weights that come from here need no initial values of their own. */
const zeros = { kernelInitializer: "zeros", biasInitializer: "zeros" } as const;

export class PlainLayers {
  private readonly used = new Map<string, number>();

  private unique(name: string): string {
    const count = this.used.get(name) ?? 0;
    this.used.set(name, count + 1);
    return count === 0 ? name : this.unique(`${name}_${count + 1}`);
  }

  private apply(
    layer: tf.layers.Layer,
    inputs: Symbolic | Symbolic[],
    weights: readonly { readonly values: Float32Array; readonly shape: Shape }[] = [],
  ): Symbolic {
    const y = layer.apply(inputs) as Symbolic;
    if (weights.length > 0)
      tf.tidy(() => layer.setWeights(weights.map(({ values, shape }) => tf.tensor(values, [...shape]))));
    return y;
  }

  reshape(name: string, x: Symbolic, shape: Shape): Symbolic {
    return this.apply(tf.layers.reshape({ name: this.unique(name), targetShape: [...shape] }), x);
  }

  /** @param axes of `x`, the first behind the batch being 0, in their new order */
  permute(name: string, x: Symbolic, axes: Shape): Symbolic {
    return this.apply(tf.layers.permute({ name: this.unique(name), dims: axes.map((axis) => axis + 1) }), x);
  }

  add(name: string, values: readonly Symbolic[]): Symbolic {
    return values.length === 1 ? values[0] : this.apply(tf.layers.add({ name: this.unique(name) }), [...values]);
  }

  /** Value by value, axes of size 1 spread. */
  multiply(name: string, x: Symbolic, y: Symbolic): Symbolic {
    return this.apply(tf.layers.multiply({ name: this.unique(name) }), [x, y]);
  }

  concatenate(name: string, values: readonly Symbolic[]): Symbolic {
    return this.apply(tf.layers.concatenate({ name: this.unique(name), axis: -1 }), [...values]);
  }

  relu(name: string, x: Symbolic): Symbolic {
    return this.apply(tf.layers.activation({ name: this.unique(name), activation: "relu" }), x);
  }

  leakyRelu(name: string, x: Symbolic, alpha: number): Symbolic {
    return this.apply(tf.layers.leakyReLU({ name: this.unique(name), alpha }), x);
  }

  /** Over the last axis. */
  softmax(name: string, x: Symbolic): Symbolic {
    return this.apply(tf.layers.softmax({ name: this.unique(name), axis: -1 }), x);
  }

  globalAverage(name: string, x: Symbolic): Symbolic {
    return this.apply(tf.layers.globalAveragePooling2d({ name: this.unique(name) }), x);
  }

  maxPool(name: string, x: Symbolic, size: number, strides: readonly [number, number]): Symbolic {
    const pool = { poolSize: [size, size] as [number, number], strides: [...strides] as [number, number] };
    return this.apply(tf.layers.maxPooling2d({ name: this.unique(name), ...pool, padding: "valid" }), x);
  }

  /** Zeros around. [H, W, C] to [top + H + bottom, left + W + right, C]. */
  pad(name: string, x: Symbolic, rows: Edges, columns: Edges): Symbolic {
    if ([...rows, ...columns].every((edge) => edge === 0)) return x;
    const padding = [[...rows], [...columns]] as [[number, number], [number, number]];
    return this.apply(tf.layers.zeroPadding2d({ name: this.unique(name), padding }), x);
  }

  /** Cuts rows and columns off the edges of [H, W, C]. */
  crop(name: string, x: Symbolic, rows: Edges, columns: Edges): Symbolic {
    if ([...rows, ...columns].every((edge) => edge === 0)) return x;
    const cropping = [[...rows], [...columns]] as [[number, number], [number, number]];
    return this.apply(tf.layers.cropping2D({ name: this.unique(name), cropping }), x);
  }

  /** The channels of [H, W, C] from one on up to another. */
  channels(name: string, x: Symbolic, from: number, to: number): Symbolic {
    const [, , all] = sizesOf(x);
    const cropping: [[number, number], [number, number]] = [
      [0, 0],
      [from, all - to],
    ];
    return this.apply(tf.layers.cropping2D({ name: this.unique(name), cropping, dataFormat: "channelsFirst" }), x);
  }

  /** [..., I] to [..., O] by a kernel [I, O]. */
  dense(
    name: string,
    x: Symbolic,
    kernel: Float32Array,
    shape: readonly [number, number],
    bias: Float32Array | null = null,
  ): Symbolic {
    return this.shared(name, kernel, shape, bias)(x);
  }

  /** {@link dense}, to be applied as often as one likes. */
  shared(
    name: string,
    kernel: Float32Array,
    shape: readonly [number, number],
    bias: Float32Array | null = null,
  ): (x: Symbolic) => Symbolic {
    const layer = tf.layers.dense({ name: this.unique(name), units: shape[1], useBias: bias !== null, ...zeros });
    const weights = [{ values: kernel, shape }, ...(bias === null ? [] : [{ values: bias, shape: [shape[1]] }])];
    return (x) => this.apply(layer, x, layer.built ? [] : weights);
  }

  /** [H, W, C] by a kernel [k, k, C, filters], without padding. */
  convolution(
    name: string,
    x: Symbolic,
    part: {
      readonly kernel: Float32Array;
      readonly shape: readonly [number, number, number, number];
      readonly bias: Float32Array | null;
      readonly stride: number;
      readonly dilation: number;
    },
  ): Symbolic {
    const [side, , , filters] = part.shape;
    const layer = tf.layers.conv2d({
      ...{ name: this.unique(name), filters, kernelSize: side, strides: part.stride, dilationRate: part.dilation },
      ...{ padding: "valid", useBias: part.bias !== null, ...zeros },
    });
    const bias = part.bias === null ? [] : [{ values: part.bias, shape: [filters] }];
    return this.apply(layer, x, [{ values: part.kernel, shape: part.shape }, ...bias]);
  }

  /**
   * Each channel by kernels of its own over windows side by side: [H, W, C] by [h, w, C, M] to [H / h, W / w, C M]. An
   * einsum with a table: [S, D, L] by [1, D, L, M] is "sdl,dlm->slm".
   */
  perChannel(
    name: string,
    x: Symbolic,
    kernel: Float32Array,
    shape: readonly [number, number, number, number],
  ): Symbolic {
    const [height, width, , depthMultiplier] = shape;
    const layer = tf.layers.depthwiseConv2d({
      ...{ name: this.unique(name), kernelSize: [height, width], strides: [height, width], padding: "valid" },
      ...{ depthMultiplier, useBias: false, depthwiseInitializer: "zeros" },
    });
    return this.apply(layer, x, [{ values: kernel, shape }]);
  }

  /** Sums over the last axis: [..., D] to [..., 1]. */
  sumLast(name: string, x: Symbolic): Symbolic {
    const depth = sizesOf(x).at(-1)!;
    return this.dense(name, x, new Float32Array(depth).fill(1), [depth, 1]);
  }

  /** scale x + shift along the last axis, as a batch norm whose mean is 0 and whose deviation is 1. */
  affine(name: string, x: Symbolic, scale: Float32Array, shift: Float32Array): Symbolic {
    const epsilon = 2 ** -10; // 1 - epsilon and their sum are exact in single precision
    const shape = [scale.length];
    return this.apply(tf.layers.batchNormalization({ name: this.unique(name), axis: -1, epsilon }), x, [
      { values: scale, shape },
      { values: shift, shape },
      { values: new Float32Array(scale.length), shape },
      { values: new Float32Array(scale.length).fill(1 - epsilon), shape },
    ]);
  }

  /** Rows and columns of [H, W, C], each by a matrix, [H, H'] and [W, W']: what resizes and pools by fixed weights. */
  byAxis(name: string, x: Symbolic, rows: Matrix, columns: Matrix): Symbolic {
    const turned = this.permute(`${name}/by_row`, x, [1, 2, 0]); // [W, C, H]
    const byRow = this.dense(`${name}/rows`, turned, rows.values, rows.shape); // [W, C, H']
    const again = this.permute(`${name}/by_column`, byRow, [2, 1, 0]); // [H', C, W]
    const both = this.dense(`${name}/columns`, again, columns.values, columns.shape); // [H', C, W']
    return this.permute(name, both, [0, 2, 1]);
  }
}

/** [from, to] */
export interface Matrix {
  readonly values: Float32Array;
  readonly shape: readonly [number, number];
}

/** What each of `to` places takes of each of `from`. */
export function matrix(from: number, to: number, weight: (from: number, to: number) => number): Matrix {
  const values = Float32Array.from({ length: from * to }, (_, i) => weight(Math.floor(i / to), i % to));
  return { values, shape: [from, to] };
}
