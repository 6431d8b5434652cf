/**
 * Configurations and options as callers write them, in code or in JSON: checked whole before anything is built, so that
 * a misspelt key, a wrong kind or size is one line that names its place, `stages[1].operator.position.keys`.
 */
import { assertOneOf, assertPositiveIntegers } from "../core/checks.js";
import { ConfigError } from "../core/errors.js";
import { assertKnownKeys, shown, type KeysOf } from "../core/options.js";
import { positionKeys } from "../layers/self-attention.js";
import type {
  DecoderConfig,
  HeadConfig,
  ModelOptions,
  OperatorConfig,
  PyramidConfig,
  ResNetConfig,
  StageConfig,
  StemConfig,
} from "./config.js";

/** The keys of each member of a union that differs by `kind`. */
type KeysByKind<T extends { readonly kind: string }> = {
  readonly [Kind in T["kind"]]: KeysOf<Extract<T, { readonly kind: Kind }>>;
};

const norms = { projection: true, similarity: true, output: true } as const;
const attention = { kind: true, heads: true, filters: true, keyDepth: true, norms } as const;

const operatorKeys: KeysByKind<OperatorConfig> = {
  convolution: { kind: true, kernelSize: true, groups: true, dilation: true, filters: true },
  axial: { ...attention, span: true, maxDistance: true, striding: true, position: positionKeys },
  local: { ...attention, window: true, position: positionKeys },
  standAlone: { kind: true, heads: true, window: true, bias: true },
  global: attention,
};

const stageKeys: KeysOf<StageConfig> = {
  block: true,
  blocks: true,
  stride: true,
  width: true,
  filters: true,
  operator: true,
  strideOn: true,
  projectShortcut: true,
};

const stemKeys: KeysByKind<StemConfig> = {
  convolution: { kind: true, filters: true, convolutions: true, maxPool: true },
  blocks: { kind: true, stage: true, maxPool: true },
  valueMixture: { kind: true, filters: true, heads: true },
};

const headKeys: KeysByKind<HeadConfig> = {
  classifier: { kind: true },
  crissCross: { kind: true, filters: true, recurrence: true, dropout: true, auxiliary: true },
  panoptic: { kind: true, semantic: true, instance: true },
};

const pyramidKeys: KeysOf<PyramidConfig> = { filters: true, rates: true, window: true, dropout: true };

const decoderKeys: KeysOf<DecoderConfig> = {
  pyramid: pyramidKeys,
  skips: true,
  filters: true,
  headFilters: true,
};

const configKeys: KeysOf<ResNetConfig> = { name: true, stem: true, stages: true, head: true, norm: true };
const optionKeys: KeysOf<ModelOptions> = { classes: true, size: true, seed: true };

/**
 * @param where begins the error: the function that was called
 * @param others options that this function has besides those of `create`
 * @throws ConfigError that names the first field that is missing, unknown or wrong, and what may stand there
 */
export function assertConfig(
  where: string,
  config: ResNetConfig,
  options: ModelOptions,
  others: readonly string[] = [],
): void {
  assertKnownKeys<object>(where, options, { ...optionKeys, ...Object.fromEntries(others.map((key) => [key, true])) });
  assertKnownKeys(where, config, configKeys, "the configuration");
  if (typeof config.name !== "string")
    throw new ConfigError(`${where}: a configuration must have a name, got ${shown(config.name)}; write a word`);
  const at = `${where} ${config.name}`;
  const { classes, size = 224, seed } = options;
  assertPositiveIntegers(at, { classes, size });
  if (seed !== undefined && !Number.isSafeInteger(seed))
    throw new ConfigError(`${at}: seed must be a whole number, got ${shown(seed)}; leave it out for random weights`);
  assertOneOf(at, "norm", config.norm ?? null, ["torch", "tf"]);
  assertStem(at, config.stem);
  const { stages, head } = config;
  if (!Array.isArray(stages) || stages.length === 0)
    throw new ConfigError(`${at}: stages must be a list of one stage or more, got ${shown(stages)}; add a stage`);
  for (const [index, stage] of config.stages.entries()) assertStage(at, `stages[${index}]`, stage);
  if (head !== undefined) assertHead(at, head, stages.length);
}

