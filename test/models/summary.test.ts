import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import {
  axialResNetConfig,
  configuration,
  create,
  fullAxialResNetConfig,
  axialDeepLabConfig,
  panopticPaperFigures,
  paperFigures,
  summarize,
  type ResNetConfig,
} from "../../src/models/index.js";
import { wirings } from "./shrunk.js";

const count = (name: string, classes = 1000) => summarize(name, { classes });

describe("summarize", () => {
  // From the fixtures' model-facts.json: PyTorch originals at 224 x 224.
  const facts: [name: string, classes: number, parameters: number, convolutions: number, attention: number][] = [
    ["axial-resnet-26-s", 1000, 5944936, 1492254720, 319621120],
    ["axial-resnet-26-s", 10, 4930186, 1491240960, 319621120],
    ["axial-resnet-50-s", 1000, 11586216, 2314338304, 528604160],
    ["axial-resnet-50-s", 10, 10571466, 2313324544, 528604160],
    ["axial-resnet-50-m", 1000, 25179400, 5162237952, 792906240],
    ["axial-resnet-50-m", 10, 23657770, 5160717312, 792906240],
    ["axial-resnet-50-l", 1000, 43973480, 9137291264, 1057208320],
    ["axial-resnet-50-l", 10, 41944970, 9135263744, 1057208320],
    ["stand-alone-axial-resnet-50", 1000, 19349320, 2830368768, 347895296],
    ["stand-alone-axial-resnet-50", 10, 17320810, 2828341248, 347895296],
    ["resnet-50", 1000, 25557032, 4089184256, 0],
    ["resnet-50", 10, 23528522, 4087156736, 0],
  ];
  for (const [name, classes, parameters, convolutionMacs, attentionMacs] of facts)
    it(`counts ${name} with ${classes} classes as the original's facts do`, () => {
      const ours = count(name, classes);
      assert.deepEqual(
        [ours.parameters, ours.convolutionMacs, ours.attentionMacs],
        [parameters, convolutionMacs, attentionMacs],
      );
    });

  // torchvision's documented counts ("num_params" of its weights).
  const torchvision: [name: string, parameters: number][] = [
    ["resnet-18", 11689512],
    ["resnet-34", 21797672],
    ["resnet-101", 44549160],
    ["resnet-152", 60192808],
    ["resnext-50-32x4d", 25028904],
    ["resnext-101-32x8d", 88791336],
    ["wide-resnet-50-2", 68883240],
    ["wide-resnet-101-2", 126886696],
  ];
  for (const [name, parameters] of torchvision)
    it(`counts ${name} as torchvision does`, () => assert.equal(count(name).parameters, parameters));

  // google-research/deeplab2, axial_resnet_instances_test.py at 64bc1c1: trainable parameters without the classifier.
  const deeplab2: [name: string, parameters: number][] = [
    ["deeplab2-resnet-50", 23508032],
    ["deeplab2-resnet-50-beta", 23631808],
    ["deeplab2-axial-resnet-s", 11466912],
    ["deeplab2-axial-resnet-l", 43714048],
    ["deeplab2-axial-deeplab-s", 11565856],
    ["deeplab2-axial-deeplab-l", 43841920],
    ["deeplab2-max-deeplab-s", 41343424],
    ["deeplab2-swidernet", 109014080],
    ["deeplab2-axial-swidernet", 136399392],
  ];
  for (const [name, parameters] of deeplab2)
    it(`counts the backbone of ${name} as its test does`, () =>
      assert.equal(count(name).backbone.parameters, parameters));

  it("adds up: layers, parts and backbone with classifier are the whole", () => {
    const summary = count("axial-resnet-26-s", 10);
    const sum = (costs: readonly { readonly parameters: number; readonly activations: number }[]) =>
      costs.reduce((total, { parameters, activations }) => total + parameters + activations, 0);
    assert.equal(sum(summary.layers), summary.parameters + summary.activations);
    assert.equal(sum(summary.parts), summary.parameters + summary.activations);
    assert.equal(summary.backbone.parameters + 1024 * 10 + 10, summary.parameters);
    assert.deepEqual(
      summary.parts.map(({ name }) => name),
      ["stem", "stage1", "stage2", "stage3", "stage4", "classifier"],
    );
  });

  it("refuses what create refuses", () => {
    assert.throws(() => summarize("resnet-18", { classes: 0 }), /classes must be a positive integer/);
  });
});

