import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import sharp from "sharp";
import { startTestKernel, type TestKernel } from "../test-kernel.js";

describe("values", () => {
  let kernel: TestKernel;
  before(async () => {
    kernel = await startTestKernel();
    await kernel.run("import * as tf from '@tensorflow/tfjs'; await tf.setBackend('cpu');");
  });
  after(() => kernel.stop());

  const shown = async (code: string): Promise<Record<string, string>> => {
    const { reply, result } = await kernel.run(code);
    assert.equal(reply["status"], "ok", String(reply["evalue"]));
    return result as Record<string, string>;
  };

  it("that are tensors are shown with shape, dtype and statistics", async () => {
    const { "text/plain": text } = await shown("tf.tensor2d([1, 2, 3, 6], [2, 2])");
    assert.match(text, /^Tensor \[2, 2\] float32, min 1, max 6, mean 3, std 1\.8708\n/);
    assert.match(text, /\[3, 6\]/);
  });
  it("that are one number are shown without statistics", async () =>
    assert.match((await shown("tf.scalar(7, 'int32')"))["text/plain"], /^Tensor \[\] int32\n +7$/));
  it("that are not finite are counted", async () =>
    assert.match(
      (await shown("tf.tensor1d([1, NaN, Infinity])"))["text/plain"],
      /min 1, max 1, mean 1, std 0, 2 not finite/,
    ));
  it("that are disposed say so", async () =>
    assert.equal(
      (await shown("const gone = tf.ones([3]); gone.dispose(); gone"))["text/plain"],
      "Tensor [3] float32, disposed",
    ));
  it("that are variables have their names", async () =>
    assert.match(
      (await shown("tf.variable(tf.ones([2]), true, 'kernel')"))["text/plain"],
      /^Variable "kernel" \[2\] float32/,
    ));
  it("that are tensors are read and not kept", async () =>
    assert.equal(
      (await shown("const before = tf.memory().numTensors; before"))["text/plain"],
      (await shown("tf.memory().numTensors"))["text/plain"],
    ));

  it("have tensors, layers and models inside of them as a line each, and are not changed by that", async () => {
    const { "text/plain": text } = await shown(`
      const model = tf.sequential({ name: "two", layers: [tf.layers.dense({ units: 7, inputShape: [5], name: "first" })] });
      const results = { model, layers: model.layers, loss: tf.ones([2, 3]), free: tf.layers.flatten({ name: "free" }), of: new Map() };
      results`);
    assert.equal(
      text,
      [
        "{",
        "  model: two: 1 layers, 42 parameters, 42 of them trainable,",
        '  layers: [ Dense "first", 42 parameters ],',
        "  loss: Tensor [2, 3] float32,",
        '  free: Flatten "free", not built,',
        "  of: Map(0) {}",
        "}",
      ].join("\n"),
    );
    assert.equal((await shown("results.model === model && results.layers === model.layers"))["text/plain"], "true");
    assert.equal((await shown("model.layers[0]"))["text/plain"], 'Dense "first", 42 parameters');
    const odd = "const odd: any = { get late() { throw new Error('asked') }, t: tf.ones([1]) }; odd.self = odd; odd";
    assert.match((await shown(odd))["text/plain"], /late: \[Getter\],\s+t: Tensor \[1\] float32/);
  });

  it("that look like an image are shown as one", async () => {
    const bundle = await shown("tf.stack([tf.ones([11, 13]), tf.zeros([11, 13]), tf.zeros([11, 13])], 2)");
    const { data, info } = await sharp(Buffer.from(bundle["image/png"], "base64"))
      .raw()
      .toBuffer({ resolveWithObject: true });
    assert.deepEqual([info.width, info.height, info.channels], [13, 11, 3]);
    assert.deepEqual([...data.subarray(0, 3)], [255, 0, 0]);
    assert.match(bundle["text/html"], /<img alt="Tensor \[11, 13, 3\] float32" src="data:image\/png;base64,/);
  });
  it("that are a batch of images are shown side by side", async () => {
    const bundle = await shown("tf.ones([3, 11, 13, 1]).mul(255)");
    const { width, height } = await sharp(Buffer.from(bundle["image/png"], "base64")).metadata();
    assert.deepEqual([width, height], [39, 11]);
  });
  it("that are a matrix of any numbers are no image", async () =>
    assert.equal((await shown("tf.randomNormal([11, 13])"))["image/png"], undefined));

  it("that are models are shown as a table", async () => {
    const bundle = await shown(
      "tf.sequential({ name: 'net', layers: [tf.layers.dense({ units: 3, inputShape: [5], name: 'first' }), tf.layers.dense({ units: 2, name: 'second' })] })",
    );
    assert.match(bundle["text/plain"], /^net: 2 layers, 26 parameters, 26 of them trainable\n/);
    assert.match(bundle["text/plain"], /first +Dense +\[\?, 3\] +18/);
    assert.match(bundle["text/html"], /<td>second<\/td><td>Dense<\/td><td>\[\?, 2\]<\/td><td>8<\/td>/);
  });

  it("that are typed arrays are shown with statistics", async () =>
    assert.equal(
      (await shown("Float32Array.from({ length: 21 }, (_, i) => i)"))["text/plain"],
      "Float32Array(21), min 0, max 20, mean 10, std 6.0553\n[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, …]",
    ));
  it("that are large whole numbers are shown whole", async () =>
    assert.equal(
      (await shown("BigInt64Array.of(2n ** 62n)"))["text/plain"],
      "BigInt64Array(1)\n[4611686018427387904n]",
    ));
  it("that are an image file are shown as one", async () =>
    assert.equal((await shown("Uint8Array.of(0xff, 0xd8, 0xff, 0xe0)"))["image/jpeg"], "/9j/4A=="));

  it("that are arrays of objects are shown as a table", async () => {
    const bundle = await shown("[{ name: '<a>', size: 2.5 }, { name: 'b', extra: [1] }]");
    assert.equal(
      bundle["text/html"],
      "<table><thead><tr><th></th><th>name</th><th>size</th><th>extra</th></tr></thead><tbody>" +
        "<tr><td>0</td><td>&lt;a&gt;</td><td>2.5</td><td></td></tr><tr><td>1</td><td>b</td><td></td><td>[ 1 ]</td></tr></tbody></table>",
    );
    assert.match(bundle["text/plain"], /name: '<a>'/);
  });
  it("that are other arrays are no table", async () => {
    assert.equal((await shown("[[1, 2], [3, 4]]"))["text/html"], undefined);
    assert.equal((await shown("[{ a: 1 }, { b: 2 }]"))["text/html"], undefined);
  });

  it("that say themselves how they are shown are shown so", async () => {
    const bundle = await shown(
      "class Shown { async [Symbol.for('Jupyter.display')]() { return { 'text/html': '<i>own</i>', 'image/png': Uint8Array.of(1) }; } } new Shown()",
    );
    assert.deepEqual(bundle, { "text/html": "<i>own</i>", "image/png": "AQ==", "text/plain": "Shown {}" });
  });
  it("that fail to say how they are shown fail the cell", async () => {
    const { reply } = await kernel.run(
      "({ [Symbol.for('Jupyter.display')]() { throw new Error('cannot be shown'); } })",
    );
    assert.equal(reply["evalue"], "cannot be shown");
  });
  it("that are errors are shown with the cell's own places", async () =>
    assert.match((await shown("new Error('as a value')"))["text/plain"], /^Error: as a value\n {4}at cell \d+:1:1$/));
  it("that throw when they are looked at are shown as text", async () =>
    assert.match(
      (
        await shown(
          "new Proxy([], { get(target, key) { if (key === 'shape') throw new Error('no'); return (target as any)[key]; } })",
        )
      )["text/plain"],
      /\[\]/,
    ));
});