function assertStage(where: string, path: string, stage: StageConfig): void {
  assertKnownKeys(where, stage, stageKeys, path);
  const { blocks, width, filters, operator } = stage;
  assertPositive(where, path, { blocks, width, filters });
  assertOneOf(where, `${path}.stride`, stage.stride ?? null, [1, 2]);
  assertOneOf(where, `${path}.block`, stage.block, ["bottleneck", "basic"]);
  assertOneOf(where, `${path}.strideOn`, stage.strideOn, ["operator", "reduce", "input"]);
  assertKind(where, `${path}.operator`, operator, operatorKeys);
  const sizes: Readonly<Partial<Record<string, unknown>>> = { ...operator };
  if (operator.kind === "axial")
    assertOneOf(where, `${path}.operator.striding`, operator.striding, ["average", "slice"]);
  const names = ["heads", "filters", "keyDepth", "kernelSize", "groups", "dilation", "window"];
  const given = names.filter((name) => sizes[name] !== undefined).map((name) => [name, sizes[name] as number]);
  assertPositive(where, `${path}.operator`, Object.fromEntries(given) as Record<string, number>);
}

function assertStem(where: string, stem: StemConfig): void {
  assertKind(where, "stem", stem, stemKeys);
  if (stem.kind === "blocks") return assertStage(where, "stem.stage", stem.stage);
  assertPositive(where, "stem", { filters: stem.filters });
  if (stem.kind === "valueMixture") return;
  (stem.convolutions ?? []).forEach((convolution, index) => {
    const path = `stem.convolutions[${index}]`;
    assertKnownKeys(where, convolution, { kernelSize: true, filters: true, stride: true }, path);
    assertPositive(where, path, { kernelSize: convolution.kernelSize, filters: convolution.filters });
    assertOneOf(where, `${path}.stride`, convolution.stride ?? null, [1, 2]);
  });
}

function assertHead(where: string, head: HeadConfig, stages: number): void {
  assertKind(where, "head", head, headKeys);
  switch (head.kind) {
    case "classifier":
      return;
    case "panoptic":
      assertDecoder(where, "head.semantic", head.semantic, stages);
      return assertDecoder(where, "head.instance", head.instance, stages);
    case "crissCross":
      assertPositive(where, "head", { filters: head.filters ?? 512, recurrence: head.recurrence ?? 2 });
      if (head.auxiliary === true && stages < 2)
        throw new ConfigError(
          `${where}: head.auxiliary needs a stage before the last, got ${stages} stages; leave it out`,
        );
  }
}

function assertDecoder(where: string, path: string, decoder: DecoderConfig, stages: number): void {
  assertKnownKeys(where, decoder, decoderKeys, path);
  const { filters, headFilters, pyramid, skips } = decoder;
  assertPositive(where, path, { filters, headFilters });
  assertKnownKeys(where, pyramid, pyramidKeys, `${path}.pyramid`);
  assertPositive(where, `${path}.pyramid`, { filters: pyramid.filters });
  assertList(where, `${path}.pyramid.rates`, pyramid.rates);
  assertPositive(where, `${path}.pyramid`, Object.fromEntries(pyramid.rates.map((rate, i) => [`rates[${i}]`, rate])));
  assertList(where, `${path}.skips`, skips);
  for (const [index, skip] of skips.entries()) {
    assertKnownKeys(where, skip, { stage: true, filters: true }, `${path}.skips[${index}]`);
    assertPositive(where, `${path}.skips[${index}]`, { filters: skip.filters });
    if (!Number.isInteger(skip.stage) || skip.stage < 1 || skip.stage > stages)
      throw new ConfigError(
        `${where}: ${path}.skips[${index}].stage must be from 1 to ${stages}, got ${shown(skip.stage)}; name one that there is`,
      );
  }
}

function assertList(where: string, path: string, given: unknown): void {
  if (!Array.isArray(given))
    throw new ConfigError(`${where}: ${path} must be a list, got ${shown(given)}; write [] for none`);
}

/** Of an object with a `kind`: that there is one of it, then its keys. */
function assertKind<T extends { readonly kind: string }>(
  where: string,
  path: string,
  given: T,
  keys: Readonly<Record<string, KeysOf<object>>>,
): void {
  if (typeof given !== "object" || given === null)
    throw new ConfigError(
      `${where}: ${path} must be an object with a kind, got ${shown(given)}; write { kind: "${Object.keys(keys)[0]}" }`,
    );
  assertOneOf(where, `${path}.kind`, given.kind ?? null, Object.keys(keys));
  assertKnownKeys<object>(where, given, keys[given.kind], path);
}

const assertPositive = (where: string, path: string, values: Readonly<Record<string, number>>): void =>
  assertPositiveIntegers(
    where,
    Object.fromEntries(Object.entries(values).map(([name, value]) => [`${path}.${name}`, value])),
  );
