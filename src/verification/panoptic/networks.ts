/**
 * Pyramid, decoders, heads and whole networks of deeplab2 against ours: the same weights and inputs, one pass in training
 * mode with gradients, one in evaluation mode.
 */
import { createHash } from "node:crypto";
import * as tf from "@tensorflow/tfjs";
import { FileError } from "../../core/errors.js";
import { layerAssembler, type Features } from "../../models/layer-assembler.js";
import { applyDecoder, applyOutput, applyPanoptic, applyPyramid } from "../../models/panoptic-head.js";
import type { DecoderConfig, PyramidConfig } from "../../models/config.js";
import { fromForeign, toForeign, type Link } from "../../weights/correspondence.js";
import { decoderLinks, headLinks, panopticLinks, pyramidLinks } from "../../weights/deeplab2-family.js";
import type { WeightShapes } from "../../weights/families.js";
import type { Values } from "../values.js";
import { relativeError, viewAsStored, wholeName, type Comparison } from "../compare.js";
import { fmix32Counter, type GeneratedRule } from "../generator.js";
import { shapesOf } from "../subject.js";
import { headOf, stageOf, type Counterpart } from "./counterpart.js";
import { buildDeeplab } from "./deeplab.js";
import { parseOptions } from "./model-options.js";
import { tensorOf, type StoredCase } from "./stored.js";

type Maps = Readonly<Record<string, Features>>;

/** A part of a network on inputs that are feature maps. Names of inputs and outputs are those after `input.`. */
function part(
  stored: StoredCase,
  build: (inputs: Maps) => Maps,
  linksOf: (shapes: WeightShapes) => readonly Link[],
): Counterpart {
  const names = namesUnder(stored, "input");
  const symbols = names.map((name) => {
    const { shape } = stored.tensor(keyOf("input", name));
    return { tensor: tf.input({ shape: [null, null, shape[3]] }), side: shape[1] };
  });
  const outputs = build(Object.fromEntries(names.map((name, index) => [name, symbols[index]])));
  const model = tf.model({
    inputs: symbols.map(({ tensor }) => tensor),
    outputs: Object.values(outputs).map(({ tensor }) => tensor),
  });
  return {
    weights: model.weights,
    links: linksOf(shapesOf(model.weights)),
    apply(inputs, training) {
      const results = model.apply(
        names.map((name) => inputs[name]),
        { training },
      );
      const list = Array.isArray(results) ? results : [results];
      return {
        outputs: Object.fromEntries(Object.keys(outputs).map((name, index) => [name, list[index] as tf.Tensor])),
        activations: {},
      };
    },
  };
}

const assembler = () => layerAssembler({ constants: "tf" });

/** Features by stage, as `applyDecoder` takes them: res2 is the first. */
const stagesOf = (inputs: Maps): Features[] => [inputs.res2, inputs.res3, inputs.res5];

function counterpartOf(stored: StoredCase): Counterpart {
  const args = stored.config.args as Readonly<Record<string, unknown>>;
  if (stored.name.startsWith("panoptic-aspp"))
    return part(
      stored,
      ({ "": x }) => ({ "": applyPyramid(assembler(), "pyramid", x, pyramidOf(args)) }),
      (shapes) => pyramidLinks({ foreign: "ASPP", own: "pyramid" }, shapes),
    );
  if (stored.name.startsWith("panoptic-head")) {
    const [width, filters] = [args.head_channels as number, args.output_channels as number];
    const foreign = [...stored.tensors.keys()]
      .find((name) => name.startsWith("param."))!
      .slice(6)
      .split("/")[0];
    return part(
      stored,
      ({ "": x }) => ({ "": applyOutput(assembler(), "head", x, { width, filters }) }),
      (shapes) => headLinks({ foreign, own: "head" }, shapes),
    );
  }
  if (stored.name.startsWith("panoptic-decoder-single"))
    return part(
      stored,
      (inputs) => ({ "": applyDecoder(assembler(), "semantic", stagesOf(inputs), singleDecoder(args)) }),
      (shapes) => decoderLinks({ foreign: "semantic_decoder", own: "semantic" }, shapes),
    );
  const options = parseOptions(args.model_options as string);
  if (stored.name.startsWith("panoptic-net")) return buildDeeplab(options);
  return part(
    stored,
    (inputs) => {
      const { head, classes } = headOf(options);
      const [semantic, center, offset] = applyPanoptic(assembler(), stagesOf(inputs), head, classes);
      return { semantic, center, offset };
    },
    panopticLinks,
  );
}

