/**
 * ResNet-50 with local attention in place of its 3 x 3 convolutions: the rows of Axial-DeepLab's Table 1 between ResNet
 * and Axial-ResNet. 8 heads, 7 x 7 windows, striding by pooling after the attention; queries and keys as deep as
 * values.
 */
import type { OperatorConfig, ResNetConfig, StemConfig } from "./config.js";
import { resNetConfig } from "./resnet.js";

type AttentionConfig = Exclude<OperatorConfig, { kind: "convolution" }>;

function attentionEverywhere(name: string, operator: AttentionConfig, stem?: StemConfig): ResNetConfig {
  const base = resNetConfig("resnet-50", { attention: [true, true, true, true], operator });
  return { ...base, name, ...(stem === undefined ? {} : { stem }) };
}

/** Local attention with norms, whose keys are as deep as its values: that depth depends on the stage. */
function withDeepKeys(config: ResNetConfig): ResNetConfig {
  return {
    ...config,
    stages: config.stages.map((stage) =>
      stage.operator.kind === "local"
        ? { ...stage, operator: { ...stage.operator, keyDepth: stage.width / 8 } }
        : stage,
    ),
  };
}

/** "Conv-stem + attention": SASA as it was published, a norm after the attention as after a convolution. */
export const sasaResNet50 = attentionEverywhere("sasa-resnet-50", { kind: "standAlone" });

/** "Full attention": the same with the attention stem. */
export const fullSasaResNet50 = attentionEverywhere(
  "full-sasa-resnet-50",
  { kind: "standAlone" },
  { kind: "valueMixture", filters: 64 },
);

/** "Conv-stem + attention" with batch norms in the attention, on q, k, v, the two similarity terms and the output. */
export const normedAttentionResNet50 = withDeepKeys(
  attentionEverywhere("bn-attention-resnet-50", {
    kind: "local",
    window: 7,
    position: { query: true, key: false, value: false },
  }),
);

/** "Conv-stem + PS-attention": with the position terms of keys and values too. */
export const positionSensitiveResNet50 = withDeepKeys(
  attentionEverywhere("ps-attention-resnet-50", { kind: "local", window: 7 }),
);

/** All of them. */
export const attentionResNets = [
  sasaResNet50,
  normedAttentionResNet50,
  positionSensitiveResNet50,
  fullSasaResNet50,
] as const;
