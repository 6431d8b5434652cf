import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import { FileError } from "../../src/core/errors.js";
import { readCase, relativeError, verifyCase, viewAsStored, type ReferenceCase } from "../../src/verification/index.js";
import { packageFolder } from "../../src/core/version.js";
import { readSafetensors, writeSafetensors } from "../../src/weights/index.js";

const folder = join(packageFolder, "test", "fixtures");
const layerCase = join(folder, "axial-attention", "saaxial-layer-height.safetensors");
const fixture = (name: string) => readCase(join(folder, `${name}.safetensors`));

/** The case with one stored result changed. */
function changed(reference: ReferenceCase, tensor: string, change: (value: number) => number): ReferenceCase {
  const stored = reference.expected.get(tensor)!;
  const expected = new Map(reference.expected).set(tensor, { ...stored, data: stored.data.map(change) });
  return { ...reference, expected };
}

describe("verifyCase", () => {
  before(async () => void (await engine.start()));
  after(() => engine.stop());

  it("passes every stored case that has a counterpart, and leaves no tensor behind", async () => {
    const files = await readdir(folder, { recursive: true });
    const names = files.filter((name) => /^(?!panoptic).*\.safetensors$/.test(name));
    const tensors = tf.memory().numTensors;
    let passed = 0;
    for (const name of names) {
      const report = await verifyCase(await readCase(join(folder, name)));
      assert.notEqual(report.verdict, "failed", `${name}: ${report.reason} ${JSON.stringify(report.worst)}`);
      passed += Number(report.verdict === "passed");
    }
    assert.ok(passed >= 9, `${passed} passed`);
    assert.equal(tf.memory().numTensors, tensors);
  });

  it("compares outputs in both modes, gradients of input and parameters, running statistics and attention", async () => {
    const { comparisons } = await verifyCase(await fixture("axial-attention/saaxial-layer-height"));
    const kinds = new Set(comparisons.map(({ tensor }) => tensor.replace(/^(grad\.param|buffer_after)\..*/, "$1")));
    const expected = [
      "output.train",
      "output.eval",
      "grad.input",
      "grad.param",
      "buffer_after",
      "attention",
      "attention_eval",
    ];
    assert.deepEqual([...kinds].sort(), expected.sort());
  });

  it("fails a case by the one tensor that is beyond its limit", async () => {
    const reference = await fixture("axial-attention/axialdeeplab-attention-height-s1-a");
    for (const tensor of reference.expected.keys()) {
      const report = await verifyCase(changed(reference, tensor, (value) => value * 1.001 + 1e-3));
      assert.equal(report.verdict, "failed");
      assert.equal(report.worst!.tensor, tensor);
    }
  });

  it("fails a case that stores something we do not compute", async () => {
    const reference = await fixture("axial-attention/saaxial-layer-height");
    const expected = new Map(reference.expected).set("grad.param.extra", { shape: [1], data: new Float32Array(1) });
    const report = await verifyCase({ ...reference, expected });
    assert.deepEqual([report.verdict, report.worst!.error], ["failed", Infinity]);
  });

  it("skips by name what it has no counterpart of, and says why SASA is not imitated", async () => {
    const reference = await fixture("stand-alone-attention/sasa-layer-k3");
    const sasa = await verifyCase(reference);
    assert.equal(sasa.verdict, "skipped");
    assert.match(sasa.reason!, /differs from its own paper .* equation 2/);
    const bottleneck = await verifyCase(await fixture("attention-resnet/sasa-bottleneck-convolution"));
    assert.deepEqual([bottleneck.verdict, bottleneck.comparisons.length], ["passed", 23]);
    const unknown = await verifyCase({ ...reference, className: "HaloAttention" });
    assert.match(unknown.reason!, /no counterpart of MartinGer\/.* HaloAttention/);
  });

  it("fails, and says why, where a class has arguments that no layer can have", async () => {
    const reference = await fixture("axial-attention/axialdeeplab-attention-height-s1-a");
    const { verdict, reason } = await verifyCase({ ...reference, args: { ...reference.args, groups: 3 } });
    assert.equal(verdict, "failed");
    assert.match(reason!, /filters must be a positive multiple of heads/);
  });

  it("fails, and says why, where a case does not say what it needs to", async () => {
    const [layer, net] = [
      await fixture("axial-attention/axialdeeplab-attention-height-s1-a"),
      await fixture("axial-resnet/axialdeeplab-net"),
    ];
    const cases: [ReferenceCase, RegExp][] = [
      [{ ...layer, layout: "NCWH" }, /layout must be NCHW or NHWC, got NCWH; make the file again/],
      [
        { ...layer, args: { ...layer.args, groups: "2" } },
        /args\.groups must be a number, got "2"; make the file again/,
      ],
      [{ ...net, args: { ...net.args, layers: [1, 2] } }, /args\.layers must be four counts, got \[1,2\]/],
    ];
    for (const [reference, message] of cases) {
      const { verdict, reason } = await verifyCase(reference);
      assert.equal(verdict, "failed");
      assert.match(reason!, message);
    }
  });
});

