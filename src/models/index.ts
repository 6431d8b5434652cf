/** Models as plain data, and what builds and counts them. Re-exports only. */
export {
  attentionResNets,
  fullSasaResNet50,
  normedAttentionResNet50,
  positionSensitiveResNet50,
  sasaResNet50,
} from "./attention-resnet.js";
export {
  AutoregressiveAxialTransformer,
  bitsPerDimension,
  type AutoregressiveAxialTransformerArgs,
} from "./autoregressive-axial-transformer.js";
export { axialDeepLabConfig, panopticDeepLabConfig, type AxialDeepLabOptions } from "./axial-deeplab.js";
export { axialResNetConfig, axialWidths, fullAxialResNetConfig, type AxialWidth } from "./axial-resnet.js";
export { ccnetConfig } from "./ccnet.js";
export {
  type AxialOperator,
  type BlockConfig,
  type BlockStem,
  type ClassifierHead,
  type ConvolutionOperator,
  type ConvolutionStem,
  type CrissCrossHead,
  type DecoderConfig,
  type GlobalOperator,
  type HeadConfig,
  type LocalOperator,
  type MixtureStem,
  type ModelOptions,
  type OperatorConfig,
  type PanopticHead,
  type PyramidConfig,
  type ResNetConfig,
  type StageConfig,
  type StandAloneOperator,
  type StemConfig,
} from "./config.js";
export { type Cost, type LayerCost } from "./cost-assembler.js";
export { deeplab2Configs } from "./deeplab2.js";
export {
  panopticPaperFigures,
  paperFigures,
  rowsWithoutModel,
  type PanopticPaperFigures,
  type PaperFigures,
} from "./paper.js";
export { copyWeights, type CopyWeightsOptions } from "./resize.js";
export {
  bottleneckDepths,
  resNetConfig,
  resNetNames,
  type BottleneckDepth,
  type ResNetName,
  type ResNetOptions,
} from "./resnet.js";
export { summarize, type Summary, type SummaryOptions } from "./summary.js";
export { configuration, create, names, type CreateOptions } from "./zoo.js";
