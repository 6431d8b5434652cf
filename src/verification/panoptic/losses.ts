/** Losses and their gradients against what the public codes computed. */
import * as tf from "@tensorflow/tfjs";
import { panopticLosses, type LossReduction, type PanopticLossOptions } from "../../panoptic/losses.js";
import type { Comparison } from "../compare.js";
import { compare, tensorOf, type StoredCase } from "./stored.js";

interface LossArgs {
  readonly top_k: number;
  readonly weights: NonNullable<PanopticLossOptions["weights"]>;
  readonly ignore_label: number;
}

export function losses(stored: StoredCase): Comparison[] {
  return [...ofReduction(stored, "deeplab2", ""), ...ofReduction(stored, "bowenc0221", "bowen.")];
}

function ofReduction(stored: StoredCase, reduction: LossReduction, prefix: string): Comparison[] {
  const { top_k: topK, weights, ignore_label: ignore } = stored.config.args as LossArgs;
  const results = tf.tidy(() => {
    const truth = <T extends tf.Tensor>(name: string, dtype?: "int32") =>
      tensorOf<T>(stored.tensor(`gt.${name}`), dtype);
    const target = {
      semantic: truth<tf.Tensor3D>("semantic", "int32"),
      semanticWeight: truth<tf.Tensor3D>("semantic_weight"),
      center: truth<tf.Tensor3D>("center"),
      centerWeight: truth<tf.Tensor3D>("center_weight"),
      offset: truth<tf.Tensor4D>("offset"),
      offsetWeight: truth<tf.Tensor3D>("offset_weight"),
    };
    const given = ["semantic", "center", "offset"].map((name) => tensorOf(stored.tensor(`pred.${name}`)));
    const lossesOf = (semantic: tf.Tensor, center: tf.Tensor, offset: tf.Tensor) =>
      panopticLosses(
        { semantic: semantic as tf.Tensor4D, center: center as tf.Tensor3D, offset: offset as tf.Tensor4D },
        target,
        { ignore, topK, weights, reduction },
      );
    const each = lossesOf(given[0], given[1], given[2]);
    const gradients = tf.grads((semantic, center, offset) => lossesOf(semantic, center, offset).total)(given);
    return { ...each, gradients };
  });
  const comparisons = [
    ...(["semantic", "center", "offset"] as const).map((name, index) => ({ name, gradient: results.gradients[index] })),
  ].flatMap(({ name, gradient }) => [
    compare(stored, `${prefix}loss.${name}`, results[name].dataSync()),
    compare(stored, `${prefix}grad.${name}`, gradient.dataSync()),
  ]);
  const total = prefix === "" ? "loss.mean" : `${prefix}loss.total`;
  comparisons.push(compare(stored, total, results.total.dataSync()));
  tf.dispose(results);
  return comparisons;
}
