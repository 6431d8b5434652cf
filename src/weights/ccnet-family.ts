/**
 * The correspondence of CCNet's network: three convolutions, the four stages of a ResNet, the criss-cross head `head` and
 * the auxiliary classifier `dsn`.
 *
 * Source: speedinghzl/CCNet `networks/ccnet.py`.
 */
import type { Link } from "./correspondence.js";
import { batchNormLinks, convolutionLinks, stageLinks, torchvisionBlock, type WeightShapes } from "./families.js";
import { crissCrossLinks } from "./transformer-families.js";

/** Modules of both outputs there, by the names of the layers here. */
const head = {
  "head.reduce": "head.conva.0",
  "head.reduce_norm": "head.conva.1",
  "head.attention": "head.cca",
  "head.refine": "head.convb.0",
  "head.refine_norm": "head.convb.1",
  "head.fuse": "head.bottleneck.0",
  "head.fuse_norm": "head.bottleneck.1",
  "head.classes": "head.bottleneck.3",
} as const;
const auxiliary = {
  "auxiliary.reduce": "dsn.0",
  "auxiliary.reduce_norm": "dsn.1",
  "auxiliary.classes": "dsn.3",
} as const;

/** Tensors of the auxiliary output, which a model may do without. */
export const auxiliaryTensors = /^dsn\./;

export function ccnetLinks(shapes: WeightShapes): Link[] {
  const stem = ["", "2", "3"].flatMap((own, index) => [
    ...convolutionLinks({ foreign: `conv${index + 1}`, own: `stem.convolution${own}` }, shapes),
    ...batchNormLinks({ foreign: `bn${index + 1}`, own: `stem.norm${own}` }, shapes),
  ]);
  const modules = { ...head, ...(shapes.has("auxiliary.reduce/kernel") ? auxiliary : {}) };
  const outputs = Object.entries(modules).flatMap(([own, foreign]) => {
    if (own.endsWith("attention")) return crissCrossLinks({ foreign, own }, shapes);
    return own.endsWith("norm") ? batchNormLinks({ foreign, own }, shapes) : convolutionLinks({ foreign, own }, shapes);
  });
  return [...stem, ...stageLinks(torchvisionBlock, shapes), ...outputs];
}
