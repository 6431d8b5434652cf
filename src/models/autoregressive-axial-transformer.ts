/**
 * The Axial Transformer of Ho et al. as a generative model of small images: it predicts every value from those above it and, in
 * its own row, left of it, and samples a row of an image with one pass of the expensive part.
 */
import * as tf from "@tensorflow/tfjs";
import { assertPositiveIntegers } from "../core/checks.js";
import { ConfigError, ShapeError } from "../core/errors.js";
import { randomOf } from "../core/random.js";
import { axialPositionEmbedding } from "../functions/axial-position-embedding.js";
import { layerNorm } from "../functions/layer-norm.js";
import {
  axisAttention,
  axisAttentionWeights,
  type AxisAttentionOptions,
  type AxisParameters,
} from "../functions/nd-axial-attention.js";
import { axisSteps, type AttentionLayer, type AttentionStep } from "../layers/attention-layer.js";
import { addAxisParameters, axisDraws, readParameters } from "../layers/axis-parameters.js";
import { headDepths } from "../layers/heads.js";
import { normal, uniformWithin } from "../layers/initializers.js";
import { Layer, singleShape, singleTensor, type LayerArgs, type OwnKeys } from "../layers/layer.js";

/** What an `AutoregressiveAxialTransformer` is made of. */
export interface AutoregressiveAxialTransformerArgs extends LayerArgs {
  /** Height, width and channels of the largest image. */
  imageShape: [height: number, width: number, channels: number];
  /** How many values a pixel's channel can take: 0 to levels - 1. Default 256. */
  levels?: number;
  /** Channels of the hidden states. Default 64. */
  filters?: number;
  /** Default 4. */
  heads?: number;
  /** Pairs of a row layer and a masked column layer in the outer decoder. Default 2. */
  outerDepth?: number;
  /** Masked row layers in the inner decoder. Default 2. */
  innerDepth?: number;
  /** Makes the initial weights repeatable. Default: random. */
  seed?: number;
}

const keys: OwnKeys<AutoregressiveAxialTransformerArgs> = {
  imageShape: true,
  levels: true,
  filters: true,
  heads: true,
  outerDepth: true,
  innerDepth: true,
  seed: true,
};

/** What one block attends to: along which axis of [B, H, S, D], and whether what comes later is masked. */
interface BlockKind {
  readonly axis: 1 | 2;
  readonly span: "global" | "causal";
}

interface Block extends BlockKind {
  readonly attention: AxisParameters<tf.LayerVariable>;
  readonly attentionNorm: Norm;
  readonly feedForward: readonly [expand: Dense, reduce: Dense];
  readonly feedForwardNorm: Norm;
}

type Watch = (x: tf.Tensor4D, block: Block) => void;

interface Norm {
  readonly gamma: tf.LayerVariable;
  readonly beta: tf.LayerVariable;
}

interface Dense {
  readonly kernel: tf.LayerVariable;
  readonly bias: tf.LayerVariable;
}

/**
 * An image is a grid of H rows and S = W C values (the channels of a pixel follow one another).
 *
 * - outer decoder: `u = E[x] + positions`; outerDepth times row attention over the whole row and column attention over the rows
 *   above and the own one; u shifted down by one row
 * - inner decoder: `h = u + E[x] shifted right by one value + positions`; innerDepth times row attention over the values up to the
 *   own one; `logits = dense(norm(h))`
 *
 * After the shifts the logits at (i, s) depend on the rows above i and the values left of s in row i, and on nothing else.
 * Each attention is followed by a feed-forward pair, filters to 4 filters and back; both are residual and read a layer norm.
 *
 * Input [B, H, W, C] of whole numbers (any dtype), output logits [B, H, W, C, levels].
 *
 * Source: Ho et al., Axial Attention in Multidimensional Transformers, arXiv 1912.12180, section 3 and figure 2. The paper treats several
 * channels by an extra encoder per channel; here they are steps along the row, so that one decoder serves any number.
 *
 *     const model = new AutoregressiveAxialTransformer({ imageShape: [28, 28, 1], levels: 16 });
 *     model.apply(images);                       // [B, 28, 28, 1] -> [B, 28, 28, 1, 16]
 *     model.sample({ count: 4, seed: 7 });       // [4, 28, 28, 1]
 *
 * @throws ConfigError for arguments: a size that is no positive integer, heads that do not divide the filters, an option that there is not
 * @throws ShapeError for images of another rank, larger than `imageShape`, or with other channels
 */
