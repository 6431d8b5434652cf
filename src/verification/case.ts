/**
 * One reference case: an input, the parameters of a published layer, and what the original computes from them, read
 * from a safetensors file whose metadata say which class it is.
 */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { FileError } from "../core/errors.js";
import { fmix32Counter, type GeneratedRule } from "./generator.js";
import type { Values } from "./values.js";
import { toFloat32 } from "../weights/dtypes.js";
import { readSafetensors } from "../weights/safetensors.js";

export interface ReferenceCase {
  /** Name of the file without its ending. */
  readonly name: string;
  /** Where the original is published, `owner/repository`, its class there, and its constructor's arguments. */
  readonly repository: string;
  readonly className: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** How many times the layer was applied with the same weights. */
  readonly recurrence: number;
  /** Order of the axes of input and output, such as NCHW. */
  readonly layout: string;
  readonly input: Values;
  /** Multiplied with the output and summed it gives the scalar whose gradients are stored. */
  readonly cotangent: Values;
  /** Parameters and buffers before anything runs, by their names in the `state_dict`. Integer buffers are left out. */
  readonly parameters: ReadonlyMap<string, Values>;
  /** Buffers to set before the pass in evaluation mode. */
  readonly evaluationBuffers: ReadonlyMap<string, Values>;
  /** What the original computed: `output.train`, `grad.input`, `sample.grad.param.conv1.weight` ... */
  readonly expected: ReadonlyMap<string, Values>;
  /** The largest error allowed for a tensor of `expected`. */
  limitOf(tensor: string): number;
}

interface CaseConfig {
  readonly class: string;
  readonly args: Record<string, unknown>;
  readonly layout: string;
  readonly recurrence?: number;
  readonly source: readonly { readonly repository: string }[];
  readonly buffers: readonly string[];
  readonly integer_buffers: readonly string[];
  readonly limit: number;
  readonly limits: Readonly<Record<string, number>>;
  readonly generator?: { readonly name: string };
  readonly generated?: Readonly<Record<string, GeneratedRule>>;
  readonly generated_sha256?: { readonly input: string; readonly params: string };
}

/** @throws FileError when the file is not a whole reference case. */
export async function readCase(path: string): Promise<ReferenceCase> {
  const { tensors, metadata } = await readSafetensors(path);
  const config = parseConfig(metadata.config, path);
  const stored = new Map<string, Values>();
  for (const [name, tensor] of tensors) stored.set(name, { shape: tensor.shape, data: toFloat32(tensor) });
  for (const [name, values] of generate(config, path)) stored.set(name, values);

  const integer = new Set(config.integer_buffers);
  const under = (prefix: string) =>
    new Map(
      [...stored].flatMap(([name, values]) =>
        name.startsWith(prefix) && !integer.has(name.slice(prefix.length)) ? [[name.slice(prefix.length), values]] : [],
      ),
    );
  const need = (name: string): Values => {
    const values = stored.get(name);
    if (values === undefined)
      throw new FileError(`verify: a case must hold ${name}, got ${path} without it; make the file again`);
    return values;
  };
  const given = /^(input$|cotangent$|param\.|param_eval\.)/;
  const isInteger = (name: string) => integer.has(name.replace(/^buffer_after\./, ""));
  return {
    name: basename(path).replace(/\.safetensors$/, ""),
    repository: config.source[0]?.repository ?? "",
    className: config.class,
    args: config.args,
    layout: config.layout,
    recurrence: config.recurrence ?? 1,
    input: need("input"),
    cotangent: need("cotangent"),
    parameters: under("param."),
    evaluationBuffers: under("param_eval."),
    expected: new Map([...stored].filter(([name]) => !given.test(name) && !isInteger(name))),
    limitOf: (tensor) => config.limits[tensor] ?? config.limit,
  };
}

function parseConfig(text: string | undefined, path: string): CaseConfig {
  let config: Partial<CaseConfig> | null = null;
  try {
    config = text === undefined ? null : (JSON.parse(text) as Partial<CaseConfig>);
  } catch {
    // Told below, like any other text that is not a configuration.
  }
  if (typeof config?.class !== "string" || typeof config.args !== "object" || typeof config.layout !== "string")
    throw new FileError(
      `verify: a case must say its class, args and layout in its metadata "config", got none in ${path}; give a reference case`,
    );
  const { class: className, args, layout } = config;
  const defaults = { source: [], buffers: [], integer_buffers: [], limit: 1e-5, limits: {} };
  return { ...defaults, ...config, class: className, args, layout };
}

/** Input and parameters of a case that stores seeds instead, and the buffers of a new network. */
function generate(config: CaseConfig, path: string): Map<string, Values> {
  const { generator, generated, generated_sha256: digests } = config;
  if (generated === undefined) return new Map();
  if (generator?.name !== "fmix32-counter")
    throw new FileError(`verify: unknown generator, got ${String(generator?.name)} in ${path}; update axial-lab`);
  const made = new Map(Object.entries(generated).map(([name, rule]) => [name, fmix32Counter(rule)]));
  for (const [what, expected] of Object.entries(digests ?? {})) {
    const hash = createHash("sha256");
    for (const [name, { data }] of made)
      if ((name === "input") === (what === "input")) hash.update(new Uint8Array(data.buffer));
    const got = hash.digest("hex");
    if (got !== expected)
      throw new FileError(
        `verify: generated ${what} must have SHA-256 ${expected}, got ${got} for ${path}; it is damaged`,
      );
  }
  for (const name of config.buffers) {
    if (!/running_(mean|var)$/.test(name)) continue;
    const weight = made.get(`param.${name.replace(/running_(mean|var)$/, "weight")}`);
    if (weight === undefined)
      throw new FileError(
        `verify: a running statistic must have its weight beside it, got ${name} alone in ${path}; make the file again`,
      );
    const start = name.endsWith("running_var") ? 1 : 0;
    made.set(`param.${name}`, { shape: weight.shape, data: new Float32Array(weight.data.length).fill(start) });
  }
  return made;
}
