/** What a configuration costs, without building it. */
import { assertConfig, type ModelOptions, type ResNetConfig } from "./config.js";
import { addCosts, costAssembler, noCost, type Cost, type LayerCost } from "./cost-assembler.js";
import { assemble } from "./network.js";

export interface Summary extends Cost {
  /** Stem and stages, without classifier or head: how deeplab2 counts. */
  readonly backbone: Cost;
  /** Stem, stages, and classifier or head. */
  readonly parts: readonly (Cost & { readonly name: string })[];
  readonly layers: readonly LayerCost[];
}

/**
 * Parameters, multiply-adds and kept activations of a model for one image of `size` x `size` (default 224), or `shape`.
 *
 *     const { parameters, convolutionMacs, attentionMacs } = summarize(configuration("axial-resnet-50-s"), { classes: 1000 });
 *
 * @throws ConfigError when the configuration or the options are not valid.
 */
export function summarize(
  config: ResNetConfig,
  options: ModelOptions & {
    /** Rows and columns of the image. Default `size` each. */ readonly shape?: readonly [number, number];
  },
): Summary {
  assertConfig(config, options);
  const { classes, size = 224, shape: [height, width] = [size, size] } = options;
  const assembler = costAssembler();
  assemble(assembler, { height, width, channels: 3, kept: false }, config, classes);
  const { layers } = assembler;
  const parts = new Map<string, Cost>();
  for (const layer of layers) {
    const part = layer.name.split(".")[0];
    parts.set(part, addCosts(parts.get(part) ?? noCost, layer));
  }
  const sum = (some: readonly Cost[]) => some.reduce(addCosts, noCost);
  return {
    ...sum(layers),
    backbone: sum(layers.filter(({ name }) => /^(stem|stage\d+)\./.test(name))),
    parts: [...parts].map(([name, cost]) => ({ name, ...cost })),
    layers,
  };
}
