/**
 * Panoptic-DeepLab on any backbone: two decoders, one for semantics and one for instances, and three heads. Cheng et al.,
 * CVPR 2020, section 3.1; layers as google-research/deeplab2 `model/decoder/panoptic_deeplab.py`.
 */
import type { Assembler } from "./assembler.js";
import type { DecoderConfig, PanopticHead, PyramidConfig } from "./config.js";

/**
 * @param stages the features after each stage, the last last
 * @returns logits, heat map and offsets, [B, h, w, classes], [B, h, w, 1], [B, h, w, 2]; none has an activation
 */
export function applyPanoptic<F>(
  assembler: Assembler<F>,
  stages: readonly F[],
  { semantic, instance }: PanopticHead,
  classes: number,
): F[] {
  const ofClasses = applyDecoder(assembler, "semantic", stages, semantic);
  const ofObjects = applyDecoder(assembler, "instance", stages, instance);
  return [
    applyOutput(assembler, "semantic.head", ofClasses, { width: semantic.headFilters, filters: classes }),
    applyOutput(assembler, "center.head", ofObjects, { width: instance.headFilters, filters: 1 }),
    applyOutput(assembler, "offset.head", ofObjects, { width: instance.headFilters, filters: 2 }),
  ];
}

/** Pyramid on the last features; then, for each skip: enlarge, put the projected skip beside it, fuse. */
export function applyDecoder<F>(
  assembler: Assembler<F>,
  name: string,
  stages: readonly F[],
  decoder: DecoderConfig,
): F {
  const pyramid = applyPyramid(assembler, `${name}.pyramid`, stages[stages.length - 1], decoder.pyramid);
  return decoder.skips.reduce((x, { stage, filters }, index) => {
    const part = `${name}.skip${index + 1}`;
    const skip = convolved(assembler, stages[stage - 1], { name: part, filters });
    const enlarged = assembler.resizeLike(x, skip, { name: `${part}_resize` });
    const beside = assembler.concatenate([enlarged, skip], { name: `${part}_beside` });
    return separable(assembler, `${name}.fuse${index + 1}`, beside, decoder.filters);
  }, pyramid);
}

/** Atrous spatial pyramid pooling: [B, H, W, C] to [B, H, W, filters]. */
export function applyPyramid<F>(assembler: Assembler<F>, name: string, x: F, pyramid: PyramidConfig): F {
  const { filters, rates, window = "all", dropout = 0.1 } = pyramid;
  if (rates.length === 0) return convolved(assembler, x, { name: `${name}.project`, filters });
  const dilated = rates.map((dilation, index) =>
    convolved(assembler, x, { name: `${name}.atrous${index + 1}`, filters, kernelSize: 3, dilation }),
  );
  const mean = assembler.averagePool(x, {
    name: `${name}.mean`,
    window: window === "all" ? window : [window[0], window[1]],
  });
  const ofMean = convolved(assembler, mean, { name: `${name}.pool`, filters });
  const branches = [
    convolved(assembler, x, { name: `${name}.place`, filters }),
    ...dilated,
    assembler.resizeLike(ofMean, x, { name: `${name}.pool_resize` }),
  ];
  const beside = assembler.concatenate(branches, { name: `${name}.beside` }); // [B, H, W, 5 * filters]
  const projected = convolved(assembler, beside, { name: `${name}.project`, filters });
  return assembler.dropout(projected, { name: `${name}.dropout`, rate: dropout });
}

/** A head: 5 x 5 separable convolution, then 1 x 1 with bias. */
export function applyOutput<F>(
  assembler: Assembler<F>,
  name: string,
  x: F,
  { width, filters }: { readonly width: number; readonly filters: number },
): F {
  const y = separable(assembler, name, x, width);
  return assembler.convolution(y, { name: `${name}.output`, filters, bias: true, initialDeviation: 0.01 });
}

/** 5 x 5 convolution of each channel by itself, norm, ReLU; 1 x 1 convolution, norm, ReLU. */
function separable<F>(assembler: Assembler<F>, name: string, x: F, filters: number): F {
  const channels = assembler.channels(x);
  const y = convolved(assembler, x, { name: `${name}.depthwise`, filters: channels, kernelSize: 5, groups: channels });
  return convolved(assembler, y, { name: `${name}.pointwise`, filters });
}

/** Convolution, norm, ReLU. */
function convolved<F>(
  assembler: Assembler<F>,
  x: F,
  args: { name: string; filters: number; kernelSize?: number; dilation?: number; groups?: number },
): F {
  return assembler.norm(assembler.convolution(x, args), { name: `${args.name}_norm`, activation: "relu" });
}
