/** Every wiring that the zoo knows, at a size for tests: what is tested is how parts are put together. */
import {
  configuration,
  names,
  resNetConfig,
  resNetNames,
  type BlockConfig,
  type DecoderConfig,
  type HeadConfig,
  type ResNetConfig,
  type StageConfig,
} from "../../src/models/index.js";

/** An eighth of the channels, two stages of one block each. */
export function shrunk(config: ResNetConfig): ResNetConfig {
  const { stem } = config;
  return {
    ...config,
    stem:
      stem.kind === "blocks" ? { ...stem, stage: shrunkStage(stem.stage) } : { ...stem, filters: 16, ...small(stem) },
    stages: config.stages.slice(-2).map(shrunkStage),
    ...(config.head === undefined ? {} : { head: shrunkHead(config.head) }),
  };
}

function shrunkHead(head: HeadConfig): HeadConfig {
  if (head.kind === "crissCross") return { ...head, filters: 16 };
  if (head.kind === "classifier") return head;
  const decoder = ({ pyramid }: DecoderConfig): DecoderConfig => ({
    pyramid: { filters: 16, rates: pyramid.rates.map((_, index) => index + 1) },
    skips: [{ stage: 1, filters: 8 }],
    filters: 16,
    headFilters: 8,
  });
  return { ...head, semantic: decoder(head.semantic), instance: decoder(head.instance) };
}

const eighth = (channels: number) => Math.max(16, channels >> 3);

const small = (stem: Exclude<ResNetConfig["stem"], { kind: "blocks" }>) =>
  "convolutions" in stem && stem.convolutions !== undefined
    ? { convolutions: stem.convolutions.map((convolution) => ({ ...convolution, filters: 16 })) }
    : {};

function shrunkStage(stage: StageConfig): StageConfig {
  return {
    ...stage,
    blocks: 1,
    width: eighth(stage.width),
    filters: eighth(stage.filters),
    operator: shrunkOperator(stage),
  };
}

function shrunkOperator({ operator }: BlockConfig): BlockConfig["operator"] {
  const filters = "filters" in operator && operator.filters !== undefined ? { filters: eighth(operator.filters) } : {};
  if (operator.kind === "convolution")
    return { ...operator, ...filters, ...(operator.groups === undefined ? {} : { groups: 2 }) };
  const keyed = "keyDepth" in operator && operator.keyDepth !== undefined;
  const window = operator.kind === "local" || operator.kind === "standAlone" ? { window: 3 } : {};
  return {
    ...operator,
    ...filters,
    ...window,
    heads: 4,
    ...(keyed ? { keyDepth: eighth(8 * operator.keyDepth) / 4 } : {}),
  };
}

/** All of the zoo and ResNets with attention, shrunk, without those that are wired alike. */
export function wirings(): ResNetConfig[] {
  const attended = resNetNames.flatMap((name) =>
    (["axial", "standAlone", "local", "global"] as const).map((kind) =>
      resNetConfig(name, { attention: [true, false, true, true], operator: { kind, heads: 4 } }),
    ),
  );
  const distinct = new Map<string, ResNetConfig>();
  for (const config of [...names().map(configuration), ...attended]) {
    const small = shrunk(config);
    const wiring = JSON.stringify({ ...small, name: "" }, (key, value: unknown) =>
      ["width", "filters", "keyDepth"].includes(key) ? undefined : value,
    );
    if (!distinct.has(wiring)) distinct.set(wiring, small);
  }
  return [...distinct.values()];
}