function pyramidOf(args: Readonly<Record<string, unknown>>): PyramidConfig {
  const window = args.pool_size as readonly [number, number] | null;
  return {
    filters: args.output_channels as number,
    rates: args.aspp_use_only_1x1_proj_conv === true ? [] : (args.atrous_rates as readonly number[]),
    ...(window === null || window === undefined ? {} : { window }),
    dropout: 0,
  };
}

function singleDecoder(args: Readonly<Record<string, unknown>>): DecoderConfig {
  const projections = args.low_level_channels_project as readonly number[];
  const filters = args.decoder_channels as number;
  return {
    pyramid: pyramidOf({ ...args, output_channels: args.aspp_channels }),
    skips: (args.low_level as readonly string[]).map((key, index) => ({
      stage: stageOf[key],
      filters: projections[index],
    })),
    filters,
    headFilters: filters,
  };
}

const keyOf = (kind: string, name: string): string => (name === "" ? kind : `${kind}.${name}`);

function namesUnder({ tensors }: StoredCase, kind: string): string[] {
  return [...tensors.keys()].flatMap((key) =>
    key === kind ? [""] : key.startsWith(`${kind}.`) ? [key.slice(kind.length + 1)] : [],
  );
}

/** The case with the inputs and parameters that it says how to make. */
export function withGenerated(stored: StoredCase): StoredCase {
  const generated = stored.config.generated as Readonly<Record<string, GeneratedRule>> | undefined;
  if (generated === undefined) return stored;
  const made = new Map(Object.entries(generated).map(([name, rule]) => [name, fmix32Counter(rule)]));
  const digests = stored.config.generated_sha256 as { readonly input: string; readonly params: string };
  for (const what of ["input", "params"] as const) {
    const hash = createHash("sha256");
    for (const [name, { data }] of made)
      if (name.startsWith(what === "input" ? "input" : "param")) hash.update(new Uint8Array(data.buffer));
    if (hash.digest("hex") !== digests[what])
      throw new FileError(
        `verify: generated ${what} must have its SHA-256, got another for ${stored.name}; it is damaged`,
      );
  }
  const tensors = new Map([...made, ...stored.tensors]);
  return { ...stored, tensors, tensor: (name) => tensors.get(name) ?? stored.tensor(name) };
}

const given = /^(input|cotangent|param|param_eval)(\.|$)/;

/** Compares everything that is stored of a layer or network. */
export function networks(raw: StoredCase): Comparison[] {
  const stored = withGenerated(raw);
  const counterpart = counterpartOf(stored);
  load(counterpart, stored, "param");
  const ours = new Map([...train(counterpart, stored)]);
  load(counterpart, stored, "param_eval");
  for (const [name, values] of evaluate(counterpart, stored)) ours.set(name, values);
  for (const weight of counterpart.weights) (weight.read() as tf.Variable).dispose();
  const limits = (stored.config.limits ?? {}) as Readonly<Record<string, number>>;
  const rows = (stored.config.rows ?? {}) as Readonly<Record<string, readonly [number, number]>>;
  return [...raw.tensors].flatMap(([tensor, { data, shape }]) => {
    if (given.test(tensor)) return [];
    const whole = ours.get(wholeName(tensor).replace(/^rows\./, ""));
    const limit = limits[tensor] ?? limits[wholeName(tensor)] ?? stored.limit;
    if (whole === undefined) return [{ tensor, error: Infinity, limit }];
    if (!tensor.startsWith("rows."))
      return [{ tensor, error: relativeError(viewAsStored(tensor, whole), data), limit }];
    // Rows of a table; all others have no gradient.
    const [first, last] = rows[tensor.replace(/^rows\./, "")];
    const depth = shape[1];
    const inside = Array.from(whole).slice(first * depth, (last + 1) * depth);
    const outside = Array.from(whole).filter((_, index) => index < first * depth || index >= (last + 1) * depth);
    const error = outside.some((value) => value !== 0) ? Infinity : relativeError(inside, data);
    return [{ tensor, error, limit }];
  });
}

