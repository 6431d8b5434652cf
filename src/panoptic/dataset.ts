/** What panoptic training asks of a data set: images, and of every pixel its class, its object and the way to its centre. */
import type { Batch, Dataset } from "../data/dataset.js";
import type { LabelSpace, PixelMap } from "./panoptic-map.js";
import { panopticTargets, type TargetOptions } from "./targets.js";

/** Classes count from 0 in a batch, whatever their numbers in a file; 255 is void, and a class has up to 999 objects. */
export const batchLabels = { divisor: 1000, ignore: 255 } as const;

/** Maps of [B, H, W] each, but for `offset`, [B, H, W, 2] of (y, x); see `panopticTargets`. */
export interface PanopticBatch extends Batch {
  /** `class * 1000 + object`; the truth that a prediction is measured by. */
  readonly panoptic: Int32Array;
  readonly semantic: Int32Array;
  readonly semanticWeight: Float32Array;
  readonly center: Float32Array;
  readonly centerWeight: Float32Array;
  readonly offset: Float32Array;
  readonly offsetWeight: Float32Array;
}

/** A data set of images and their panoptic maps. */
export interface PanopticDataset extends Dataset<PanopticBatch> {
  /** Indices into `classes` of those whose objects are told apart. */
  readonly things: readonly number[];
  /** Width of the images over their height; batches have `size` rows. */
  readonly aspect: number;
}

/** How targets are made, but for the label space, which is the batch's. */
export type BatchTargetOptions = Pick<TargetOptions, "sigma" | "small" | "rules">;

/** Columns of images of so many rows. */
export const columnsOf = (rows: number, aspect: number): number => Math.max(1, Math.round(rows * aspect));

/** The label space of batches with these things. */
export const batchSpace = (things: readonly number[]): LabelSpace => ({ ...batchLabels, things });

/** An empty batch of targets, to be filled image by image. */
export function createTargetArrays(batch: number, height: number, width: number) {
  const pixels = batch * height * width;
  const arrays = {
    panoptic: new Int32Array(pixels),
    semantic: new Int32Array(pixels),
    semanticWeight: new Float32Array(pixels),
    center: new Float32Array(pixels),
    centerWeight: new Float32Array(pixels),
    offset: new Float32Array(2 * pixels),
    offsetWeight: new Float32Array(pixels),
  };
  return {
    arrays,
    /** Writes the targets of a map at the place of image `index`. */
    fill: (index: number, map: PixelMap, options: TargetOptions): void => {
      const start = index * height * width;
      const targets = panopticTargets(map, options);
      arrays.panoptic.set(map.values, start);
      arrays.semantic.set(targets.semantic, start);
      arrays.semanticWeight.set(targets.semanticWeight, start);
      arrays.center.set(targets.center, start);
      arrays.centerWeight.set(targets.centerWeight, start);
      arrays.offset.set(targets.offset, 2 * start);
      arrays.offsetWeight.set(targets.offsetWeight, start);
    },
  };
}
