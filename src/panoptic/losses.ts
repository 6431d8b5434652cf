/**
 * The three losses of a panoptic network: cross entropy of the hardest pixels, squared error of the heat map, absolute
 * error of the offsets.
 *
 * Dimension letters: B batch, H rows, W columns, C classes.
 *
 * Source: Panoptic-DeepLab, section 3.2 (which takes the hardest 15 % where both public codes take 20 %). How pixels become
 * one number differs between the codes: `deeplab2` (`model/loss/base_loss.py`) takes the hardest pixels of each image and
 * divides by the number of losses that are not zero; `bowenc0221` takes those of the whole batch and divides by the sum of
 * the weights.
 */
import * as tf from "@tensorflow/tfjs";
import { ConfigError, ShapeError } from "../core/errors.js";
import { roundHalfEven } from "./rounding.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";

/** What the network gives, at the size of the targets. */
export interface PanopticPrediction {
  /** [B, H, W, C]: logits */
  readonly semantic: tf.Tensor4D;
  /** [B, H, W]: heat map, with no activation */
  readonly center: tf.Tensor3D;
  /** [B, H, W, 2]: (y, x) to the own centre */
  readonly offset: tf.Tensor4D;
}

/** `panopticTargets` of a batch, as tensors. */
export interface PanopticTargetTensors {
  /** [B, H, W], int32 */
  readonly semantic: tf.Tensor3D;
  /** [B, H, W] */
  readonly semanticWeight: tf.Tensor3D;
  /** [B, H, W] */
  readonly center: tf.Tensor3D;
  /** [B, H, W] */
  readonly centerWeight: tf.Tensor3D;
  /** [B, H, W, 2] */
  readonly offset: tf.Tensor4D;
  /** [B, H, W] */
  readonly offsetWeight: tf.Tensor3D;
}

/** The programs whose way of averaging losses is known. */
export const lossReductions = ["deeplab2", "bowenc0221"] as const;
/** One of `lossReductions`. */
export type LossReduction = (typeof lossReductions)[number];

/** How the three losses of Panoptic-DeepLab are taken and weighed. */
export interface PanopticLossOptions {
  /** Class of void pixels, which have no semantic loss. */
  readonly ignore: number;
  /** Share of the pixels, the hardest, whose cross entropy counts. Default 0.2. */
  readonly topK?: number;
  /** Factors of the three losses. Default 1, 200 and 0.01. */
  readonly weights?: { readonly semantic: number; readonly center: number; readonly offset: number };
  /** Default `deeplab2`. */
  readonly reduction?: LossReduction;
}

const keys: KeysOf<PanopticLossOptions> = { ignore: true, topK: true, weights: true, reduction: true };

/** Each loss already times its factor: [B], one of every image, or [1] where the reduction is over the batch. */
export interface PanopticLosses {
  readonly semantic: tf.Tensor1D;
  readonly center: tf.Tensor1D;
  readonly offset: tf.Tensor1D;
  /** The sum of the three, averaged over the images: what training lowers. */
  readonly total: tf.Scalar;
}

/**
 * The losses of a batch.
 *
 * @throws ShapeError when prediction and target have not the same size
 * @throws ConfigError when `topK` is not above 0 and at most 1, or the reduction is none that is known
 */
export function panopticLosses(
  prediction: PanopticPrediction,
  target: PanopticTargetTensors,
  options: PanopticLossOptions,
): PanopticLosses {
  assertKnownKeys("panopticLosses", options, keys);
  const { topK = 0.2, weights = { semantic: 1, center: 200, offset: 0.01 }, reduction = "deeplab2" } = options;
  assertFits(prediction, target);
  if (!(topK > 0 && topK <= 1))
    throw new ConfigError(`panopticLosses: topK must be above 0 and at most 1, got ${topK}; 0.2 is usual`);
  if (!lossReductions.includes(reduction))
    throw new ConfigError(
      `panopticLosses: reduction must be the name of one, got ${String(reduction)}; use ${lossReductions.join(" or ")}`,
    );
  const reduce = reduction === "deeplab2" ? perImage : overBatch;
  const [semantic, center, offset, total] = tf.tidy(() => {
    const pixels = pixelLosses(prediction, target, options.ignore);
    const each = [
      reduce.hardest(pixels.semantic, topK).mul<tf.Tensor1D>(weights.semantic),
      reduce.weighted(pixels.center, target.centerWeight).mul<tf.Tensor1D>(weights.center),
      reduce.weighted(pixels.offset, target.offsetWeight).mul<tf.Tensor1D>(weights.offset),
    ] as const;
    return [...each, tf.addN([...each]).mean<tf.Scalar>()] as const;
  });
  return { semantic, center, offset, total };
}

/** [B, H, W] each, times their weights; of the offsets the mean of the two axes. */
function pixelLosses(prediction: PanopticPrediction, target: PanopticTargetTensors, ignore: number) {
  const { semantic, semanticWeight, center, centerWeight, offset, offsetWeight } = target;
  const classes = prediction.semantic.shape[3];
  const counts = semanticWeight.mul<tf.Tensor3D>(semantic.notEqual(ignore));
  // A row of zeros where the class is `ignore` and beyond the classes: such pixels have no weight.
  const truth = tf
    .oneHot(semantic.flatten(), classes, 1, 0, "float32")
    .reshape<tf.Tensor4D>([...semantic.shape, classes]);
  return {
    semantic: crossEntropy(prediction.semantic, truth).mul<tf.Tensor3D>(counts),
    center: prediction.center.sub<tf.Tensor3D>(center).square().mul<tf.Tensor3D>(centerWeight),
    offset: absolute(prediction.offset.sub(offset)).mean<tf.Tensor3D>(3).mul<tf.Tensor3D>(offsetWeight),
  };
}

