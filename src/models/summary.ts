/** What a configuration costs, without building it. */
import { assertPositiveIntegers } from "../core/checks.js";
import { assertConfig } from "./check-config.js";
import type { ModelOptions, ResNetConfig } from "./config.js";
import { addCosts, costAssembler, noCost, type Cost, type LayerCost } from "./cost-assembler.js";
import { assemble } from "./network.js";
import { configuration } from "./zoo.js";

/** What a network costs, as a whole and part by part. */
export interface Summary extends Cost {
  /** Stem and stages, without classifier or head: how deeplab2 counts. */
  readonly backbone: Cost;
  /** Stem, stages, and classifier or head. */
  readonly parts: readonly (Cost & { readonly name: string })[];
  readonly layers: readonly LayerCost[];
}

/** For which images a summary counts. */
export interface SummaryOptions extends ModelOptions {
  /** Rows and columns of the image. Default `size` each. */
  readonly shape?: readonly [height: number, width: number];
}

/**
 * By name or from a configuration of your own: parameters, multiply-adds and kept activations of a model for one image of
 * `size` x `size` (default 224), or `shape`.
 *
 *     const { parameters, convolutionMacs, attentionMacs } = summarize("axial-resnet-50-s", { classes: 1000 });
 *
 * @throws ConfigError when the configuration or the options are not valid.
 */
export function summarize(model: string | ResNetConfig, options: SummaryOptions): Summary {
  const config = configuration(model);
  assertConfig("models.summarize", config, options, ["shape"]);
  const { classes, size = 224, shape } = options;
  const [height, width] = shape ?? [size, size];
  assertPositiveIntegers(`models.summarize ${config.name}`, { "shape[0]": height, "shape[1]": width });
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
