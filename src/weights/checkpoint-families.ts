/** Which published families a model's or layer's weights correspond to, found from its weights' names and shapes alone. */
import type * as tf from "@tensorflow/tfjs";
import { auxiliaryTensors, ccnetLinks } from "./ccnet-family.js";
import { sameLayout, type Link } from "./correspondence.js";
import {
  axialAttentionLinks,
  csrhddlamAxial,
  csrhddlamBlock,
  networkLinks,
  standAloneAxial,
  torchvisionBlock,
  type WeightShapes,
} from "./families.js";
import type { StoredTensor } from "./dtypes.js";
import {
  axialImageTransformerLinks,
  axialPositionLinks,
  crissCrossLinks,
  ndAxialAttentionLinks,
} from "./transformer-families.js";

/** A model, or a single layer that has been built. */
export type WeightOwner = tf.LayersModel | tf.layers.Layer;

export interface Family {
  readonly name: string;
  readonly links: readonly Link[];
  /** Integer tables that the original keeps beside this tensor. */
  readonly derived: (link: Link) => [name: string, table: StoredTensor][];
  /** Tensors of the original that belong to parts which a model may do without. */
  readonly optional: RegExp | null;
}

/**
 * The weights of a model by name; those of a single layer as `layer/...`, whatever the layer's name and whether it was built by a call
 * (which puts the layer's name in front) or directly (which does not).
 */
export function weightsByName(owner: WeightOwner): Map<string, tf.LayerVariable> {
  if ("layers" in owner) return new Map(owner.weights.map((weight) => [weight.originalName, weight]));
  const prefix = `${owner.name}/`;
  const within = (name: string) => (name.startsWith(prefix) ? name.slice(prefix.length) : name);
  return new Map(owner.weights.map((weight) => [`layer/${within(weight.originalName)}`, weight]));
}

/** The families that all weights of the owner correspond to; the last is ours, names and layouts unchanged. */
export function familiesOf(owner: WeightOwner): Family[] {
  const weights = weightsByName(owner);
  const shapes: WeightShapes = new Map([...weights].map(([name, weight]) => [name, weight.shape as number[]]));
  const found: Family[] = [];
  const add = (name: string, links: () => Link[], derived = batchCounts, optional: RegExp | null = null) => {
    const all = maybe(links);
    if (all !== null && coversAll(all, shapes)) found.push({ name, links: all, derived, optional });
  };
  if ("layers" in owner) {
    add("csrhddlam", () => networkLinks(csrhddlamBlock, shapes), offsetTables("relative", "flatten_index", -1));
    add(
      "torchvision",
      () => networkLinks(torchvisionBlock, shapes),
      offsetTables("rel_encoding", "distance_matrix", 1),
    );
    add("ccnet", () => ccnetLinks(shapes), none, auxiliaryTensors);
  } else {
    const own = "layer";
    const owned = { foreign: "", own };
    const config = owner.getConfig();
    const number = (key: string, byDefault: number) => (typeof config[key] === "number" ? config[key] : byDefault);
    const heads = number("heads", 8);
    const fromStart = (index: number, rank: number) => (index < 0 ? index + rank : index);
    add(
      "csrhddlam",
      () => axialAttentionLinks(owned, csrhddlamAxial, shapes),
      offsetTables("relative", "flatten_index", -1),
    );
    add(
      "stand-alone-axial",
      () => axialAttentionLinks(owned, standAloneAxial, shapes),
      offsetTables("rel_encoding", "distance_matrix", 1),
    );
    add("lucidrains", () => ndAxialAttentionLinks(own, number("axes", 2), heads, shapes), none);
    add(
      "lucidrains",
      () => {
        const reversible = config.reversible !== false;
        const channelAxis = fromStart(number("channelAxis", -1), 4);
        return axialImageTransformerLinks(own, { depth: number("depth", 0), heads, channelAxis, reversible }, shapes);
      },
      none,
    );
    add(
      "lucidrains",
      () => {
        const tables = [...shapes.keys()].filter((weight) => weight.startsWith(`${own}/table_`));
        const rank = tables.length + 2;
        return axialPositionLinks(
          "",
          tables,
          { rank, channelAxis: fromStart(number("channelAxis", -1), rank) },
          shapes,
        );
      },
      none,
    );
    add("ccnet", () => crissCrossLinks(owned, shapes), none);
  }
  const identity = [...shapes].map(([name, shape]) => sameLayout(name, name, shape));
  return [...found, { name: "axial-lab", links: identity, derived: none, optional: null }];
}

/** Null where the weights are not those of the family: a part that it has is missing. */
function maybe(links: () => Link[]): Link[] | null {
  try {
    return links();
  } catch {
    return null;
  }
}

/** Whether each of our weights has its numbers in the family. */
function coversAll(links: readonly Link[], shapes: WeightShapes): boolean {
  const covered = new Set(links.flatMap(({ parts }) => parts.map(({ weight }) => weight)));
  return [...shapes.keys()].every((weight) => covered.has(weight));
}

const none: Family["derived"] = () => [];

/** PyTorch's batch norms count the batches they have seen. */
const batchCounts: Family["derived"] = ({ name }) =>
  name.endsWith("running_mean")
    ? [[name.replace(/running_mean$/, "num_batches_tracked"), { dtype: "I64", shape: [], data: new BigInt64Array(1) }]]
    : [];

/** The flattened K x K table of row indices into the relative encodings: `sign` (j - i) + K - 1 for query i and key j. */
function offsetTables(encodings: string, table: string, sign: 1 | -1): Family["derived"] {
  return (link) => {
    if (link.name.split(".").pop() !== encodings) return batchCounts(link);
    const span = (link.shape[1] + 1) / 2;
    const data = new BigInt64Array(span * span);
    for (let i = 0; i < span; i++)
      for (let j = 0; j < span; j++) data[i * span + j] = BigInt(sign * (j - i) + span - 1);
    return [[link.name.slice(0, -encodings.length) + table, { dtype: "I64", shape: [span * span], data }]];
  };
}
