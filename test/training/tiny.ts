/** A classifier and a data set that train in milliseconds, with all that a resumed run must repeat. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { generated } from "../../src/data/index.js";
import type { ResNetConfig } from "../../src/models/index.js";
import type { EpochDone, RunEvent, StepDone } from "../../src/training/index.js";

/** Norm with running statistics, drop-out without a seed of its own, layers without names. */
export function tinyModel(classes = 3): tf.LayersModel {
  const seeded = (seed: number) => tf.initializers.glorotNormal({ seed });
  return tf.sequential({
    layers: [
      tf.layers.conv2d({
        filters: 5,
        kernelSize: 3,
        strides: 2,
        inputShape: [null, null, 3],
        kernelInitializer: seeded(1),
      }),
      tf.layers.batchNormalization(),
      tf.layers.activation({ activation: "relu" }),
      tf.layers.globalAveragePooling2d({}),
      tf.layers.dropout({ rate: 0.3 }),
      tf.layers.dense({ units: classes, kernelInitializer: seeded(2) }),
    ],
  });
}

/** 5 steps of 7 images an epoch. */
export const tinyData = () => generated({ classes: 3, trainCount: 37, validationCount: 11 });
export const tinySettings = { batchSize: 7, size: 11, epochs: 3 };

/** A folder that is gone after the tests. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "axial-training-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An axial stage before a convolutional one. */
export const small: ResNetConfig = {
  name: "small",
  stem: { kind: "convolution", filters: 4 },
  norm: "torch",
  stages: [
    { blocks: 1, stride: 1, width: 4, filters: 8, operator: { kind: "axial", heads: 2 } },
    { blocks: 1, stride: 2, width: 4, filters: 8, operator: { kind: "convolution" } },
  ],
};

export const stepsOf = (events: RunEvent[]): StepDone[] => events.filter((event) => event.event === "step");
export const epochsOf = (events: RunEvent[]): EpochDone[] => events.filter((event) => event.event === "epoch");

/** All weights of a model, one after the other. */
export const valuesOf = (model: tf.LayersModel): number[] =>
  model.getWeights().flatMap((weight) => [...weight.dataSync()]);
