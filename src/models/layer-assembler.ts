/** Reads a network as TensorFlow.js layers. */
import * as tf from "@tensorflow/tfjs";
import type { BatchNormPreset } from "../functions/batch-norm.js";
import { maxPooledSide } from "../functions/pooling.js";
import {
  AveragePool,
  AxialAttention,
  BatchNorm,
  ChannelDropout,
  Convolution,
  CrissCrossAttention,
  GlobalAttention,
  LocalAttention,
  MaxPool,
  ResizeLike,
  StandAloneAttention,
  Subsample,
  ValueMixtureAttention,
} from "../layers/index.js";
import type { Assembler, AttentionPart } from "./assembler.js";
import { strided } from "./config.js";

/** A symbolic tensor, and its side in images of the size that the model is made for. */
export interface Features {
  readonly tensor: tf.SymbolicTensor;
  readonly side: number;
}

export interface LayerOptions {
  readonly constants: BatchNormPreset;
  /** Makes the initial weights repeatable. Default: random. */
  readonly seed?: number;
}

export function layerAssembler({ constants, seed }: LayerOptions): Assembler<Features> {
  let next = seed;
  /** Seeds a layer apart from the one before: no layer draws more often than that. */
  const seeded = () => (next === undefined ? {} : { seed: (next += 16) });
  const apply = (layer: tf.layers.Layer, x: Features, stride = 1, residual?: Features): Features => ({
    tensor: layer.apply(residual === undefined ? x.tensor : [x.tensor, residual.tensor]) as tf.SymbolicTensor,
    side: strided(x.side, stride),
  });
  return {
    convolution: (x, args) => apply(new Convolution({ ...args, ...seeded() }), x, args.stride),
    norm: (x, args, residual) => apply(new BatchNorm({ ...args, constants }), x, 1, residual),
    attention: (x, part) => {
      const stride = "stride" in part.args ? part.args.stride : 1;
      return apply(attentionLayer(part, { constants, ...seeded() }), x, stride);
    },
    maxPool: (x, args) => ({ ...apply(new MaxPool(args), x), side: maxPooledSide(x.side, args) }),
    averagePool: (x, args) => {
      if (args.stride !== undefined) return apply(new AveragePool(args), x, args.stride);
      const [rows] = args.window === undefined || args.window === "all" ? [x.side] : args.window;
      return { ...apply(new AveragePool(args), x), side: x.side - rows + 1 };
    },
    subsample: (x, args) => ({ ...apply(new Subsample(args), x), side: strided(x.side, args.strides[0]) }),
    resizeLike: (x, like, args) => ({ ...apply(new ResizeLike(args), x, 1, like), side: like.side }),
    leakyRelu: (x, { name }) => apply(tf.layers.leakyReLU({ name, alpha: 0.01 }), x),
    // Without a seed, which would make the n-th choice of a process repeatable, and not that of a training step.
    dropout: (x, args) => apply(new ChannelDropout(args), x),
    concatenate: (maps, { name }) => {
      const tensor = tf.layers.concatenate({ name }).apply(maps.map(({ tensor }) => tensor)) as tf.SymbolicTensor;
      return { tensor, side: maps[0].side };
    },
    classify: (x, classes) => {
      const pooled = apply(tf.layers.globalAveragePooling2d({ name: "pool" }), x); // [B, C]
      const bound = 1 / Math.sqrt(pooled.tensor.shape[1]!);
      const uniform = () => tf.initializers.randomUniform({ minval: -bound, maxval: bound, ...seeded() });
      const initializers = { kernelInitializer: uniform(), biasInitializer: uniform() };
      return apply(tf.layers.dense({ name: "classifier", units: classes, ...initializers }), pooled); // [B, classes]
    },
    channels: ({ tensor }) => tensor.shape[tensor.shape.length - 1]!,
    side: ({ side }) => side,
  };
}

function attentionLayer(part: AttentionPart, shared: LayerOptions): tf.layers.Layer {
  switch (part.kind) {
    case "axial":
      return new AxialAttention({ ...part.args, ...shared });
    case "local":
      return new LocalAttention({ ...part.args, ...shared });
    case "standAlone":
      return new StandAloneAttention({ ...part.args, ...shared });
    case "global":
      return new GlobalAttention({ ...part.args, ...shared });
    case "crissCross":
      return new CrissCrossAttention({ ...part.args, seed: shared.seed });
    case "valueMixture":
      return new ValueMixtureAttention({ ...part.args, seed: shared.seed });
  }
}
