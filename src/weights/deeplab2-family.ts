/**
 * The correspondences of google-research/deeplab2, part by part, by the names of its TensorFlow variables: convolution and
 * norm, axial attention, residual block, pyramid, decoder, head.
 *
 * Kernels there are laid out as ours, but for depthwise ones, [k, k, C, 1] there and [k, k, 1, C] here; the projection of
 * attention puts the queries of all heads first, then the keys, then the values.
 *
 * Source: model/layers, model/decoder and model/encoder at commit 64bc1c1.
 */
import { linkPart, permuted, sameLayout, type Link } from "./correspondence.js";
import { shapeOf, type Pair, type WeightShapes } from "./families.js";

const norm = ["gamma", "beta", "moving_mean", "moving_variance"] as const;

function normLinks({ foreign, own }: Pair, shapes: WeightShapes): Link[] {
  return norm.map((name) => sameLayout(`${foreign}/${name}`, `${own}/${name}`, shapeOf(shapes, `${own}/${name}`)));
}

/** A convolution and the norm behind it; the norm is `${own}_norm` where it has no name of its own. */
export function convolutionNormLinks({ foreign, own }: Pair, shapes: WeightShapes, ownNorm = `${own}_norm`): Link[] {
  const kernel = `${own}/kernel`;
  return [
    sameLayout(`${foreign}/conv/kernel`, kernel, shapeOf(shapes, kernel)),
    ...normLinks({ foreign: `${foreign}/batch_norm`, own: ownNorm }, shapes),
  ];
}

function separableLinks({ foreign, own }: Pair, shapes: WeightShapes): Link[] {
  const there = `${foreign}/conv1_bn_act`;
  const kernel = `${own}.depthwise/kernel`;
  return [
    permuted(`${there}/depthwise/depthwise_conv/depthwise_kernel`, kernel, shapeOf(shapes, kernel), [0, 1, 3, 2]),
    ...normLinks({ foreign: `${there}/depthwise/batch_norm`, own: `${own}.depthwise_norm` }, shapes),
    ...convolutionNormLinks({ foreign: `${there}/pointwise`, own: `${own}.pointwise` }, shapes),
  ];
}

/** Axial attention along one axis: `.../height_axis` to `....height`. */
function axialLinks({ foreign, own }: Pair, shapes: WeightShapes): Link[] {
  const weight = (name: string) => `${own}/${name}`;
  const shape = (name: string) => shapeOf(shapes, weight(name));
  const [, heads] = shape("similarity_norm_gamma");
  const [, keyDepth] = shape("relative_query");
  const [, valueDepth] = shape("relative_value");
  const perHead = 2 * keyDepth + valueDepth;
  /** The projected channel there that is our channel. */
  const channelThere = (channel: number): number => {
    const [head, within] = [Math.floor(channel / perHead), channel % perHead];
    if (within < keyDepth) return head * keyDepth + within;
    if (within < 2 * keyDepth) return heads * keyDepth + head * keyDepth + (within - keyDepth);
    return 2 * heads * keyDepth + head * valueDepth + (within - 2 * keyDepth);
  };
  const projection = shape("projection");
  const links: Link[] = [
    {
      name: `${foreign}/qkv_kernel`,
      shape: projection,
      parts: [
        linkPart(weight("projection"), projection, projection, (input, channel) => [input, channelThere(channel)]),
      ],
    },
  ];
  for (const name of norm) {
    const ofProjection = shape(`projection_norm_${name}`);
    links.push({
      name: `${foreign}/batch_norm_qkv/${name}`,
      shape: ofProjection,
      parts: [
        linkPart(weight(`projection_norm_${name}`), ofProjection, ofProjection, (channel) => [channelThere(channel)]),
      ],
    });
    const similarity = sameLayout(
      `${foreign}/batch_norm_similarity/${name}`,
      weight(`similarity_norm_${name}`),
      shape(`similarity_norm_${name}`),
    );
    links.push({ ...similarity, shape: [3, 1, heads, 1, 1] });
    const channels = [heads * valueDepth];
    const outputs = [2, heads * valueDepth];
    links.push({
      name: `${foreign}/batch_norm_retrieved_output/${name}`,
      shape: [2, 1, heads, 1, valueDepth],
      parts: (["content", "position"] as const).map((output, index) =>
        linkPart(weight(`${output}_norm_${name}`), channels, outputs, (channel) => [index, channel]),
      ),
    });
  }
  for (const table of ["query", "key", "value"] as const)
    links.push(
      sameLayout(`${foreign}/${table}_rpe/embeddings`, weight(`relative_${table}`), shape(`relative_${table}`)),
    );
  return links;
}

