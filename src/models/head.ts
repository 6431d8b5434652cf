/** From features to logits: the last layers of a network. */
import type { Assembler } from "./assembler.js";
import type { CrissCrossHead, HeadConfig } from "./config.js";
import { applyPanoptic } from "./panoptic-head.js";

/**
 * @param stages the features after each stage, the last last
 * @returns the logits; with an auxiliary output, that too
 */
export function applyHead<F>(assembler: Assembler<F>, stages: readonly F[], head: HeadConfig, classes: number): F[] {
  const features = stages[stages.length - 1];
  if (head.kind === "classifier") return [assembler.classify(features, classes)];
  if (head.kind === "panoptic") return applyPanoptic(assembler, stages, head, classes);
  const logits = applyCrissCross(assembler, features, head, classes);
  return head.auxiliary === true
    ? [logits, applyAuxiliary(assembler, stages[stages.length - 2], head, classes)]
    : [logits];
}

/**
 * CCNet, figure 2: 3 x 3 convolution to a quarter of the channels, criss-cross attention R times, 3 x 3; beside what came
 * in, 3 x 3 to `filters`, dropout, classes. As the public code, with leaky ReLU after the norms.
 */
function applyCrissCross<F>(assembler: Assembler<F>, features: F, head: CrissCrossHead, classes: number): F {
  const { filters = 512, recurrence = 2, dropout = 0.1 } = head;
  const quarter = assembler.channels(features) >> 2;
  let x = activated(assembler, features, { name: "head.reduce", filters: quarter });
  x = assembler.attention(x, { kind: "crissCross", args: { name: "head.attention", recurrence } });
  x = activated(assembler, x, { name: "head.refine", filters: quarter }); // [B, H, W, C / 4]
  x = assembler.concatenate([features, x], { name: "head.beside" }); // [B, H, W, C + C / 4]
  x = activated(assembler, x, { name: "head.fuse", filters });
  x = assembler.dropout(x, { name: "head.dropout", rate: dropout });
  return assembler.convolution(x, { name: "head.classes", filters: classes, bias: true }); // [B, H, W, classes]
}

function applyAuxiliary<F>(assembler: Assembler<F>, features: F, head: CrissCrossHead, classes: number): F {
  const { filters = 512, dropout = 0.1 } = head;
  let x = activated(assembler, features, { name: "auxiliary.reduce", filters, bias: true });
  x = assembler.dropout(x, { name: "auxiliary.dropout", rate: dropout });
  return assembler.convolution(x, { name: "auxiliary.classes", filters: classes, bias: true }); // [B, H, W, classes]
}

/** 3 x 3 convolution, norm, leaky ReLU. */
function activated<F>(assembler: Assembler<F>, x: F, args: { name: string; filters: number; bias?: boolean }): F {
  const y = assembler.convolution(x, { ...args, kernelSize: 3 });
  return assembler.leakyRelu(assembler.norm(y, { name: `${args.name}_norm` }), { name: `${args.name}_activation` });
}
