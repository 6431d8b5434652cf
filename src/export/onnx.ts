/** A trained model as an ONNX file, for onnxruntime and whatever else reads ONNX. */
import type * as tf from "@tensorflow/tfjs";
import { writeFileAtomically } from "../core/atomic-file.js";
import { UnsupportedError } from "../core/errors.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";
import { version } from "../core/version.js";
import { imageOf, logitNames, normalization } from "./exported.js";
import { NetworkWalk } from "./network-walk.js";
import { OnnxGraph, type Port } from "./onnx-graph.js";
import { OnnxForm } from "./onnx-form.js";
import { lengthOf } from "./protobuf.js";

/** What an ONNX file says of its outputs. */
export interface OnnxOptions {
  /** What the outputs stand for, kept in the file's metadata as JSON. Default: none. */
  readonly classes?: readonly string[];
}

const keys: KeysOf<OnnxOptions> = { classes: true };

/** A file of Protocol Buffers holds less than this. */
const mostBytes = 2 ** 31 - 1;

/**
 * The bytes of an ONNX model that computes what the model does in evaluation, in parts: batches of any size, images of any
 * size, batch norms folded. Input `image`: [batch, height, width, channels] float32, as the model takes it; outputs in the
 * model's own layouts. IR 10, opset 22.
 *
 * @throws UnsupportedError for a layer without a form in ONNX, by its name; for more than one input; for 2 GiB and more
 * @throws ConfigError for an option that there is not
 */
export function onnxModel(model: tf.LayersModel, options: OnnxOptions = {}): Uint8Array[] {
  assertKnownKeys("export.onnxModel", options, keys);
  const { classes } = options;
  const graph = new OnnxGraph();
  const form = new OnnxForm(graph);
  const image = imageOf(model, form.form);
  const input: Port = { name: "image", shape: ["batch", "height", "width", image.shape[3]!] };
  const walk = new NetworkWalk(form, [image, { name: input.name, layout: "channels last" }]);
  const outputs = model.outputs.map((tensor, index): Port => {
    const name = logitNames[index] ?? `output_${index}`;
    const channels = tensor.shape[tensor.shape.length - 1]!;
    const shape = tensor.shape.length === 2 ? ["batch", channels] : ["batch", "out_height", "out_width", channels];
    return { name: graph.node("Identity", name, [form.last(walk.value(tensor))]), shape };
  });
  const metadata = {
    normalization,
    ...(classes !== undefined && { classes: JSON.stringify(classes) }),
  };
  const parts = graph.encode(model.name, [input], outputs, { producer: "axial-lab", version, metadata });
  const length = lengthOf(parts);
  if (length > mostBytes)
    throw new UnsupportedError(`export to onnx: a file must be below 2 GiB, got ${length} bytes; nothing was written`);
  return parts;
}

/**
 * Writes {@link onnxModel} to a file, whole or not at all.
 *
 * @throws UnsupportedError for what has no form in ONNX, before anything is written
 * @throws ConfigError for an option that there is not
 */
export async function saveOnnx(model: tf.LayersModel, path: string, options: OnnxOptions = {}): Promise<void> {
  await writeFileAtomically(path, onnxModel(model, options));
}
