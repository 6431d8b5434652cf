/**
 * The correspondences of the published PyTorch classes, part by part: convolution, batch norm, linear, axial attention,
 * residual block, whole network.
 *
 * Convolutions there are [out, in, k, k], ours [k, k, in, out]; linear layers [out, in], ours [in, out].
 *
 * Sources: csrhddlam/axial-deeplab `lib/models/axialnet.py`; MartinGer/Stand-Alone-Axial-Attention `Axial_Layer.py`,
 * `Axial_Model.py`; torchvision `models/resnet.py`.
 */
import { linkPart, permuted, sameLayout, type Link } from "./correspondence.js";

/** The shapes of our weights by name: which parts a layer has, and how large. */
export type WeightShapes = ReadonlyMap<string, readonly number[]>;

/** A pair of names: of the module there, of the layer here. */
export interface Pair {
  readonly foreign: string;
  readonly own: string;
}

export function shapeOf(shapes: WeightShapes, weight: string): readonly number[] {
  const shape = shapes.get(weight);
  if (shape === undefined) throw new Error(`internal: no weight ${weight} among ${[...shapes.keys()].join(", ")}`);
  return shape;
}

export const join = (module: string, name: string) => (module === "" ? name : `${module}.${name}`);

export function convolutionLinks({ foreign, own }: Pair, shapes: WeightShapes): Link[] {
  const weight = `${own}/kernel`;
  const kernel = permuted(join(foreign, "weight"), weight, shapeOf(shapes, weight), [3, 2, 0, 1]);
  const bias = shapes.get(`${own}/bias`);
  return bias === undefined ? [kernel] : [kernel, sameLayout(join(foreign, "bias"), `${own}/bias`, bias)];
}

export function linearLinks(
  { foreign, own }: Pair,
  shapes: WeightShapes,
  names: { kernel: string; bias: string } = { kernel: "kernel", bias: "bias" },
): Link[] {
  const weight = `${own}/${names.kernel}`;
  const bias = `${own}/${names.bias}`;
  return [
    permuted(join(foreign, "weight"), weight, shapeOf(shapes, weight), [1, 0]),
    sameLayout(join(foreign, "bias"), bias, shapeOf(shapes, bias)),
  ];
}

/** The four tensors of a batch norm: PyTorch's name, ours. */
export const batchNormNames = [
  ["weight", "gamma"],
  ["bias", "beta"],
  ["running_mean", "moving_mean"],
  ["running_var", "moving_variance"],
] as const;

export function batchNormLinks({ foreign, own }: Pair, shapes: WeightShapes): Link[] {
  return batchNormNames.map(([there, here]) =>
    sameLayout(join(foreign, there), `${own}/${here}`, shapeOf(shapes, `${own}/${here}`)),
  );
}

/** What differs between the published axial attention layers. */
export interface AxialLayout {
  readonly projection: string;
  readonly projectionNorm: string;
  readonly similarityNorm: string;
  /** Null: it has no norm of the outputs. */
  readonly outputNorm: string | null;
  readonly relative: string;
  /** Order of query (q), key (k) and value (v) among the projected channels of a head. */
  readonly order: "qkv" | "kqv";
  /** Which tables count their offsets from the key to the query, and so are mirrored with respect to ours. */
  readonly mirrored: { readonly query: boolean; readonly key: boolean; readonly value: boolean };
}

export const csrhddlamAxial: AxialLayout = {
  projection: "qkv_transform",
  projectionNorm: "bn_qkv",
  similarityNorm: "bn_similarity",
  outputNorm: "bn_output",
  relative: "relative",
  order: "qkv",
  mirrored: { query: true, key: false, value: true },
};

export const standAloneAxial: AxialLayout = {
  projection: "kqv_conv",
  projectionNorm: "kqv_bn",
  similarityNorm: "logits_bn",
  outputNorm: null,
  relative: "rel_encoding",
  order: "kqv",
  mirrored: { query: false, key: true, value: false },
};

/**
 * A layer of position-sensitive axial attention with all three position terms. Both sources keep the three tables in
 * one [2 Dq + Dv, 2K - 1] and its rows in the order q, k, v, whatever that of the projection.
 */