describe("the paper's figures", () => {
  const printed = (count: number, unit: number) => (count / unit).toFixed(1);

  it("are matched to their printed digits, or the difference is explained", () => {
    for (const [name, { parameters, multiplyAdds, difference }] of paperFigures) {
      const ours = count(name);
      const macs = printed(ours.convolutionMacs + ours.attentionMacs, 1e9);
      const equal = printed(ours.parameters, 1e6) === parameters && (multiplyAdds === null || macs === multiplyAdds);
      assert.equal(equal, difference === null, name);
    }
  });

  it("of panoptic models are met as closely as the explanation says", () => {
    for (const { name, span, shape, classes, parameters, multiplyAdds } of panopticPaperFigures) {
      const width = /^axial-deeplab-(.+)$/.exec(name)?.[1] as "s" | undefined;
      const config = span === null ? configuration(name) : axialDeepLabConfig(width!, { span });
      const ours =
        span === null
          ? summarize({ ...config, head: axialDeepLabConfig("l").head }, { classes, shape })
          : summarize(config, { classes, shape, size: 1025 });
      const share = (ours.convolutionMacs + ours.attentionMacs) / (multiplyAdds * 1e9) - 1;
      // Table 2 leaves the head of 133 classes out, which is 2 % of S; Table 7 grows by less a place of span.
      const bound = span === null ? 0.095 : classes === 133 || span < 65 ? 0.02 : 0.007;
      assert.ok(Math.abs(share) < bound, `${name}: multiply-adds off by ${(100 * share).toFixed(2)} %`);
      // Tables of 509 rows, as deeplab2 has them, against those of a span.
      const global = width === undefined ? ours : summarize(axialDeepLabConfig(width), { classes, shape });
      const [low, high] = [Math.min(ours.parameters, global.parameters), Math.max(ours.parameters, global.parameters)];
      const slack = width === undefined ? 0.3e6 : 0;
      assert.ok(low - slack < parameters * 1e6 && parameters * 1e6 < high + slack, `${name}: ${low} to ${high}`);
    }
  });

  it("of Axial-ResNet-50-S follow from larger tables, as the explanation says", () => {
    const withRows = (config: ResNetConfig, rows: number): string => {
      // A local span has as many rows as places, a global one 2 K - 1.
      const counts = [1, 2].map((maxDistance) => {
        const resized = (operator: ResNetConfig["stages"][0]["operator"]) =>
          operator.kind === "axial" ? ({ ...operator, span: "global", maxDistance } as const) : operator;
        const stages = config.stages.map((stage) => ({ ...stage, operator: resized(stage.operator) }));
        const { stem } = config;
        const resizedStem =
          stem.kind === "blocks" ? { ...stem, stage: { ...stem.stage, operator: resized(stem.stage.operator) } } : stem;
        return summarize({ ...config, stem: resizedStem, stages }, { classes: 1000 }).parameters;
      });
      const perRow = (counts[1] - counts[0]) / 2;
      return printed(counts[0] + (rows - 3) * perRow, 1e6);
    };
    const convolutional = axialResNetConfig(50, "s");
    const full = fullAxialResNetConfig(50, "s");
    assert.deepEqual([439, 440, 492, 493].map((rows) => withRows(convolutional, rows)), ["12.3", "12.4", "12.4", "12.5"]); // prettier-ignore
    assert.deepEqual([466, 467, 518, 519].map((rows) => withRows(full, rows)), ["12.4", "12.5", "12.5", "12.6"]); // prettier-ignore
  });
});

describe("counts and models", () => {
  before(async () => void (await engine.start()));
  after(() => engine.stop());

  it("agree: every wiring has the parameters and channels that are counted", () => {
    for (const config of [...wirings(), configuration("axial-resnet-26-s")]) {
      const options = { classes: 10, size: 32 };
      const summary = summarize(config, options);
      const model = create(config, options);
      const parameters = model.trainableWeights.map(({ shape }) => tf.util.sizeFromShape(shape as number[]));
      const total = parameters.reduce((sum, size) => sum + size, 0);
      assert.equal(total, summary.parameters, config.name);
      for (const { name: layer, output } of summary.layers)
        assert.equal((model.getLayer(layer).outputShape as tf.Shape).at(-1), output[2], `${config.name} ${layer}`);
      model.dispose();
    }
  });

  it("agree on the activations that a training step keeps, on the engine with fused kernels", () => {
    if (!engine.report()!.kernels) return;
    const [batch, size] = [2, 48];
    for (const name of ["resnet-18", "axial-resnet-26-s"]) {
      const model = create(name, { classes: 10, size });
      const images = tf.randomNormal([batch, size, size, 3]);
      let kept = 0;
      const { value, grads } = tf.variableGrads(() => {
        const loss = (model.apply(images, { training: true }) as tf.Tensor).mean<tf.Scalar>();
        kept = keptForBackward(model, batch);
        return loss;
      }, model.trainableWeights.map((weight) => weight.read() as tf.Variable)); // prettier-ignore
      const { activations } = summarize(name, { classes: 10, size });
      assert.ok(
        Math.abs(kept / batch / activations - 1) < 0.01,
        `${name}: ${kept / batch} kept, ${activations} counted`,
      );
      tf.dispose([value, grads, images]);
      model.dispose();
    }
  });
});

/**
 * Numbers that the gradient tape keeps, each memory once, without weights and what is of a channel rather than of a
 * place.
 */
function keptForBackward(model: tf.LayersModel, batch: number): number {
  const { activeTape } = (tf.engine() as unknown as { state: { activeTape: { saved?: tf.Tensor[] }[] } }).state;
  const seen = new Set<object>(model.weights.map((weight) => weight.read().dataId));
  let kept = 0;
  for (const { saved = [] } of activeTape)
    for (const tensor of saved) {
      if (seen.has(tensor.dataId) || tensor.rank < 2 || tensor.shape[0] < batch) continue;
      seen.add(tensor.dataId);
      kept += tensor.size;
    }
  return kept;
}
