/** The work that `axial-lab bench` measures: the rows of the table, each equal in shape to a case of `test/bench/reference.py`. */
import * as tf from "@tensorflow/tfjs";
import { variableGrads } from "../engine/index.js";
import { axialAttention } from "../functions/axial-attention.js";
import { AxialAttention } from "../layers/axial-attention.js";
import { NdAxialAttention } from "../layers/nd-axial-attention.js";
import { StandAloneAttention } from "../layers/stand-alone-attention.js";
import { create } from "../models/zoo.js";
import { createOptimizer } from "../training/optimizers.js";
import { namedWeights, parametersOf } from "../training/weights.js";

export type Mode = "evaluation" | "training";

/** One case made ready: `run` does the work once and returns when the result is there. */
export interface Prepared {
  readonly run: () => void;
  readonly dispose: () => void;
}

type ByMode = Readonly<Partial<Record<Mode, number>>>;

export interface BenchCase {
  readonly name: string;
  readonly title: string;
  /** How many times as fast as PyTorch it is meant to be: in WebAssembly as the eager form, natively as the faster one. */
  readonly targets: Readonly<Record<"wasm" | "native", ByMode>>;
  readonly prepare: (mode: Mode) => Prepared;
}

/** B images of 224 x 224 pixels, as in every net's row. */
const batchSize = 8;

/** The middle of the axial layer: heads 8, `sequences` = 8 * length of depth Dq and Dv = 2 Dq. */
function core(keyDepth: number, length: number, targets: BenchCase["targets"]): BenchCase {
  const heads = 8;
  const valueDepth = 2 * keyDepth;
  return {
    name: `core-${length}`,
    title: `attention core, d_q ${keyDepth}, d_v ${valueDepth}, L ${length}, ${batchSize * length} sequences`,
    targets,
    prepare: (mode) => {
      const shape: [number, number, number, number] = [batchSize, length, length, heads * 4 * keyDepth];
      const table = (depth: number) => tf.randomNormal<tf.Rank.R2>([2 * length - 1, depth]);
      const inputs = [
        tf.randomNormal<tf.Rank.R4>(shape),
        table(keyDepth),
        table(keyDepth),
        table(valueDepth),
        tf.ones<tf.Rank.R2>([3, heads]),
      ];
      const window = { before: length - 1, after: length - 1 };
      const attend = (...[qkv, query, key, value, scales]: tf.Tensor[]) => {
        const relative = { query: query as tf.Tensor2D, key: key as tf.Tensor2D, value: value as tf.Tensor2D };
        const geometry = { heads, keyDepth, valueDepth, window };
        const inputs = { qkv: qkv as tf.Tensor4D, relative, scales: scales as tf.Tensor2D };
        return axialAttention(inputs, geometry, { sum: true }).content;
      };
      return preparedFunction(mode, attend, inputs);
    },
  };
}

/** A layer applied to x: training asks for the gradients of x and of all weights, given a cotangent of the output. */
function layer(
  name: string,
  title: string,
  shape: number[],
  targets: BenchCase["targets"],
  make: () => tf.layers.Layer,
): BenchCase {
  return {
    name,
    title,
    targets,
    prepare: (mode) => {
      const made = make();
      made.build(shape);
      const weights = made.trainableWeights.map((weight) => weight.read());
      const attend = (x: tf.Tensor) => made.apply(x, { training: mode === "training" }) as tf.Tensor;
      const prepared = preparedFunction(mode, attend, [tf.randomNormal(shape)], { weights });
      return {
        run: () => prepared.run(),
        dispose: () => {
          prepared.dispose();
          for (const weight of made.weights) weight.dispose();
        },
      };
    },
  };
}