/** [B, H, W, C] logits and truth, one-hot or zeros, to [B, H, W]. Its gradient takes the softmax at once, not by its logarithm's. */
function crossEntropy(logits: tf.Tensor4D, truth: tf.Tensor4D): tf.Tensor3D {
  const loss = tf.customGrad((x, save) => {
    (save as tf.GradSaveFunc)([x as tf.Tensor, truth]);
    return {
      value: (x as tf.Tensor).logSoftmax().mul(truth).sum(3).neg(),
      gradFunc: (dy: tf.Tensor, [logits, labels]: tf.Tensor[]) =>
        logits.softmax().mul(labels.sum(3, true)).sub(labels).mul(dy.expandDims(3)),
    };
  });
  return loss(logits) as tf.Tensor3D;
}

/** |x| with gradient 0 at 0, where `tf.abs` has -1: a pixel that is hit exactly must not be pushed away. */
const absolute = (x: tf.Tensor): tf.Tensor => x.relu().add(x.neg().relu());

/** How the losses of pixels, [B, H, W], become [B] or [1]. */
interface Reduction {
  hardest(losses: tf.Tensor3D, share: number): tf.Tensor1D;
  weighted(losses: tf.Tensor3D, weights: tf.Tensor3D): tf.Tensor1D;
}

const perImage: Reduction = {
  hardest(losses, share) {
    const [batch, height, width] = losses.shape;
    const rows = losses.reshape<tf.Tensor2D>([batch, height * width]);
    return meanOfKept(rows, Math.max(1, roundHalfEven(share * height * width)), "not-zero");
  },
  weighted(losses) {
    const [batch, height, width] = losses.shape;
    const rows = losses.reshape<tf.Tensor2D>([batch, height * width]);
    return meanOfKept(rows, height * width, "not-zero");
  },
};

const overBatch: Reduction = {
  hardest(losses, share) {
    const row = losses.reshape<tf.Tensor2D>([1, losses.size]);
    return meanOfKept(row, Math.max(1, Math.trunc(share * losses.size)), "all");
  },
  weighted(losses, weights) {
    return losses.sum().div(weights.sum().maximum(1)).reshape([1]);
  },
};

/**
 * [R, P] to [R]: the sum of the k greatest of each row over their number, or over the number of those that are not
 * zero; 0 where there are none. Which pixels these are is not differentiated. Pixels equal to the k-th greatest share
 * what is left of k, so that the result does not hang on their order.
 */
function meanOfKept(losses: tf.Tensor2D, k: number, divisor: "not-zero" | "all"): tf.Tensor1D {
  const kept = tf.customGrad((x, save) => {
    const rows = x as tf.Tensor2D;
    const shares = tf.tidy(() => {
      const weights = k === rows.shape[1] ? tf.onesLike(rows) : sharesOfGreatest(rows, k);
      const counted = divisor === "all" ? weights : weights.mul<tf.Tensor2D>(rows.notEqual(0));
      return weights.div<tf.Tensor2D>(counted.sum(1, true).maximum(1));
    });
    (save as tf.GradSaveFunc)([shares]);
    return {
      value: rows.mul(shares).sum(1),
      gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => saved.mul(dy.expandDims(1)),
    };
  });
  return kept(losses) as tf.Tensor1D;
}

/** [R, P]: 1 for each of the k greatest of a row, equal shares for those that equal the k-th, else 0. */
function sharesOfGreatest(rows: tf.Tensor2D, k: number): tf.Tensor2D {
  const least = tf.topk(rows, k).values.min(1, true); // [R, 1]
  // By differences: TensorFlow.js compares what it has to broadcast sixty times as slowly as it subtracts.
  const over = rows.sub<tf.Tensor2D>(least);
  const above = over.step<tf.Tensor2D>();
  const equal = over.abs().step<tf.Tensor2D>().neg().add<tf.Tensor2D>(1);
  const left = above.sum(1, true).neg().add(k);
  return above.add<tf.Tensor2D>(equal.mul(left.div(equal.sum(1, true))));
}

function assertFits(prediction: PanopticPrediction, target: PanopticTargetTensors): void {
  const maps: readonly (readonly [string, tf.Tensor, number | null])[] = [
    ["prediction.center", prediction.center, null],
    ["prediction.offset", prediction.offset, 2],
    ["target.semantic", target.semantic, null],
    ["target.semanticWeight", target.semanticWeight, null],
    ["target.center", target.center, null],
    ["target.centerWeight", target.centerWeight, null],
    ["target.offset", target.offset, 2],
    ["target.offsetWeight", target.offsetWeight, null],
  ];
  const size = prediction.semantic.shape.slice(0, 3);
  for (const [name, { shape }, channels] of maps) {
    const expected = channels === null ? size : [...size, channels];
    if (shape.length !== expected.length || expected.some((length, axis) => shape[axis] !== length))
      throw new ShapeError(
        `panopticLosses: ${name} must be [${expected.join(", ")}], got [${shape.join(", ")}] with logits ` +
          `[${prediction.semantic.shape.join(", ")}]; resize the prediction to the targets`,
      );
  }
}