/** A residual block: with two 3 x 3 convolutions, a bottleneck, or an axial bottleneck; what it has our names tell. */
export function deeplab2BlockLinks({ foreign, own }: Pair, shapes: WeightShapes): Link[] {
  const links = convolutionNormLinks({ foreign: `${foreign}/conv1_bn_act`, own: `${own}.reduce` }, shapes);
  if (shapes.has(`${own}.height/projection`)) {
    links.push(...axialLinks({ foreign: `${foreign}/attention/height_axis`, own: `${own}.height` }, shapes));
    links.push(...axialLinks({ foreign: `${foreign}/attention/width_axis`, own: `${own}.width` }, shapes));
  } else if (shapes.has(`${own}.spatial_norm/gamma`))
    links.push(...convolutionNormLinks({ foreign: `${foreign}/conv2_bn_act`, own: `${own}.spatial` }, shapes));
  const expand = shapes.has(`${own}.expand/kernel`)
    ? ({ foreign: `${foreign}/conv3_bn`, own: `${own}.expand` } as const)
    : ({ foreign: `${foreign}/conv2_bn`, own: `${own}.spatial` } as const);
  links.push(...convolutionNormLinks(expand, shapes, `${own}.expand_norm`));
  if (shapes.has(`${own}.shortcut/kernel`))
    links.push(...convolutionNormLinks({ foreign: `${foreign}/shortcut`, own: `${own}.shortcut` }, shapes));
  return links;
}

/** Atrous spatial pyramid pooling; one that is its projection alone has no other part. */
export function pyramidLinks({ foreign, own }: Pair, shapes: WeightShapes): Link[] {
  const modules = [
    ["proj_conv_bn_act", "project"],
    ["conv_bn_act", "place"],
    ["aspp_conv1/conv_bn_act", "atrous1"],
    ["aspp_conv2/conv_bn_act", "atrous2"],
    ["aspp_conv3/conv_bn_act", "atrous3"],
    ["aspp_pool/conv_bn_act", "pool"],
  ];
  return modules.flatMap(([there, here]) =>
    shapes.has(`${own}.${here}/kernel`)
      ? convolutionNormLinks({ foreign: `${foreign}/${there}`, own: `${own}.${here}` }, shapes)
      : [],
  );
}

export function decoderLinks({ foreign, own }: Pair, shapes: WeightShapes): Link[] {
  const links = pyramidLinks({ foreign: `${foreign}/aspp`, own: `${own}.pyramid` }, shapes);
  for (let index = 1; shapes.has(`${own}.skip${index}/kernel`); index++)
    links.push(
      ...convolutionNormLinks({ foreign: `${foreign}/low_level_conv${index}`, own: `${own}.skip${index}` }, shapes),
      ...separableLinks({ foreign: `${foreign}/fusion_conv${index}`, own: `${own}.fuse${index}` }, shapes),
    );
  return links;
}

/** A head: separable convolution and output. */
export function headLinks({ foreign, own }: Pair, shapes: WeightShapes): Link[] {
  const weight = (name: string) => `${own}.output/${name}`;
  return [
    ...separableLinks({ foreign: `${foreign}/conv_block`, own }, shapes),
    sameLayout(`${foreign}/final_conv/kernel`, weight("kernel"), shapeOf(shapes, weight("kernel"))),
    sameLayout(`${foreign}/final_conv/bias`, weight("bias"), shapeOf(shapes, weight("bias"))),
  ];
}

/** Both decoders and the three heads. */
export function panopticLinks(shapes: WeightShapes): Link[] {
  const root = "PanopticDeepLab";
  return [
    ...decoderLinks({ foreign: `${root}/semantic_decoder`, own: "semantic" }, shapes),
    ...decoderLinks({ foreign: `${root}/instance_decoder`, own: "instance" }, shapes),
    ...headLinks({ foreign: `${root}/semantic_head`, own: "semantic.head" }, shapes),
    ...headLinks({ foreign: `${root}/instance_center_head`, own: "center.head" }, shapes),
    ...headLinks({ foreign: `${root}/instance_regression_head`, own: "offset.head" }, shapes),
  ];
}
