import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { onnxModel, saveOnnx } from "../../src/export/index.js";
import { configuration, create, type ResNetConfig } from "../../src/models/index.js";
import { shrunk, wirings } from "../models/shrunk.js";
import { messagesAt, numbersAt, readMessage, textsAt, type Message } from "./protobuf-reader.js";
import { randomWeights } from "./random-weights.js";
import { assertClose } from "../helpers/compare.js";

const config: ResNetConfig = {
  name: "small",
  stem: { kind: "convolution", filters: 4 },
  norm: "torch",
  stages: [{ blocks: 1, stride: 2, width: 8, filters: 16, operator: { kind: "axial", heads: 2 } }],
};

interface Node {
  readonly op: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** The parts of a model file that the tests look at; field numbers as in `onnx.proto`. */
function read(parts: readonly Uint8Array[]) {
  const model = readMessage(Buffer.concat([...parts]));
  const [graph] = messagesAt(model, 7);
  const nodes = messagesAt(graph, 1).map((node): Node => ({
    op: textsAt(node, 4)[0],
    name: textsAt(node, 3)[0],
    inputs: textsAt(node, 1),
    outputs: textsAt(node, 2),
  }));
  const constants = new Map<string, Buffer>();
  for (const tensor of messagesAt(graph, 5)) {
    const [name] = textsAt(tensor, 8);
    const bytes = Buffer.from(tensor.get(9)![0] as Uint8Array);
    const elements = sizesOf(tensor).reduce((product, size) => product * size, 1);
    const isFloat = numbersAt(tensor, 2)[0] === 1;
    assert.ok(elements > 0 && bytes.length === elements * (isFloat ? 4 : 8), `${name}: ${bytes.length} bytes`);
    constants.set(name, bytes);
  }
  const ports = (field: number) => messagesAt(graph, field).map(portOf);
  const metadata = new Map(messagesAt(model, 14).map((entry) => [textsAt(entry, 1)[0], textsAt(entry, 2)[0]]));
  const [opset] = messagesAt(model, 8);
  return {
    nodes,
    constants,
    inputs: ports(11),
    outputs: ports(12),
    metadata,
    ir: numbersAt(model, 1),
    opset: numbersAt(opset, 2),
  };
}

/** The packed whole numbers of `TensorProto.dims`, all below 2^14. */
function sizesOf(tensor: Message): number[] {
  const packed = [...(tensor.get(1)![0] as Uint8Array)];
  const sizes: number[] = [];
  for (let at = 0; at < packed.length; at++)
    sizes.push(packed[at] < 128 ? packed[at] : (packed[at] & 127) | (packed[++at] << 7));
  return sizes;
}

function portOf(port: Message): string {
  const [tensor] = messagesAt(messagesAt(port, 2)[0], 1);
  const sizes = messagesAt(messagesAt(tensor, 2)[0], 1).map((size) => textsAt(size, 2)[0] ?? numbersAt(size, 1)[0]);
  return `${textsAt(port, 1)[0]} [${sizes.join(", ")}]`;
}

describe("a network as ONNX", () => {
  const folder = mkdtempSync(join(tmpdir(), "axial-lab-onnx-"));
  before(() => tf.setBackend("cpu"));
  after(() => rmSync(folder, { recursive: true }));

  it("takes batches and images of any size, and says how they are normalised and what the classes are", () => {
    const model = create(config, { classes: 3, size: 32 });
    const { inputs, outputs, metadata, ir, opset } = read(onnxModel(model, { classes: ["a", "b", "c"] }));
    assert.deepEqual(inputs, ["image [batch, height, width, 3]"]);
    assert.deepEqual(outputs, ["logits [batch, 3]"]);
    assert.deepEqual([...ir, ...opset], [10, 22]);
    assert.equal(metadata.get("classes"), '["a","b","c"]');
    assert.match(metadata.get("normalization")!, /mean 0\.485 0\.456 0\.406/);
  });

  it("has one output of every name, each node after what it takes, and no name that nobody gives", () => {
    for (const name of ["axial-resnet-26-s", "sasa-resnet-50", "ccnet-resnet-50", "resnext-50-32x4d"]) {
      const { nodes, constants } = read(onnxModel(create(shrunk(configuration(name)), { classes: 3, size: 32 })));
      const given = new Set(["image", ...constants.keys()]);
      for (const node of nodes) {
        for (const input of node.inputs)
          assert.ok(input === "" || given.has(input), `${name}: ${node.name} takes ${input}`);
        for (const output of node.outputs) {
          assert.ok(!given.has(output), `${name}: ${output} is given twice`);
          given.add(output);
        }
      }
    }
  });

  it("folds every batch norm, into the convolution before it where there is one", () => {
    const model = create(config, { classes: 3, size: 32 });
    randomWeights(model);
    const { nodes, constants } = read(onnxModel(model));
    assert.deepEqual(nodes.filter(({ op }) => op === "BatchNormalization"), []); // prettier-ignore
    const layers = model.layers.map(({ name }) => name);
    const convolutions = nodes.filter(({ op }) => op === "Conv").map(({ name }) => name);
    assert.deepEqual([...convolutions].sort(), layers.filter((name) => /convolution|reduce$|expand$|shortcut$/.test(name)).sort()); // prettier-ignore
    const read32 = (name: string) =>
      model.weights
        .find((weight) => weight.originalName === name)!
        .read()
        .dataSync();
    const [gamma, variance] = [read32("stem.norm/gamma"), read32("stem.norm/moving_variance")];
    const scale = gamma[1] / Math.sqrt(variance[1] + 1e-5);
    // Filter 1, channel 2, row 3, column 4 of [4, 3, 7, 7], out of [7, 7, 3, 4].
    const folded = constants.get("stem.convolution/kernel")!.readFloatLE(4 * (((1 * 3 + 2) * 7 + 3) * 7 + 4));
    const plain = read32("stem.convolution/kernel")[((3 * 7 + 4) * 3 + 2) * 4 + 1];
    assertClose([folded], [plain * scale], 1e-7);
  });

  it("can be made of every wiring of the zoo and of ResNets with any attention", () => {
    for (const wiring of wirings()) {
      const model = create(wiring, { classes: 3, size: 32 });
      assert.equal(read(onnxModel(model)).outputs.length, model.outputs.length, wiring.name);
      model.dispose();
    }
  });

  it("that it cannot be is refused in one line, and nothing is written", async () => {
    const image = tf.input({ shape: [8, 8, 3] });
    const turned = tf.layers.permute({ dims: [2, 1, 3], name: "turned" }).apply(image) as tf.SymbolicTensor;
    const path = join(folder, "none.onnx");
    await assert.rejects(saveOnnx(tf.model({ inputs: image, outputs: turned }), path), {
      name: "UnsupportedError",
      message: "export to onnx: every layer must have a form there, got turned (Permute); nothing was written",
    });
    const row = tf.input({ shape: [8] });
    const dense = tf.layers.dense({ units: 2 }).apply(row) as tf.SymbolicTensor;
    await assert.rejects(saveOnnx(tf.model({ inputs: row, outputs: dense }), path), /must take one batch of images/);
    assert.equal(existsSync(path), false);
    const model = create(config, { classes: 3, size: 32 });
    await saveOnnx(model, path);
    assert.deepEqual(await readFile(path), Buffer.concat(onnxModel(model)));
  });
});