export function axialAttentionLinks({ foreign, own }: Pair, layout: AxialLayout, shapes: WeightShapes): Link[] {
  const [rows, keyDepth] = shapeOf(shapes, `${own}/relative_query`);
  const [, valueDepth] = shapeOf(shapes, `${own}/relative_value`);
  const perHead = 2 * keyDepth + valueDepth;
  const ours = { q: 0, k: keyDepth, v: 2 * keyDepth };
  const theirs = layout.order === "qkv" ? ours : { k: 0, q: keyDepth, v: 2 * keyDepth };
  /** The projected channel there that is our channel. */
  const channelThere = (channel: number): number => {
    const within = channel % perHead;
    const part = within < ours.k ? "q" : within < ours.v ? "k" : "v";
    return channel - within + theirs[part] + (within - ours[part]);
  };

  const projection = shapeOf(shapes, `${own}/projection`);
  const [inputs, projected] = projection;
  const projectionThere = [projected, inputs, 1];
  const tablesThere = [perHead, rows];
  const table = (name: "query" | "key" | "value", depth: number, first: number) =>
    linkPart(`${own}/relative_${name}`, [rows, depth], tablesThere, (offset, channel) => [
      first + channel,
      layout.mirrored[name] ? rows - 1 - offset : offset,
    ]);

  const links: Link[] = [
    {
      name: join(foreign, layout.relative),
      shape: tablesThere,
      parts: [table("query", keyDepth, ours.q), table("key", keyDepth, ours.k), table("value", valueDepth, ours.v)],
    },
    {
      name: join(foreign, `${layout.projection}.weight`),
      shape: projectionThere,
      parts: [linkPart(`${own}/projection`, projection, projectionThere, (i, o) => [channelThere(o), i, 0])],
    },
  ];
  for (const [there, here] of batchNormNames) {
    const projectionNorm = `${own}/projection_norm_${here}`;
    links.push({
      name: join(foreign, `${layout.projectionNorm}.${there}`),
      shape: [projected],
      parts: [linkPart(projectionNorm, [projected], [projected], (channel) => [channelThere(channel)])],
    });
    // There one channel per term and head, here [terms, heads]: the same order.
    const similarityNorm = `${own}/similarity_norm_${here}`;
    const [terms, heads] = shapeOf(shapes, similarityNorm);
    links.push({
      name: join(foreign, `${layout.similarityNorm}.${there}`),
      shape: [terms * heads],
      parts: [linkPart(similarityNorm, [terms, heads], [terms * heads], (term, head) => [term * heads + head])],
    });
    if (layout.outputNorm !== null) {
      // There content and position take turns, channel by channel.
      const filters = shapeOf(shapes, `${own}/content_norm_${here}`);
      const interleaved = [2 * filters[0]];
      links.push({
        name: join(foreign, `${layout.outputNorm}.${there}`),
        shape: interleaved,
        parts: [
          linkPart(`${own}/content_norm_${here}`, filters, interleaved, (channel) => [2 * channel]),
          linkPart(`${own}/position_norm_${here}`, filters, interleaved, (channel) => [2 * channel + 1]),
        ],
      });
    }
  }
  return links;
}

/** The modules of a residual block there, by the names of the layers here. */
export interface BlockLayout {
  readonly modules: Readonly<Record<string, string>>;
  /** The same of blocks that have no second 1 x 1 convolution; absent: the family has none. */
  readonly basicModules?: Readonly<Record<string, string>>;
  readonly axial: AxialLayout;
}

const shortcut = { shortcut: "downsample.0", shortcut_norm: "downsample.1" };

export const csrhddlamBlock: BlockLayout = {
  modules: {
    reduce: "conv_down",
    reduce_norm: "bn1",
    height: "hight_block", // spelt so there
    width: "width_block",
    expand: "conv_up",
    expand_norm: "bn2",
    ...shortcut,
  },
  axial: csrhddlamAxial,
};

/** torchvision's names; the axial layers are those of Stand-Alone-Axial-Attention, which took over the rest. */
export const torchvisionBlock: BlockLayout = {
  modules: {
    reduce: "conv1",
    reduce_norm: "bn1",
    spatial: "conv2",
    spatial_norm: "bn2",
    height: "height_block",
    width: "width_block",
    expand: "conv3",
    expand_norm: "bn3",
    ...shortcut,
  },
  basicModules: {
    reduce: "conv1",
    reduce_norm: "bn1",
    spatial: "conv2",
    height: "height_block",
    width: "width_block",
    expand_norm: "bn2",
    ...shortcut,
  },
  axial: standAloneAxial,
};

/** All layers of the block that there are: which ones, the shapes tell. */
export function blockLinks({ foreign, own }: Pair, layout: BlockLayout, shapes: WeightShapes): Link[] {
  const isBasic = !shapes.has(`${own}.expand/kernel`);
  return Object.entries((isBasic && layout.basicModules) || layout.modules).flatMap(([here, there]) => {
    const pair = { foreign: join(foreign, there), own: `${own}.${here}` };
    if (shapes.has(`${pair.own}/projection`)) return axialAttentionLinks(pair, layout.axial, shapes);
    if (shapes.has(`${pair.own}/kernel`)) return convolutionLinks(pair, shapes);
    if (shapes.has(`${pair.own}/gamma`)) return batchNormLinks(pair, shapes);
    return [];
  });
}

/** The residual blocks of all stages: `layer1.0` ... */
export function stageLinks(layout: BlockLayout, shapes: WeightShapes): Link[] {
  const blocks = new Set([...shapes.keys()].flatMap((weight) => /^stage\d+\.block\d+(?=\.)/.exec(weight) ?? []));
  return [...blocks].flatMap((own) => {
    const [stage, block] = own.match(/\d+/g)!.map(Number);
    return blockLinks({ foreign: `layer${stage}.${block - 1}`, own }, layout, shapes);
  });
}

/** A whole network with a convolutional stem: `conv1`, `bn1`, `layer1.0` ..., `fc`. */
export function networkLinks(layout: BlockLayout, shapes: WeightShapes): Link[] {
  return [
    ...convolutionLinks({ foreign: "conv1", own: "stem.convolution" }, shapes),
    ...batchNormLinks({ foreign: "bn1", own: "stem.norm" }, shapes),
    ...stageLinks(layout, shapes),
    ...linearLinks({ foreign: "fc", own: "classifier" }, shapes),
  ];
}
