/**
 * Residual blocks with a slot for the operator that mixes places:
 *
 *     bottleneck   1 x 1 convolution, norm, ReLU;  operator, ReLU;  1 x 1 convolution, norm (gamma 0);  + shortcut, ReLU
 *     basic        3 x 3 convolution, norm, ReLU;  operator, norm (gamma 0);  + shortcut, ReLU
 */
import type { Assembler, AttentionPart } from "./assembler.js";
import type { BlockConfig, OperatorConfig, StageConfig } from "./config.js";

/** [B, H, W, C] to [B, H / stride, W / stride, filters]; odd sizes round up. */
export function applyBlock<F>(assembler: Assembler<F>, name: string, input: F, block: BlockConfig): F {
  const { filters, stride } = block;
  if (block.strideOn === "input" && stride > 1) {
    const mean = assembler.averagePool(input, { name: `${name}.pool`, stride }); // [B, H / stride, W / stride, C]
    return applyBlock(assembler, name, mean, { ...block, stride: 1 });
  }
  const body = block.block === "basic" ? applyBasic : applyBottleneck;
  const x = body(assembler, name, input, block);
  let shortcut = input;
  if (block.projectShortcut ?? (stride !== 1 || assembler.channels(input) !== filters)) {
    shortcut = assembler.convolution(shortcut, { name: `${name}.shortcut`, filters, stride });
    shortcut = assembler.norm(shortcut, { name: `${name}.shortcut_norm` });
  } else if (stride !== 1) {
    // A window of one place: every stride-th row and column.
    shortcut = assembler.maxPool(shortcut, { name: `${name}.shortcut_stride`, size: 1, stride });
  }
  return assembler.norm(x, { name: `${name}.expand_norm`, zeroGamma: true, activation: "relu" }, shortcut);
}

/** Blocks of one resolution, named `${name}.block1` and so on. */
export function applyStage<F>(assembler: Assembler<F>, name: string, input: F, stage: StageConfig): F {
  let x = input;
  for (let index = 0; index < stage.blocks; index++)
    x = applyBlock(assembler, `${name}.block${index + 1}`, x, index === 0 ? stage : { ...stage, stride: 1 });
  return x;
}

function applyBottleneck<F>(assembler: Assembler<F>, name: string, input: F, block: BlockConfig): F {
  const { width, filters, stride, operator, strideOn = "operator" } = block;
  const first = strideOn === "reduce" ? stride : 1;
  let x = assembler.convolution(input, { name: `${name}.reduce`, filters: width, stride: first });
  x = assembler.norm(x, { name: `${name}.reduce_norm`, activation: "relu" }); // [B, H / first, W / first, width]
  x = applyOperator(assembler, name, x, { operator, width, stride: stride / first, activated: true });
  return assembler.convolution(x, { name: `${name}.expand`, filters }); // [B, H / stride, W / stride, filters]
}

function applyBasic<F>(assembler: Assembler<F>, name: string, input: F, block: BlockConfig): F {
  const { filters, stride, operator } = block;
  let x = assembler.convolution(input, { name: `${name}.reduce`, filters, kernelSize: 3, stride });
  x = assembler.norm(x, { name: `${name}.reduce_norm`, activation: "relu" }); // [B, H / stride, W / stride, filters]
  return applyOperator(assembler, name, x, { operator, width: filters, stride: 1, activated: false });
}

/** What an operator is told of its block. Activated: ends in norm and ReLU; otherwise the block's own norm follows. */
interface Slot {
  readonly operator: OperatorConfig;
  readonly width: number;
  readonly stride: number;
  readonly activated: boolean;
}

function applyOperator<F>(assembler: Assembler<F>, name: string, x: F, slot: Slot): F {
  const { operator, width, stride, activated } = slot;
  /** For operators without a norm of their own. */
  const normalized = (y: F) =>
    activated ? assembler.norm(y, { name: `${name}.spatial_norm`, activation: "relu" }) : y;
  const attend = (input: F, part: AttentionPart) => assembler.attention(input, part);
  switch (operator.kind) {
    case "convolution": {
      const { kernelSize = 3, groups = 1, dilation = 1, filters = width } = operator;
      const args = { name: `${name}.spatial`, filters, kernelSize, stride, groups, dilation };
      return normalized(assembler.convolution(x, args));
    }
    case "axial": {
      const { span = "global", maxDistance = assembler.side(x) - 1, position } = operator;
      const shared = {
        ...attentionArgs(operator, width),
        ...(typeof span === "number" ? { span } : { span, maxDistance }),
        position,
      };
      const height = attend(x, { kind: "axial", args: { ...shared, name: `${name}.height`, axis: "height" } });
      if (operator.striding === "slice") {
        const rows = subsampled(assembler, height, `${name}.height_stride`, [stride, 1]);
        const args = { ...shared, ...striding(1, activated), name: `${name}.width`, axis: "width" } as const;
        return subsampled(assembler, attend(rows, { kind: "axial", args }), `${name}.width_stride`, [1, stride]);
      }
      const last = { ...striding(stride, activated), name: `${name}.width`, axis: "width" } as const;
      return attend(height, { kind: "axial", args: { ...shared, ...last } });
    }
    case "local": {
      const { window, position } = operator;
      const args = { ...attentionArgs(operator, width), ...striding(stride, activated), window, position };
      return attend(x, { kind: "local", args: { ...args, name: `${name}.spatial` } });
    }
    case "global": {
      const args = { ...attentionArgs(operator, width), ...striding(stride, activated), name: `${name}.spatial` };
      return attend(x, { kind: "global", args });
    }
    case "standAlone": {
      const { heads, window, bias } = operator;
      const args = { filters: width, heads, window, bias, ...striding(stride, false), name: `${name}.spatial` };
      return normalized(attend(x, { kind: "standAlone", args }));
    }
  }
}

const subsampled = <F>(assembler: Assembler<F>, x: F, name: string, strides: [number, number]): F =>
  strides.every((stride) => stride === 1) ? x : assembler.subsample(x, { name, strides });

/** Attention strides by average pooling and keeps the remainder of odd sizes, as the shortcut's convolution does. */
const striding = (stride: number, activated: boolean) =>
  ({ stride, strideRemainder: "keep", activation: activated ? "relu" : null }) as const;

function attentionArgs(
  { heads = 8, filters, keyDepth, norms }: Extract<OperatorConfig, { keyDepth?: number }>,
  width: number,
) {
  return { filters: filters ?? width, heads, norms, ...(keyDepth === undefined ? {} : { keyDepth }) };
}
