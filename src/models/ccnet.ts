/**
 * CCNet: a ResNet whose last two stages are dilated instead of strided, so that the map stays an eighth of the image,
 * under recurrent criss-cross attention. Huang et al., ICCV 2019, section 3; sizes as speedinghzl/CCNet.
 */
import { assertOneOf } from "../core/options.js";
import type { CrissCrossHead, ResNetConfig, StageConfig } from "./config.js";
import { resNetConfig } from "./resnet.js";
import { threeConvolutions } from "./stem.js";

const dilations = [1, 1, 2, 4] as const;

/**
 * Classes of every place of the map: [B, H, W, 3] to [B, h, w, classes], h = floor((H + 1) / 8) + 1 and w likewise. For
 * those of every pixel enlarge the logits as the public code does, `tf.image.resizeBilinear(logits, [H, W], true)`.
 *
 * That code's norms are "in-place ABN", which scale by |gamma| + epsilon; with the positive gammas of training the
 * difference to a batch norm is 1e-5.
 *
 *     create(ccnetConfig(101), { classes: 19, size: 769 }).predict(images)      // [B, 769, 769, 3] -> [B, 97, 97, 19]
 *
 * @param head what differs from the published head; default: nothing
 * @throws ConfigError for a depth of which there is no network
 */
export function ccnetConfig(depth: 50 | 101, head: Omit<CrissCrossHead, "kind"> = {}): ResNetConfig {
  assertOneOf("ccnetConfig", depth, "depth", [50, 101]);
  const base = resNetConfig(`resnet-${depth}`);
  return {
    ...base,
    name: `ccnet-resnet-${depth}`,
    stem: {
      kind: "convolution",
      filters: 128,
      convolutions: threeConvolutions([64, 64, 128]),
      maxPool: "ceil",
    },
    stages: base.stages.map((stage, index): StageConfig => {
      const dilation = dilations[index];
      return dilation === 1 ? stage : { ...stage, stride: 1, operator: { kind: "convolution", dilation } };
    }),
    head: { kind: "crissCross", ...head },
  };
}
