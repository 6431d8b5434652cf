/**
 * The correspondences of the published N-d axial transformer and of criss-cross attention.
 *
 * Both keep queries, keys and values in several tensors where we keep one projection, per head query, key, value.
 *
 * Sources: lucidrains/axial-attention `axial_attention.py`; speedinghzl/CCNet `cc_attention/functions.py`.
 */
import { ConfigError } from "../core/errors.js";
import { linkPart, sameLayout, type Link } from "./correspondence.js";
import { convolutionLinks, join, linearLinks, shapeOf, type Pair, type WeightShapes } from "./families.js";

/** `SelfAttention`: `to_q`, `to_kv` (keys of all heads, then values), `to_out`. */
export function selfAttentionLinks({ foreign, own }: Pair, heads: number, shapes: WeightShapes): Link[] {
  const projection = shapeOf(shapes, `${own}/projection`);
  const [channels, projected] = projection;
  const [hidden] = shapeOf(shapes, `${own}/output`);
  if (projected !== 3 * hidden)
    throw new ConfigError(
      `weights ${own}: SelfAttention has one depth for queries, keys and values, got a projection of ${projected} channels ` +
        `for ${hidden} retrieved; leave valueDepth out`,
    );
  const depth = hidden / heads;
  /** Our channel's head, part (0 query, 1 key, 2 value) and place within the head. */
  const parts = (channel: number): [head: number, part: number, within: number] => [
    Math.floor(channel / (3 * depth)),
    Math.floor((channel % (3 * depth)) / depth),
    channel % depth,
  ];
  const queryShape = [hidden, channels];
  const query = linkPart(`${own}/projection`, projection, queryShape, (input, channel) => {
    const [head, part, within] = parts(channel);
    return part === 0 ? [head * depth + within, input] : null;
  });
  const keyValueShape = [2 * hidden, channels];
  const keyValue = linkPart(`${own}/projection`, projection, keyValueShape, (input, channel) => {
    const [head, part, within] = parts(channel);
    return part === 0 ? null : [(part - 1) * hidden + head * depth + within, input];
  });
  return [
    { name: join(foreign, "to_q.weight"), shape: queryShape, parts: [query] },
    { name: join(foreign, "to_kv.weight"), shape: keyValueShape, parts: [keyValue] },
    ...linearLinks({ foreign: join(foreign, "to_out"), own }, shapes, { kernel: "output", bias: "bias" }),
  ];
}

/** `AxialAttention`: one `SelfAttention` per axis, in the order of the axes. */
export function ndAxialAttentionLinks(own: string, axes: number, heads: number, shapes: WeightShapes): Link[] {
  return Array.from({ length: axes }, (_, axis) =>
    selfAttentionLinks({ foreign: `axial_attentions.${axis}.fn`, own: `${own}/axis_${axis}` }, heads, shapes),
  ).flat();
}

/**
 * `AxialPositionalEmbedding`: a parameter per axis with ones elsewhere, [1, C, H, 1] for the height of an NCHW image.
 *
 * @param rank of the whole tensor, batch and channels included
 * @param tables the names of our tables, by axis
 */
export function axialPositionLinks(
  foreign: string,
  tables: readonly string[],
  { rank, channelAxis }: { rank: number; channelAxis: number },
  shapes: WeightShapes,
): Link[] {
  const axes = Array.from({ length: rank - 1 }, (_, index) => index + 1).filter((axis) => axis !== channelAxis);
  return tables.map((table, index) => {
    const shape = shapeOf(shapes, table);
    const [size, filters] = shape;
    const there = Array.from({ length: rank }, (_, axis) =>
      axis === channelAxis ? filters : axis === axes[index] ? size : 1,
    );
    const place = linkPart(table, shape, there, (position, channel) =>
      there.map((_, axis) => (axis === channelAxis ? channel : axis === axes[index] ? position : 0)),
    );
    return { name: join(foreign, `param_${index}`), shape: there, parts: [place] };
  });
}

/** `AxialImageTransformer` in either form: they name the members of a pair `f.net` and `g.net`, or `0` and `1`. */
export function axialImageTransformerLinks(
  own: string,
  { depth, heads, channelAxis, reversible }: { depth: number; heads: number; channelAxis: number; reversible: boolean },
  shapes: WeightShapes,
): Link[] {
  const members = reversible ? ["f.net", "g.net"] : ["0", "1"];
  const tables = [0, 1].map((axis) => `${own}/position_${axis}`).filter((table) => shapes.has(table));
  const norm = (foreign: string, [scale, shift]: [string, string], branch: string): Link[] =>
    [
      [scale, "gamma"],
      [shift, "beta"],
    ].map(([there, here]) => {
      const weight = `${branch}/norm/${here}`;
      const [channels] = shapeOf(shapes, weight);
      // The channel norm of the convolutions keeps [1, C, 1, 1]; the same numbers.
      const shape = there === "g" || there === "b" ? [1, channels, 1, 1] : [channels];
      return { ...sameLayout(join(foreign, there), weight, [channels]), shape };
    });
  return [
    ...axialPositionLinks("pos_emb", tables, { rank: 4, channelAxis }, shapes),
    ...Array.from({ length: depth }, (_, step) => [
      ...["height", "width"].flatMap((axis, member) => {
        const foreign = `layers.blocks.${2 * step}.${members[member]}.fn`;
        const branch = `${own}/${step}/${axis}`;
        return [
          ...norm(`${foreign}.norm`, ["weight", "bias"], branch),
          ...selfAttentionLinks({ foreign: `${foreign}.fn`, own: branch }, heads, shapes),
        ];
      }),
      ...["first", "second"].flatMap((name, member) => {
        const foreign = `layers.blocks.${2 * step + 1}.${members[member]}`;
        const branch = `${own}/${step}/${name}`;
        return [
          ...norm(`${foreign}.0`, ["g", "b"], branch),
          ...convolutionLinks({ foreign: `${foreign}.1`, own: `${branch}/expand` }, shapes),
          ...convolutionLinks({ foreign: `${foreign}.3`, own: `${branch}/reduce` }, shapes),
        ];
      }),
    ]).flat(),
  ];
}

/** `CrissCrossAttention`: 1x1 convolutions for query, key and value, and gamma. */
export function crissCrossLinks({ foreign, own }: Pair, shapes: WeightShapes): Link[] {
  const projection = shapeOf(shapes, `${own}/projection`);
  const [channels, projected] = projection;
  const depth = (projected - channels) / 2;
  const parts = [
    { name: "query_conv", first: 0, size: depth },
    { name: "key_conv", first: depth, size: depth },
    { name: "value_conv", first: 2 * depth, size: channels },
  ];
  return [
    sameLayout(join(foreign, "gamma"), `${own}/gamma`, [1]),
    ...parts.flatMap(({ name, first, size }): Link[] => {
      const within = (channel: number) => channel >= first && channel < first + size;
      const shape = [size, channels, 1, 1];
      const kernel = linkPart(`${own}/projection`, projection, shape, (input, channel) =>
        within(channel) ? [channel - first, input, 0, 0] : null,
      );
      const bias = linkPart(`${own}/projection_bias`, [projected], [size], (channel) =>
        within(channel) ? [channel - first] : null,
      );
      return [
        { name: join(foreign, `${name}.weight`), shape, parts: [kernel] },
        { name: join(foreign, `${name}.bias`), shape: [size], parts: [bias] },
      ];
    }),
  ];
}
