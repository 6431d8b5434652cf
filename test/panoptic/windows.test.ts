import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import { create } from "../../src/models/index.js";
import { generatedPanoptic, segment } from "../../src/panoptic/index.js";
import { predictInWindows, windowStarts } from "../../src/panoptic/windows.js";
import { presets } from "../../src/training/index.js";
import { assertClose } from "../helpers/compare.js";

describe("windowStarts", () => {
  it("covers an axis with overlapping windows, the first at its start and the last at its end", () => {
    for (const [length, window, overlap] of [
      [101, 37, 1 / 3],
      [97, 31, 0],
      [53, 52, 0.5],
      [211, 7, 0.9],
    ]) {
      const starts = windowStarts(length, window, overlap);
      assert.deepEqual([starts[0], starts.at(-1)], [0, length - window]);
      const most = Math.max(1, Math.floor(window * (1 - overlap)));
      starts.slice(1).forEach((start, i) => assert.ok(start > starts[i] && start - starts[i] <= most, String(starts)));
    }
    assert.deepEqual(windowStarts(13, 17, 0.3), [0]);
    assert.deepEqual(windowStarts(13, 13, 0.3), [0]);
  });
});

describe("segmenting window by window", () => {
  before(async () => void (await engine.start({ threads: 1 })));
  after(() => engine.stop());

  const data = generatedPanoptic({ aspect: 61 / 47 });
  after(() => data.close());
  const { bytes, map } = data.image("validation", 1, 47);
  const image = { ...map, bytes };
  const { classes, things } = data;

  /** A network that looks at single pixels. */
  function pixelNetwork(): tf.LayersModel {
    const input = tf.input({ shape: [null, null, 3] });
    const head = (filters: number, seed: number) =>
      tf.layers
        .conv2d({ filters, kernelSize: 1, kernelInitializer: tf.initializers.randomNormal({ stddev: 0.5, seed }) })
        .apply(input) as tf.SymbolicTensor;
    return tf.model({ inputs: input, outputs: [head(classes.length, 1), head(1, 2), head(2, 3)] });
  }

  it("gives what the whole image gives where places do not depend on what is around them", async () => {
    const net = pixelNetwork();
    const x = tf.tensor4d(
      Float32Array.from(bytes, (byte) => byte / 255),
      [1, 47, 61, 3],
    );
    const [logits, heat, ways] = net.predict(x) as tf.Tensor4D[];
    const shares = logits.softmax();
    const whole = {
      semantic: Int32Array.from(logits.argMax(3).dataSync()),
      probability: shares.max(3).dataSync<"float32">(),
      center: heat.dataSync<"float32">(),
      offset: ways.dataSync<"float32">(),
    };
    tf.dispose([logits, heat, ways, shares]);
    for (const window of [
      { height: 17, width: 23 },
      { height: 19, width: 61, overlap: 0 },
      { height: 100, width: 29, overlap: 0.6 },
      { height: 200, width: 300 },
    ]) {
      const tensors = tf.memory().numTensors;
      const run = (top: number, left: number, [rows, columns]: readonly [number, number]) =>
        tf.tidy(() => net.predict(x.slice([0, top, left, 0], [1, rows, columns, 3])) as tf.Tensor[]);
      const found = await predictInWindows(run, map, classes.length, window);
      assert.equal(tf.memory().numTensors, tensors);
      assert.deepEqual(found.semantic, whole.semantic);
      for (const name of ["probability", "center", "offset"] as const)
        assertClose(found[name], whole[name], 3e-6, name);
    }
    tf.dispose(x);
    net.dispose();
  });

  it("shows the same segments where one window holds the image", async () => {
    const net = create(presets["quick-start-panoptic"].model, { classes: classes.length, size: 33, seed: 2 });
    const whole = await segment(net, image, { classes, things: [] });
    const one = await segment(net, image, { classes, things: [], slidingWindow: { height: 47, width: 99 } });
    assert.deepEqual(one.map, whole.map);
    net.dispose();
  });

  it("covers an image that is larger than the window, by a network that looks around", async () => {
    const net = create(presets["quick-start-panoptic"].model, { classes: classes.length, size: 33, seed: 2 });
    const { map: found, segments } = await segment(net, image, {
      classes,
      things,
      slidingWindow: { height: 33, width: 33 },
    });
    assert.deepEqual([found.height, found.width], [47, 61]);
    assert.equal(
      segments.reduce((sum, { area }) => sum + area, 0),
      found.values.filter((label) => label !== 255000).length,
    );
    net.dispose();
  });

  it("refuses windows that cannot be", async () => {
    const net = pixelNetwork();
    const refused = (window: object, message: RegExp) =>
      assert.rejects(
        segment(net, image, { classes, things, slidingWindow: window as { height: 1; width: 1 } }),
        message,
      );
    await refused(
      { height: 0, width: 5 },
      /ConfigError: panoptic.segment: a window must have whole positive sides, got 0 x 5/,
    );
    await refused({ height: 5.5, width: 5 }, /got 5.5 x 5/);
    await refused({ height: 5, width: 5, overlap: 1 }, /overlap must be from 0 to below 1, got 1/);
    net.dispose();
  });
});
