/**
 * Reads a network as counts: parameters, multiply-adds, and the activations that a training step keeps.
 *
 * Multiply-adds are those of convolutions, linear layers and matrix products; padding is counted, biases, norms,
 * softmax, pooling and sums are not. An axial window is counted whole for every query, like the padding of a
 * convolution: min(m, L) keys of a local span, M * M of a square one.
 */
import { maxPooledSide } from "../functions/pooling.js";
import type {
  AxialAttentionArgs,
  CrissCrossAttentionArgs,
  LocalAttentionArgs,
  SelfAttentionArgs,
} from "../layers/index.js";
import type { Assembler, AttentionPart, Named } from "./assembler.js";
import { strided } from "./config.js";

/** What a network or a part of it costs. */
export interface Cost {
  /** Trainable numbers. */
  readonly parameters: number;
  /** Multiply-adds of convolutions, linear layers and projections, for one image. */
  readonly convolutionMacs: number;
  /** Multiply-adds of the matrix products inside attention, for one image. */
  readonly attentionMacs: number;
  /** Numbers that a training step keeps for the backward pass, for one image, with the fused kernels. */
  readonly activations: number;
}

/** What one layer costs, and the shape of its output. */
export interface LayerCost extends Cost {
  readonly name: string;
  readonly output: readonly number[];
}

/** A feature map of one image, and whether the backward pass keeps it. */
export interface CountedMap {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  kept: boolean;
}

export interface CostAssembler extends Assembler<CountedMap> {
  /** What was assembled so far, in order. */
  readonly layers: readonly LayerCost[];
}

export const noCost: Cost = { parameters: 0, convolutionMacs: 0, attentionMacs: 0, activations: 0 };

export function addCosts(a: Cost, b: Cost): Cost {
  return {
    parameters: a.parameters + b.parameters,
    convolutionMacs: a.convolutionMacs + b.convolutionMacs,
    attentionMacs: a.attentionMacs + b.attentionMacs,
    activations: a.activations + b.activations,
  };
}

const places = ({ height, width }: CountedMap): number => height * width;
const size = (map: CountedMap): number => places(map) * map.channels;

export function costAssembler(): CostAssembler {
  const layers: LayerCost[] = [];
  /** Numbers of a map, once: several layers may need the same one. */
  const keep = (map: CountedMap): number => {
    if (map.kept) return 0;
    map.kept = true;
    return size(map);
  };
  const record = (name: string, map: CountedMap, cost: Partial<Cost>): CountedMap => {
    layers.push({ ...noCost, ...cost, name, output: [map.height, map.width, map.channels] });
    return map;
  };
  const strideBy = (x: CountedMap, stride: number, channels: number): CountedMap => ({
    height: strided(x.height, stride),
    width: strided(x.width, stride),
    channels,
    kept: false,
  });

  return {
    layers,
    convolution: (x, { name, filters, kernelSize = 1, stride = 1, groups = 1, dilation = 1, bias = false }) => {
      const y = strideBy(x, stride, filters);
      const weights = (kernelSize * kernelSize * x.channels * filters) / groups;
      const parameters = weights + (bias ? filters : 0);
      // A dilated one keeps its input once more, in the order of the places that it sees together.
      const activations = keep(x) + (dilation > 1 ? size(x) : 0);
      return record(name, y, { parameters, convolutionMacs: places(y) * weights, activations });
    },
    norm: (x, { name, activation }) => {
      const y = { ...x, kept: false };
      const activations = keep(x) + (activation === "relu" ? keep(y) : 0);
      return record(name, y, { parameters: 2 * x.channels, activations });
    },
    attention: (x, part) => {
      const { args } = part;
      const filters = "filters" in args ? args.filters : x.channels;
      const y = strideBy(x, "stride" in args ? (args.stride ?? 1) : 1, filters);
      const { kept, ...cost } = attentionCost(x, part);
      return record(args.name, y, { ...cost, activations: keep(x) + kept + keptForRelu(part, y, keep) });
    },
    maxPool: (x, args) => {
      const [height, width] = [maxPooledSide(x.height, args), maxPooledSide(x.width, args)];
      const y: CountedMap = { height, width, channels: x.channels, kept: false };
      // Windows beyond the edge are taken of a padded copy.
      return record(args.name, y, { activations: keep(x) + (args.ceil === true ? size(x) : 0) + keep(y) });
    },
    // The gradient of a mean follows from its number of places alone.
    averagePool: (x, { name, window = "all", stride }) => {
      if (stride !== undefined) return record(name, strideBy(x, stride, x.channels), {});
      const [rows, columns] = window === "all" ? [x.height, x.width] : window;
      const y: CountedMap = { ...x, height: x.height - rows + 1, width: x.width - columns + 1, kept: false };
      return record(name, y, {});
    },
    subsample: (x, { name, strides: [down, across] }) => {
      const y = { ...x, height: strided(x.height, down), width: strided(x.width, across), kept: false };
      return record(name, y, {});
    },
    resizeLike: (x, { height, width }, { name }) => record(name, { ...x, height, width, kept: false }, {}),
    leakyRelu: (x, { name }) => record(name, { ...x, kept: false }, { activations: keep(x) }),
    // The factors of the channels are all that is new.
    dropout: (x, { name }) => record(name, { ...x, kept: false }, { activations: keep(x) + x.channels }),
    concatenate: (maps, { name }) => {
      const channels = maps.reduce((sum, map) => sum + map.channels, 0);
      return record(name, { ...maps[0], channels, kept: false }, {});
    },
    classify: (x, classes) => {
      const weights = x.channels * classes;
      const y: CountedMap = { height: 1, width: 1, channels: classes, kept: false };
      return record("classifier", y, {
        parameters: weights + classes,
        convolutionMacs: weights,
        activations: keep(x) + x.channels,
      });
    },
    channels: ({ channels }) => channels,
    side: ({ height }) => height,
  };
}