/** A net on 8 images: training is loss, gradients and a Nesterov step. */
function net(name: string, targets: BenchCase["targets"]): BenchCase {
  return {
    name,
    title: `${name}, batch ${batchSize}, 224 px`,
    targets,
    prepare: (mode) => {
      const classes = 1000;
      const model = create(name, { classes, size: 224 });
      const images = tf.randomNormal([batchSize, 224, 224, 3]);
      const labels = tf.oneHot(tf.range(0, batchSize, 1, "int32"), classes);
      const parameters = parametersOf(namedWeights(model), "all");
      const optimizer = createOptimizer({ kind: "sgd", momentum: 0.9, nesterov: true, weightDecay: 8e-5 }, parameters);
      const step = () => {
        const { value, grads } = variableGrads(
          () => tf.losses.softmaxCrossEntropy(labels, model.apply(images, { training: true }) as tf.Tensor),
          parameters.map(({ variable }) => variable),
        );
        const gradients = parameters.map(({ variable }) => (grads[variable.name] as tf.Tensor | undefined) ?? null);
        optimizer.step(gradients, { learningRate: 0.05 });
        value.dataSync();
        tf.dispose([value, grads]);
      };
      const evaluate = () =>
        tf.tidy(() => {
          (model.apply(images, { training: false }) as tf.Tensor).dataSync();
        });
      return {
        run: mode === "training" ? step : evaluate,
        dispose: () => {
          optimizer.dispose();
          model.dispose();
          tf.dispose([images, labels]);
        },
      };
    },
  };
}

/**
 * Runs `f` on its inputs; in training also its gradients with respect to them and to `weights`, given a cotangent of the
 * result (default: random, of the shape that `f` gives). Disposes of the inputs and the cotangent.
 */
export function preparedFunction(
  mode: Mode,
  f: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: tf.Tensor[],
  { weights = [], cotangent: given }: { weights?: tf.Tensor[]; cotangent?: tf.Tensor } = {},
): Prepared {
  let cotangent = given;
  const finish = (tensor: tf.Tensor) => {
    // One value read back: WebAssembly has computed it by then, a graphics processor has finished too.
    tensor.flatten().slice(0, 1).dataSync();
  };
  return {
    run: () =>
      tf.tidy(() => {
        if (mode === "evaluation") return finish(f(...inputs));
        // Not made beforehand: a pass by then would hide how far memory grows.
        cotangent ??= tf.keep(tf.randomNormal(f(...inputs).shape));
        const { grads } = tf.engine().gradients(() => f(...inputs), [...inputs, ...weights], cotangent, true);
        finish(grads[0]);
      }),
    dispose: () => tf.dispose([...inputs, ...(cotangent === undefined ? [] : [cotangent])]),
  };
}

export const benchCases: readonly BenchCase[] = [
  core(4, 56, { wasm: { evaluation: 12, training: 10 }, native: {} }),
  core(8, 28, { wasm: { evaluation: 4, training: 4 }, native: { evaluation: 8, training: 10 } }),
  core(16, 14, { wasm: { evaluation: 4, training: 4 }, native: {} }),
  layer(
    "layer-64x56",
    "whole axial layer, 64 channels, 56 x 56, batch 8",
    [batchSize, 56, 56, 64],
    { wasm: { evaluation: 10, training: 8 }, native: { evaluation: 20, training: 15 } },
    () => new AxialAttention({ axis: "height", filters: 64, maxDistance: 55 }),
  ),
  net("axial-resnet-26-s", { wasm: { evaluation: 3, training: 2.5 }, native: { evaluation: 4, training: 5 } }),
  net("axial-resnet-50-s", { wasm: { training: 2.5 }, native: { evaluation: 4, training: 6 } }),
  net("resnet-50", { wasm: {}, native: { evaluation: 1, training: 1.1 } }),
  layer(
    "axial-transformer-64x64x128",
    "N-d axial attention, 64 x 64 x 128, 8 heads, batch 8",
    [batchSize, 64, 64, 128],
    { wasm: { training: 4 }, native: { training: 3 } },
    () => new NdAxialAttention({ filters: 128, heads: 8 }),
  ),
  layer(
    "sasa-7x7-64x56",
    "stand-alone attention, 7 x 7, 64 channels, 56 x 56, batch 8",
    [batchSize, 56, 56, 64],
    { wasm: { training: 10 }, native: { evaluation: 40, training: 40 } },
    () => new StandAloneAttention({ filters: 64, window: 7, bias: true }),
  ),
];
