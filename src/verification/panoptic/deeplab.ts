/** Whole networks of deeplab2: its backbones, scaled down, under decoders and heads. */
import * as tf from "@tensorflow/tfjs";
import { ConfigError } from "../../core/errors.js";
import { create, configuration, type ResNetConfig, type StageConfig } from "../../models/index.js";
import { convolutionNormLinks, deeplab2BlockLinks, panopticLinks } from "../../weights/deeplab2-family.js";
import { shapesOf } from "../subject.js";
import type { Options } from "./model-options.js";
import { enlarged, headOf, type Counterpart } from "./counterpart.js";

/** One of our stages and where its blocks are there. */
interface StageThere {
  readonly stage: number;
  /** Blocks of that stage that come before ours. */
  readonly before: number;
}

interface Backbone {
  readonly base: string;
  readonly stages: readonly StageThere[];
  /** Of our stages, the one whose output is called res2 there, counted from 0. */
  readonly res2: number;
  /** Whether the first stage has the width of the stem. */
  readonly firstIsStem?: boolean;
  readonly stem: readonly (readonly [there: string, index: string])[];
}

const backbones: Readonly<Record<string, Backbone>> = {
  axial_deeplab_s: {
    // Multipliers are of the widths of L.
    base: "deeplab2-axial-deeplab-l",
    stages: [2, 3, 4, 5].map((stage) => ({ stage, before: 0 })),
    res2: 0,
    stem: [
      ["stem/conv1_bn_act", ""],
      ["stem/conv2_bn_act", "2"],
      ["stem/conv3_bn", "3"],
    ],
  },
  axial_swidernet: {
    base: "deeplab2-axial-swidernet",
    stages: [
      { stage: 1, before: 0 },
      { stage: 2, before: 0 },
      { stage: 3, before: 0 },
      { stage: 4, before: 0 },
      { stage: 4, before: 1 },
      { stage: 5, before: 0 },
    ],
    res2: 1,
    firstIsStem: true,
    stem: [["stem", ""]],
  },
};

export function buildDeeplab(options: Options): Counterpart {
  const backbone = options.one("backbone");
  const name = backbone.text("name");
  const there = backbones[name] as Backbone | undefined;
  if (there === undefined)
    throw new ConfigError(
      `verify: no counterpart of backbone ${name}, got none; it is one of ${Object.keys(backbones).join(", ")}`,
    );
  const { head, classes } = headOf(options, there.res2);
  const config: ResNetConfig = { ...scaled(configuration(there.base), there, backbone), head };
  const model = create(config, { classes, size: 33, seed: 1 });
  const shapes = shapesOf(model.weights);
  const links = [
    ...there.stem.flatMap(([module, index]) =>
      convolutionNormLinks(
        { foreign: `${name}/${module}`, own: `stem.convolution${index}` },
        shapes,
        `stem.norm${index}`,
      ),
    ),
    ...config.stages.flatMap(({ blocks }, index) =>
      Array.from({ length: blocks }, (_, block) => {
        const { stage, before } = there.stages[index];
        const foreign = `${name}/stage${stage}/block${before + block + 1}`;
        return deeplab2BlockLinks({ foreign, own: `stage${index + 1}.block${block + 1}` }, shapes);
      }).flat(),
    ),
    ...panopticLinks(shapes),
  ];
  const probed = probes(config, there);
  const probe = tf.model({
    inputs: model.inputs,
    outputs: [...model.outputs, ...probed.map(([, layer]) => model.getLayer(layer).output as tf.SymbolicTensor)],
  });
  return {
    weights: model.weights,
    links,
    apply({ "": image }, training) {
      const results = probe.apply(image.div(127.5).sub(1), { training }) as tf.Tensor4D[];
      const [semantic, center, offset, ...maps] = results;
      const size = [image.shape[1]!, image.shape[2]!] as const;
      const stride4 = { semantic, center, offset };
      return {
        outputs: enlarged([semantic, center, offset], size),
        activations: {
          ...Object.fromEntries(Object.entries(stride4).map(([head, map]) => [`stride4.${head}`, map])),
          ...Object.fromEntries(probed.map(([stage], index) => [stage, maps[index]])),
        },
      };
    },
  };
}

/** The last layer of each stage there, `res1` and so on. */
function probes({ stages }: ResNetConfig, there: Backbone): [string, string][] {
  const last = new Map<number, string>();
  stages.forEach(({ blocks }, index) =>
    last.set(there.stages[index].stage, `stage${index + 1}.block${blocks}.expand_norm`),
  );
  if (!last.has(1)) last.set(1, `stem.norm${there.stem[there.stem.length - 1][1]}`);
  return [...last].map(([stage, layer]) => [`res${stage}`, layer]);
}

/** Channels times the width multiplier, blocks times the layer multiplier, as deeplab2 rounds them. */
function scaled(base: ResNetConfig, there: Backbone, backbone: Options): ResNetConfig {
  const width = backbone.number("backbone_width_multiplier");
  const stemWidth = backbone.number("stem_width_multiplier");
  const layers = backbone.number("backbone_layer_multiplier");
  const blocksThere = new Map<number, number>();
  base.stages.forEach(({ blocks }, index) => {
    const { stage } = there.stages[index];
    blocksThere.set(stage, (blocksThere.get(stage) ?? 0) + blocks);
  });
  const stages = base.stages.map((stage, index): StageConfig => {
    const { stage: number, before } = there.stages[index];
    const all = Math.max(1, Math.ceil(blocksThere.get(number)! * layers));
    const isLast = there.stages[index + 1]?.stage !== number;
    const scale = index === 0 && there.firstIsStem === true ? stemWidth : width;
    return {
      ...stage,
      blocks: isLast ? all - before : stage.blocks,
      width: stage.width * scale,
      filters: stage.filters * scale,
      operator:
        stage.operator.kind === "axial" && stage.operator.keyDepth !== undefined
          ? { ...stage.operator, keyDepth: stage.operator.keyDepth * scale }
          : stage.operator,
    };
  });
  const { stem } = base;
  if (stem.kind !== "convolution")
    throw new ConfigError(
      `verify: ${base.name} must have a stem of convolutions, got ${stem.kind}; choose another model`,
    );
  return {
    ...base,
    stem: {
      ...stem,
      filters: stem.filters * stemWidth,
      convolutions: stem.convolutions?.map((convolution) => ({
        ...convolution,
        filters: convolution.filters * stemWidth,
      })),
    },
    // There only a change of channels asks for a projection, not a stride.
    stages: stages
      .filter(({ blocks }) => blocks > 0)
      .map((stage, index, all) => {
        const incoming = index === 0 ? stem.filters * stemWidth : all[index - 1].filters;
        return stage.filters === incoming ? { ...stage, projectShortcut: false } : stage;
      }),
  };
}
