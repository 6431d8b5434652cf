/** Checkpoints as real programs write them: `kinds.py` makes them, this loads each into the layer it is for. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { create, extract } from "tar";
import { packageFolder } from "../../../src/core/version.js";
import { AxialAttention } from "../../../src/layers/index.js";
import { load, type LoadReport } from "../../../src/weights/index.js";

export interface CheckpointKind {
  readonly file: string;
  /** In words; a wish of `weights` that it is loaded with is among them. */
  readonly what: string;
  /** `whole`: every weight as saved; `half`: every one half of it; `ones`: whole but for one of ones; else a part of the error's text. */
  readonly expected: string;
}

export interface CheckpointResult extends CheckpointKind {
  readonly report: LoadReport | null;
  readonly error: string | null;
  /** Whether the layer's weights now are what was expected. */
  readonly isRight: boolean;
}

/** The layer whose weights the files hold. */
export function smallLayer(): AxialAttention {
  const layer = new AxialAttention({ axis: "height", filters: 8, heads: 2, maxDistance: 2, name: "attention" });
  layer.build([null, 3, 3, 8]);
  return layer;
}

/** The number `index` of the weights called `name`: no two alike, all exact in half precision, variances above 0. */
const value = (name: string, index: number): number => {
  const start = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 499, 7);
  return ((start + index * 37) % 997) / 512 + 0.125;
};

/** Fills the layer with the numbers that the files hold. */
export function fill(layer: tf.layers.Layer): void {
  for (const weight of layer.weights) {
    const { originalName, shape } = weight;
    const count = tf.util.sizeFromShape(shape as number[]);
    const name = originalName.split("/").pop()!;
    const numbers = Float32Array.from({ length: count }, (_, index) => value(name, index));
    tf.tidy(() => void weight.write(tf.tensor(numbers, shape as number[])));
  }
}

const fixture = join(packageFolder, "test", "fixtures", "checkpoints", "checkpoint-kinds.tar.br");

/** Loads every kind, in the order of `kinds.py`. */
export async function tryCheckpoints(): Promise<CheckpointResult[]> {
  const folder = mkdtempSync(join(tmpdir(), "axial-lab-kinds-"));
  try {
    await extract({ file: fixture, cwd: folder, brotli: true });
    const kinds = JSON.parse(readFileSync(join(folder, "kinds.json"), "utf8")) as CheckpointKind[];
    const results: CheckpointResult[] = [];
    for (const kind of kinds) results.push(await tryOne(folder, kind));
    return results;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function tryOne(folder: string, kind: CheckpointKind): Promise<CheckpointResult> {
  const layer = smallLayer();
  const weights = /weights: "(\w+)"/.exec(kind.what)?.[1];
  try {
    const report = await load(layer, join(folder, kind.file), { weights });
    return { ...kind, report, error: null, isRight: isAsExpected(layer, kind.expected) };
  } catch (error) {
    const message = (error as Error).message.replace(`${folder}/`, "").replace(`${folder}\\`, "");
    return { ...kind, report: null, error: message, isRight: message.includes(kind.expected) };
  } finally {
    layer.weights.forEach((weight) => weight.dispose());
  }
}

function isAsExpected(layer: tf.layers.Layer, expected: string): boolean {
  const isLike = (scale: number, ones: boolean) =>
    layer.weights.every((weight) => {
      const name = weight.originalName.split("/").pop()!;
      const isOnes = ones && name === "projection_norm_gamma";
      return weight
        .read()
        .dataSync()
        .every((number, index) => number === (isOnes ? 1 : scale * value(name, index)));
    });
  return expected === "half" ? isLike(0.5, false) : isLike(1, expected === "ones");
}

/** Makes the fixture of a folder that `kinds.py` has filled. */
async function pack(folder: string): Promise<void> {
  const options = { file: fixture, cwd: folder, portable: true, mtime: new Date(0), brotli: true as const };
  await create(options, readdirSync(folder).sort());
}

if (require.main === module) void pack(process.argv[2]);
