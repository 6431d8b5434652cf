/** Stand-alone self-attention (SASA) as a layer; the function is in functions/stand-alone-attention.ts. */
import * as tf from "@tensorflow/tfjs";
import { assertArgs, type OwnKeys } from "./layer.js";
import { LocalAttention, type LocalAttentionArgs } from "./local-attention.js";
import { selfAttentionKeys } from "./self-attention.js";

/** What a `StandAloneAttention` layer is made of. */
export type StandAloneAttentionArgs = Omit<LocalAttentionArgs, "position" | "keyDepth">;

/** The arguments of local attention that follow from the equation. */
const fixed = ["keyDepth", "position"];

const keys = Object.fromEntries(
  Object.entries({ ...selfAttentionKeys, window: true }).filter(([key]) => !fixed.includes(key)),
) as OwnKeys<StandAloneAttentionArgs>;

/**
 * Stand-alone self-attention, SASA (Ramachandran et al., arXiv 1906.05909, eq. 3; Axial-DeepLab, eq. 2):
 *
 *     y_o = sum_p softmax_p(q_o.k_p + q_o.r_{p-o}) v_p            p in the M x M window of o, in the image
 *
 * {@link LocalAttention} with the query's position term alone, keys as deep as values, and no norms unless asked for.
 *
 * The popular PyTorch ports differ from the paper: MartinGer's reshapes channels into places and multiplies two sums
 * where a dot product belongs, leaderj1001's never sums over channels; both let the padding take part in the softmax.
 *
 *     new StandAloneAttention({ filters: 64, window: 7, stride: 2 }).apply(x)      // [B, 56, 56, 64] -> [B, 28, 28, 64]
 *
 * @throws ConfigError for arguments: heads that do not divide the filters, a window of no place, an option that there is not
 */
export class StandAloneAttention extends LocalAttention<StandAloneAttentionArgs & LocalAttentionArgs> {
  static override readonly className = "StandAloneAttention";

  constructor(args: StandAloneAttentionArgs) {
    assertArgs(
      ["StandAloneAttention", (args as StandAloneAttentionArgs | undefined)?.name].join(" ").trim(),
      args,
      keys,
    );
    const { filters, heads = 8, norms } = args;
    super({
      ...args,
      keyDepth: filters / heads,
      position: { query: true, key: false, value: false },
      norms: { projection: false, similarity: false, output: false, ...norms },
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return Object.fromEntries(Object.entries(super.getConfig()).filter(([key]) => !fixed.includes(key)));
  }
}

tf.serialization.registerClass(StandAloneAttention);