function load({ weights, links }: Counterpart, stored: StoredCase, kind: "param" | "param_eval"): void {
  const byName = new Map(weights.map((weight) => [weight.originalName, weight]));
  const changed = new Map<string, Float32Array>();
  const numbersOf = (name: string): Float32Array => {
    const numbers = changed.get(name) ?? (byName.get(name)!.read().dataSync().slice() as Float32Array);
    changed.set(name, numbers);
    return numbers;
  };
  for (const link of links) {
    const values = stored.tensors.get(`${kind}.${link.name}`) ?? fresh(kind, link);
    if (values !== null) fromForeign(link, values.data, numbersOf);
  }
  for (const [name, numbers] of changed) {
    const weight = byName.get(name)!;
    tf.tidy(() => void weight.write(tf.tensor(numbers, weight.shape as number[])));
  }
}

/** Running statistics of a network that was never trained: mean 0, variance 1. */
function fresh(kind: string, { name, shape }: Link): Values | null {
  const start = /moving_(mean|variance)$/.exec(name)?.[1];
  if (kind !== "param" || start === undefined) return null;
  const size = shape.reduce((product, length) => product * length, 1);
  return { shape, data: new Float32Array(size).fill(start === "mean" ? 0 : 1) };
}

type Results = Map<string, ArrayLike<number>>;

function train({ weights, links, apply }: Counterpart, stored: StoredCase): Results {
  const results: Results = new Map();
  const names = namesUnder(stored, "input");
  const inputs = Object.fromEntries(
    names.map((name) => [name, tf.tidy(() => tf.variable(tensorOf(stored.tensor(keyOf("input", name)))))]),
  );
  const trainable = weights.filter((weight) => weight.trainable).map((weight) => weight.read() as tf.Variable);
  const { value, grads } = tf.variableGrads(() => {
    const { outputs, activations } = apply(inputs, true);
    for (const [name, map] of Object.entries(outputs)) results.set(keyOf("output.train", name), map.dataSync());
    for (const [name, map] of Object.entries(activations)) results.set(`activation.train.${name}`, map.dataSync());
    const products = Object.entries(outputs).map(([name, map]) =>
      map.mul(tensorOf(stored.tensor(keyOf("cotangent", name)))).sum(),
    );
    return tf.addN<tf.Scalar>(products as tf.Scalar[]);
  }, [...Object.values(inputs), ...trainable]);

  for (const [name, variable] of Object.entries(inputs))
    results.set(keyOf("grad.input", name), grads[variable.name].dataSync());
  const gradients = new Map<string, ArrayLike<number>>();
  const running = new Map<string, ArrayLike<number>>();
  for (const weight of weights) {
    const gradient = grads[weight.name] as tf.Tensor | undefined;
    const size = weight.read().size;
    // The shift of the similarity norm is unused, because softmax undoes it: its gradient is zero.
    gradients.set(weight.originalName, gradient === undefined ? new Float32Array(size) : gradient.dataSync());
    running.set(weight.originalName, weight.read().dataSync());
  }
  for (const link of links) {
    results.set(
      `grad.param.${link.name}`,
      toForeign(link, (weight) => gradients.get(weight)!),
    );
    results.set(
      `buffer_after.${link.name}`,
      toForeign(link, (weight) => running.get(weight)!),
    );
  }
  tf.dispose([value, grads, inputs]);
  return results;
}

function evaluate({ apply }: Counterpart, stored: StoredCase): Results {
  const results: Results = new Map();
  tf.tidy(() => {
    const names = namesUnder(stored, "input");
    const inputs = Object.fromEntries(names.map((name) => [name, tensorOf(stored.tensor(keyOf("input", name)))]));
    const { outputs, activations } = apply(inputs, false);
    for (const [name, map] of Object.entries(outputs)) results.set(keyOf("output.eval", name), map.dataSync());
    for (const [name, map] of Object.entries(activations)) results.set(`activation.eval.${name}`, map.dataSync());
  });
  return results;
}
