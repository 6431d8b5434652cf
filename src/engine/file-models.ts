/**
 * `model.save("file://folder")` and `tf.loadLayersModel("file://folder/model.json")` in Node, which TensorFlow.js has only
 * with tfjs-node: the same files, a `model.json` with the network and the list of weights beside a `weights.bin`.
 */
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs";
import { writeFileAtomically } from "../core/atomic-file.js";
import { FileError } from "../core/errors.js";

const scheme = "file://";

/** Gives TensorFlow.js these handlers, unless some other library has done so (tfjs-node has its own). */
export function registerFileModels(): void {
  if (tf.io.getSaveHandlers(`${scheme}model`).length > 0) return;
  tf.io.registerSaveRouter((url) => handlerOf(url, (place) => ({ save: (model) => save(place, model) })));
  tf.io.registerLoadRouter((url) => handlerOf(url, (place) => ({ load: () => load(place) })));
}

function handlerOf(url: string | string[], create: (place: string) => tf.io.IOHandler): tf.io.IOHandler {
  const isFile = typeof url === "string" && url.startsWith(scheme);
  // Null means that this router is not the one; TensorFlow.js's type leaves it out.
  return isFile ? create(placeOf(url)) : (null as unknown as tf.io.IOHandler);
}

/** file:///absolute, and as TensorFlow.js has it file://relative and file://./relative. */
const placeOf = (url: string): string =>
  url.startsWith(`${scheme}/`) ? fileURLToPath(url) : path.resolve(url.slice(scheme.length));

async function save(folder: string, model: tf.io.ModelArtifacts): Promise<tf.io.SaveResult> {
  if (model.modelTopology instanceof ArrayBuffer)
    throw new FileError(`model.save: the network must be JSON, got binary data; save with the library that made it`);
  const { weightData, weightSpecs = [], ...rest } = model;
  const bytes = weightData === undefined ? new ArrayBuffer(0) : tf.io.CompositeArrayBuffer.join(weightData);
  const json = { ...rest, weightsManifest: [{ paths: ["weights.bin"], weights: weightSpecs }] };
  await mkdir(folder, { recursive: true });
  // The weights first: a model.json that is there has its weights beside it.
  await writeFileAtomically(path.join(folder, "weights.bin"), [new Uint8Array(bytes)]);
  await writeFileAtomically(path.join(folder, "model.json"), [new TextEncoder().encode(JSON.stringify(json))]);
  return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON({ ...model, weightData: bytes }) };
}

async function load(file: string): Promise<tf.io.ModelArtifacts> {
  const json = parse(file, (await read(file)).toString("utf8"));
  return tf.io.getModelArtifactsForJSON(json, async (manifest) => {
    const specs = manifest.flatMap(({ weights }) => weights);
    const names = manifest.flatMap(({ paths }) => paths);
    const pieces = await Promise.all(names.map((name) => read(path.join(path.dirname(file), name))));
    const bytes = Buffer.concat(pieces);
    return [specs, bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)];
  });
}

function parse(file: string, text: string): tf.io.ModelJSON {
  try {
    const json = JSON.parse(text) as tf.io.ModelJSON | null;
    if (json?.modelTopology && Array.isArray(json.weightsManifest)) return json;
  } catch {
    // Reported below: no JSON, or JSON of something else.
  }
  throw new FileError(
    `loadLayersModel: the file must hold modelTopology and weightsManifest, got ${file}; give the model.json that model.save wrote`,
  );
}

async function read(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FileError(`loadLayersModel: the file must be readable, got ${reason}; give the path of a model.json`);
  }
}