export class AutoregressiveAxialTransformer extends Layer implements AttentionLayer {
  static readonly className = "AutoregressiveAxialTransformer";
  private readonly settings: Required<
    Pick<AutoregressiveAxialTransformerArgs, "levels" | "filters" | "outerDepth" | "innerDepth">
  >;
  private readonly options: AxisAttentionOptions;
  private embedding!: tf.LayerVariable;
  private outerPosition: tf.LayerVariable[] = [];
  private innerPosition: tf.LayerVariable[] = [];
  private outer: Block[] = [];
  private inner: Block[] = [];
  private finalNorm!: Norm;
  private head!: Dense;
  /** How many random variables have drawn their initial values. */
  private drawn = 0;

  constructor(private readonly args: AutoregressiveAxialTransformerArgs) {
    super(args, keys);
    const { imageShape, levels = 256, filters = 64, heads = 4, outerDepth = 2, innerDepth = 2 } = args;
    this.settings = { levels, filters, outerDepth, innerDepth };
    const { where } = this;
    const [height, width, channels] = imageShape;
    assertPositiveIntegers(where, { height, width, channels, ...this.settings });
    this.options = headDepths({ filters, heads }, where);
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    this.assertShape(singleShape(inputShape));
    const [height, width, channels] = this.args.imageShape;
    const { levels, filters, outerDepth, innerDepth } = this.settings;
    const embedding = (name: string, size: number) =>
      this.add(name, [size, filters], normal(1 / Math.sqrt(filters), this.args.seed, this.drawn++), true);
    const positions = (name: string) => [
      embedding(`${name}/rows`, height),
      embedding(`${name}/values`, width * channels),
    ];
    this.embedding = embedding("embedding", levels);
    this.outerPosition = positions("outer/position");
    this.innerPosition = positions("inner/position");
    this.outer = Array.from({ length: outerDepth }, (_, step) => [
      this.addBlock(`outer/${step}/row/`, { axis: 2, span: "global" }),
      this.addBlock(`outer/${step}/column/`, { axis: 1, span: "causal" }),
    ]).flat();
    this.inner = Array.from({ length: innerDepth }, (_, step) =>
      this.addBlock(`inner/${step}/row/`, { axis: 2, span: "causal" }),
    );
    this.finalNorm = this.addNorm("output/", filters);
    this.head = this.addDense("output/", filters, levels);
    this.built = true;
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    return [...singleShape(inputShape), this.settings.levels];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = singleTensor(inputs);
      this.assertShape(x.shape);
      const embedded = this.embed(x); // [B, H, S, D]
      const context = this.outerContext(embedded);
      return this.logits(context, embedded).reshape([...x.shape, this.settings.levels]);
    });
  }

  /** Of every block, from the outer decoder's first to the inner one's last. */
  get attentionSteps(): readonly AttentionStep[] {
    const { outerDepth, innerDepth } = this.settings;
    const outer = Array.from({ length: 2 * outerDepth }, (_, block) => ({
      name: `outer.${block}`,
      axes: block % 2 === 0 ? axisSteps.width.axes : axisSteps.height.axes,
    }));
    const inner = Array.from({ length: innerDepth }, (_, block) => ({
      name: `inner.${block}`,
      axes: axisSteps.width.axes,
    }));
    return [...outer, ...inner];
  }

  /**
   * The attention weights of every block for these images: along the row over its S values, [B, H, N, S, S], or along
   * the column, [B, S, N, H, H]; see {@link AttentionLayer}.
   */
  attentionWeights(images: tf.Tensor): tf.Tensor[] {
    this.assertBuilt();
    this.assertShape(images.shape);
    return tf.tidy(() => {
      const found: tf.Tensor[] = [];
      const watch = (x: tf.Tensor4D, { axis, span, attention, attentionNorm }: Block) => {
        const options = { ...this.options, span };
        found.push(axisAttentionWeights(normalize(x, attentionNorm), axis, readParameters(attention), options));
      };
      const embedded = this.embed(images);
      const context = this.outerContext(embedded, watch);
      this.logits(context, embedded, { watch });
      return found;
    });
  }

  /**
   * Draws images value by value: the outer decoder runs once a row, the inner one once a value on one row.
   * `temperature` divides the logits (default 1); the same seed gives the same images (default: the time).
   *
   * @returns [count, H, W, C], int32
   */
  sample({
    count = 1,
    temperature = 1,
    seed,
  }: { count?: number; temperature?: number; seed?: number } = {}): tf.Tensor4D {
    if (!(temperature > 0))
      throw new ConfigError(
        `${this.where}: temperature must be positive, got ${temperature}; use 1 for the distribution as it is`,
      );
    const [height, width, channels] = this.args.imageShape;
    const { levels, filters } = this.settings;
    const values = width * channels;
    if (!this.built) this.build([null, height, width, channels]);
    const drawn = new Int32Array(count * height * values);
    const random = randomOf(seed ?? Date.now());
    for (let row = 0; row < height; row++) {
      const context = tf.tidy(() => {
        const image = tf.tensor(drawn, [count, height, width, channels], "int32");
        return this.outerContext(this.embed(image)).slice([0, row, 0, 0], [count, 1, values, filters]);
      }); // [count, 1, S, D]
      for (let value = 0; value < values; value++) {
        const probabilities = tf.tidy(() => {
          const images = tf.tensor(drawn, [count, height, values], "int32");
          const sofar = images.slice([0, row, 0], [count, 1, values]).reshape([count, 1, width, channels]);
          const logits = this.logits(context, this.embed(sofar), { firstRow: row }).slice(
            [0, 0, value, 0],
            [count, 1, 1, levels],
          );
          return logits.div(temperature).softmax().dataSync();
        }); // [count, levels]
        for (let image = 0; image < count; image++)
          drawn[(image * height + row) * values + value] = choose(
            probabilities.subarray(image * levels, (image + 1) * levels),
            random.uniform(),
          );
      }
      context.dispose();
    }
    return tf.tensor4d(drawn, [count, height, width, channels], "int32");
  }

  override getConfig(): tf.serialization.ConfigDict {
    return this.configOf(this.args);
  }

  /** [B, H, W, C] values to [B, H, S, D] vectors. */
  private embed(x: tf.Tensor): tf.Tensor4D {
    const [batch, height, width, channels] = x.shape;
    const tokens = x.toInt().reshape<tf.Tensor1D>([-1]);
    return tf.gather(this.embedding.read(), tokens).reshape([batch, height, width * channels, this.settings.filters]);
  }

  /** What the rows above say to each place: [B, H, S, D], zero in the first row. */
  private outerContext(embedded: tf.Tensor4D, watch?: Watch): tf.Tensor4D {
    const positions = this.outerPosition.map((table) => table.read());
    return shift(this.applyBlocks(axialPositionEmbedding(embedded, positions), this.outer, watch), 1);
  }

  /** Logits [B, H, S, levels] of the rows from `firstRow` on. */
  private logits(
    context: tf.Tensor4D,
    embedded: tf.Tensor4D,
    { firstRow = 0, watch }: { firstRow?: number; watch?: Watch } = {},
  ): tf.Tensor4D {
    const { filters, levels } = this.settings;
    const [rows, values] = this.innerPosition.map((table) => table.read());
    const [batch, height, size] = embedded.shape;
    const ownRows = rows.slice([firstRow, 0], [height, filters]);
    const start = axialPositionEmbedding(context.add<tf.Tensor4D>(shift(embedded, 2)), [ownRows, values]);
    const h = this.applyBlocks(start, this.inner, watch);
    return dense(normalize(h, this.finalNorm), this.head).reshape([batch, height, size, levels]);
  }

  /** Block after block; `watch` sees what goes into each. */
  private applyBlocks(start: tf.Tensor4D, blocks: readonly Block[], watch?: Watch): tf.Tensor4D {
    return blocks.reduce((x, block) => {
      watch?.(x, block);
      return this.applyBlock(x, block);
    }, start);
  }

  private applyBlock(x: tf.Tensor4D, block: Block): tf.Tensor4D {
    const { axis, span } = block;
    const options = { ...this.options, span };
    const attended = x.add<tf.Tensor4D>(
      axisAttention(normalize(x, block.attentionNorm), axis, readParameters(block.attention), options),
    );
    const [expand, reduce] = block.feedForward;
    return attended.add(dense(dense(normalize(attended, block.feedForwardNorm), expand).relu(), reduce));
  }

  private addBlock(prefix: string, kind: BlockKind): Block {
    const { filters } = this.settings;
    const sizes = { filters, ...this.options };
    const draws = { seed: this.args.seed, draw: this.drawn };
    this.drawn += axisDraws;
    return {
      ...kind,
      attentionNorm: this.addNorm(`${prefix}attention/`, filters),
      attention: addAxisParameters(this.add, prefix, sizes, draws),
      feedForwardNorm: this.addNorm(`${prefix}feed_forward/`, filters),
      feedForward: [
        this.addDense(`${prefix}expand/`, filters, 4 * filters),
        this.addDense(`${prefix}reduce/`, 4 * filters, filters),
      ],
    };
  }

  private addNorm(prefix: string, channels: number): Norm {
    return {
      gamma: this.add(`${prefix}gamma`, [channels], tf.initializers.ones(), true),
      beta: this.add(`${prefix}beta`, [channels], tf.initializers.zeros(), true),
    };
  }

  private addDense(prefix: string, from: number, to: number): Dense {
    return {
      kernel: this.add(`${prefix}kernel`, [from, to], uniformWithin(from, this.args.seed, this.drawn++), true),
      bias: this.add(`${prefix}bias`, [to], tf.initializers.zeros(), true),
    };
  }

  private assertShape(shape: tf.Shape): void {
    const { imageShape } = this.args;
    const fits =
      shape.length === 4 && [1, 2].every((axis) => shape[axis] === null || shape[axis] <= imageShape[axis - 1]);
    if (!fits || shape[3] !== imageShape[2])
      throw new ShapeError(
        `${this.where}: input must be [batch, height, width, ${imageShape[2]}] of at most ` +
          `${imageShape[0]} x ${imageShape[1]}, got [${shape.join(", ")}]; build the model with a larger imageShape`,
      );
  }
}