describe("relativeError", () => {
  it("is relative to the largest stored value, but never to less than 1", () => {
    assert.equal(relativeError([1, 2], [1, 4]), 0.5);
    assert.equal(relativeError([0.25, 0], [0, 0]), 0.25);
  });

  it("is infinite where numbers are missing or not finite", () => {
    assert.equal(relativeError([1], [1, 2]), Infinity);
    assert.equal(relativeError([NaN], [1]), Infinity);
  });

  it("looks at large tensors as they are stored: 64 evenly spaced entries, or the norm", () => {
    const whole = Float32Array.from({ length: 128 }, (_, i) => i);
    assert.deepEqual(Array.from(viewAsStored("sample.x", whole)).slice(0, 3), [0, 2, 4]);
    assert.deepEqual(viewAsStored("norm.x", [3, 4]), [5]);
  });
});

describe("readCase", () => {
  let scratch: string;
  before(async () => void (scratch = await mkdtemp(join(tmpdir(), "axial-lab-"))));
  after(() => rm(scratch, { recursive: true }));

  it("makes inputs and parameters from seeds, and knows damage by its digest", async () => {
    const path = join(scratch, "generated.safetensors");
    const config = {
      class: "AxialAttention",
      args: {},
      layout: "NCHW",
      source: [{ repository: "csrhddlam/axial-deeplab" }],
      buffers: ["bn.running_mean", "bn.running_var", "bn.num_batches_tracked"],
      integer_buffers: ["bn.num_batches_tracked"],
      generator: { name: "fmix32-counter" },
      generated: {
        input: { shape: [3], seed: 7, scale: 2, offset: 1 },
        "param.bn.weight": { shape: [2], seed: 8, scale: 0, offset: 5 },
      },
      generated_sha256: {},
    };
    const write = (more: object) =>
      writeSafetensors(path, {
        tensors: new Map([["cotangent", { dtype: "F32", shape: [1], data: new Float32Array(1) }]]),
        metadata: { config: JSON.stringify({ ...config, ...more }) },
      });
    await write({});
    const { input, parameters } = await readCase(path);
    // fmix32 of 7, of 7 + 0x9E3779B9 and of 7 + 2 * 0x9E3779B9, worked with Python's integers.
    assert.deepEqual(
      Array.from(input.data),
      [-0.6126902662217617, -0.4517433261498809, 0.8043290469795465].map(Math.fround),
    );
    assert.deepEqual(Array.from(parameters.get("bn.running_var")!.data), [1, 1]);
    assert.deepEqual(Array.from(parameters.get("bn.running_mean")!.data), [0, 0]);
    await write({ generated_sha256: { input: "00" } });
    await assert.rejects(readCase(path), /generated input must have SHA-256 00, got [0-9a-f]{64}/);
    await write({ generator: { name: "other" } });
    await assert.rejects(readCase(path), /unknown generator, got other/);
  });

  it("refuses a file that is not a case, with one line", async () => {
    const path = join(scratch, "weights.safetensors");
    const { tensors } = await readSafetensors(layerCase);
    for (const metadata of [{}, { config: "{" }, { config: '{"class":"AxialAttention"}' }] as Record<
      string,
      string
    >[]) {
      await writeSafetensors(path, { tensors, metadata });
      await assert.rejects(readCase(path), (error) => error instanceof FileError && !error.message.includes("\n"));
    }
    await assert.rejects(readCase(join(scratch, "absent.safetensors")), FileError);
    const metadata = { config: '{"class":"AxialAttention","args":{},"layout":"NCHW"}' };
    await writeSafetensors(path, { tensors: new Map([...tensors].filter(([name]) => name !== "cotangent")), metadata });
    await assert.rejects(
      readCase(path),
      /a case must hold cotangent, got .*weights\.safetensors without it; make the file/,
    );
  });
});