/**
 * A ReLU that folds into the norm before it needs what comes out; one by itself, after pooling or a plain sum, both
 * sides.
 */
function keptForRelu({ args }: AttentionPart, y: CountedMap, keep: (map: CountedMap) => number): number {
  if (!("activation" in args) || args.activation !== "relu") return 0;
  const folded = args.norms?.output !== false && (args.stride ?? 1) === 1;
  return keep(y) + (folded ? 0 : size(y));
}

type AttentionCost = Pick<Cost, "parameters" | "convolutionMacs" | "attentionMacs"> & { readonly kept: number };

function attentionCost(x: CountedMap, part: AttentionPart): AttentionCost {
  switch (part.kind) {
    case "axial":
      return selfAttentionCost(x, part.args, { ...allTerms, ...part.args.position }, axialReach(x, part.args));
    case "local":
      return selfAttentionCost(x, part.args, { ...allTerms, ...part.args.position }, windowReach(part.args));
    case "standAlone": {
      const { filters, heads = 8, norms } = part.args;
      const off = { projection: false, similarity: false, output: false };
      const args = { ...part.args, keyDepth: filters / heads, norms: { ...off, ...norms } };
      return selfAttentionCost(x, args, { query: true, key: false, value: false }, windowReach(part.args));
    }
    case "global": {
      const keys = places(x);
      return selfAttentionCost(x, part.args, { query: false, key: false, value: false }, { keys, tableRows: () => 0 });
    }
    case "crissCross":
      return crissCrossCost(x, part.args);
    case "valueMixture":
      return valueMixtureCost(x, part.args);
  }
}

const allTerms = { query: true, key: true, value: true };

/** Keys that a query sees, and the numbers of a table of encodings of a depth. */
interface Reach {
  readonly keys: number;
  readonly tableRows: (depth: number) => number;
}

function axialReach(x: CountedMap, { axis, span = "global", maxDistance = 0 }: Named<AxialAttentionArgs>): Reach {
  const length = axis === "height" ? x.height : x.width;
  if (typeof span === "number") return { keys: Math.min(span, length), tableRows: (depth) => span * depth };
  const rows = span === "causal" ? maxDistance + 1 : 2 * maxDistance + 1;
  return { keys: span === "causal" ? (length + 1) / 2 : length, tableRows: (depth) => rows * depth };
}

/** Encodings of rows and of columns, half the depth each. */
function windowReach({ window = 7 }: Pick<LocalAttentionArgs, "window">): Reach {
  return { keys: window * window, tableRows: (depth) => window * depth };
}

function selfAttentionCost(
  x: CountedMap,
  { filters, heads = 8, keyDepth = filters / heads / 2, bias = false, norms = {} }: SelfAttentionArgs,
  terms: { readonly query: boolean; readonly key: boolean; readonly value: boolean },
  { keys, tableRows }: Reach,
): AttentionCost {
  const valueDepth = filters / heads;
  const projected = heads * (2 * keyDepth + valueDepth);
  const logitTerms = 1 + Number(terms.query) + Number(terms.key);
  const outputs = 1 + Number(terms.value);
  const has = (norm: keyof typeof norms) => Number(norms[norm] !== false);
  return {
    parameters:
      x.channels * projected +
      (bias ? projected : 0) +
      (logitTerms - 1) * tableRows(keyDepth) +
      (outputs - 1) * tableRows(valueDepth) +
      2 * (has("projection") * projected + has("similarity") * logitTerms * heads + has("output") * outputs * filters),
    convolutionMacs: places(x) * x.channels * projected,
    attentionMacs: places(x) * keys * heads * (logitTerms * keyDepth + outputs * valueDepth),
    // The projection before and after its norm, and both outputs before theirs or before their sum.
    kept: places(x) * ((1 + has("projection")) * projected + (has("output") || outputs > 1 ? outputs * filters : 0)),
  };
}

/** Each loop projects anew, with the same weights; a place sees its row and column, itself once. */
function crissCrossCost(
  x: CountedMap,
  { keyDepth = Math.max(1, x.channels >> 3), recurrence = 2 }: CrissCrossAttentionArgs,
): AttentionCost {
  const projected = 2 * keyDepth + x.channels;
  const keys = x.height + x.width - 1;
  return {
    parameters: (x.channels + 1) * projected + 1,
    convolutionMacs: recurrence * places(x) * x.channels * projected,
    attentionMacs: recurrence * places(x) * keys * (keyDepth + x.channels),
    // Of each loop the projection, what was retrieved, and, but for the first, what went in.
    kept: places(x) * (recurrence * (projected + x.channels) + (recurrence - 1) * x.channels),
  };
}

function valueMixtureCost(
  x: CountedMap,
  { filters, heads = 4, block = 4, mixtures = 4 }: Extract<AttentionPart, { kind: "valueMixture" }>["args"],
): AttentionCost {
  const depth = filters / heads;
  const projected = (2 + mixtures) * filters;
  const keys = block * block;
  return {
    parameters: x.channels * projected + (2 * block + mixtures) * depth + (2 * block - 1) * depth,
    convolutionMacs: places(x) * x.channels * projected,
    // Content and position logits, values; and the mixing itself.
    attentionMacs: places(x) * (3 * keys * filters + mixtures * filters),
    // Projections, mixed values, weights: composed of single operations, so at least these.
    kept: places(x) * (projected + (mixtures + 1) * filters + heads * keys),
  };
}