/**
 * What a model of pixel values is judged by: the mean over all values of -log2 p(value), "bits per dimension".
 *
 * @param logits [B, H, W, C, levels]
 * @param images [B, H, W, C], whole numbers
 */
export function bitsPerDimension(logits: tf.Tensor, images: tf.Tensor): tf.Scalar {
  return tf.tidy(() => {
    const levels = logits.shape[logits.rank - 1];
    const logProbabilities = tf.logSoftmax(logits.reshape<tf.Tensor2D>([-1, levels])); // [values, levels]
    const chosen = tf.oneHot(images.toInt().reshape<tf.Tensor1D>([-1]), levels).toFloat();
    return logProbabilities
      .mul(chosen)
      .sum(-1)
      .mean()
      .mul<tf.Scalar>(-1 / Math.LN2);
  });
}

/** The index at which the running sum of the probabilities passes `uniform`, in [0, 1). */
function choose(probabilities: ArrayLike<number>, uniform: number): number {
  let sum = 0;
  for (let index = 0; index < probabilities.length - 1; index++) {
    sum += probabilities[index];
    if (uniform < sum) return index;
  }
  return probabilities.length - 1;
}

/** Moves everything one place on along an axis; zeros come in. What is last falls out. */
function shift(x: tf.Tensor4D, axis: 1 | 2): tf.Tensor4D {
  const [batch, height, width, depth] = x.shape;
  const [before, after] =
    axis === 1
      ? [tf.zeros<tf.Rank.R4>([batch, 1, width, depth]), x.slice([0, 0, 0, 0], [batch, height - 1, width, depth])]
      : [tf.zeros<tf.Rank.R4>([batch, height, 1, depth]), x.slice([0, 0, 0, 0], [batch, height, width - 1, depth])];
  return tf.concat([before, after], axis);
}

function normalize<T extends tf.Tensor>(x: T, { gamma, beta }: Norm): T {
  return layerNorm(x, gamma.read(), beta.read());
}

/** x [..., C] to [..., D]. */
function dense(x: tf.Tensor, { kernel, bias }: Dense): tf.Tensor {
  const [from, to] = kernel.read().shape;
  return x
    .reshape<tf.Tensor2D>([-1, from])
    .matMul<tf.Tensor2D>(kernel.read())
    .add(bias.read())
    .reshape([...x.shape.slice(0, -1), to]);
}

tf.serialization.registerClass(AutoregressiveAxialTransformer);
