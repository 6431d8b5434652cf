import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Batch } from "../../src/data/dataset.js";
import { generated, generatedLabelMaps } from "../../src/data/synthetic.js";
import { toBytes } from "../../src/data/normalize.js";

async function collect<B extends Batch>(batches: AsyncIterable<B>): Promise<B[]> {
  const all: B[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

const epochOf = { split: "train", batchSize: 7, size: 17, seed: 3, epoch: 2 } as const;

describe("generated", () => {
  it("yields every image at most once an epoch, in whole batches", async () => {
    const dataset = generated({ trainCount: 31 });
    const batches = await collect(dataset.batches(epochOf));
    assert.deepEqual(
      batches.map(({ shape }) => shape),
      Array(4).fill([7, 17, 17, 3]),
    );
    const indices = batches.flatMap((batch) => [...batch.indices]);
    assert.equal(new Set(indices).size, 28);
    for (const { images, labels, indices } of batches) {
      assert.equal(images.length, 7 * 17 * 17 * 3);
      assert.deepEqual(
        [...labels],
        [...indices].map((i) => i % 4),
      );
    }
  });

  it("keeps the last, smaller batch of validation, in order", async () => {
    const dataset = generated({ validationCount: 17 });
    const batches = await collect(dataset.batches({ ...epochOf, split: "validation" }));
    assert.deepEqual(
      batches.flatMap((batch) => [...batch.indices]),
      Array.from({ length: 17 }, (_, i) => i),
    );
    assert.deepEqual(batches[2]?.shape, [3, 17, 17, 3]);
  });

  it("gives the same bits for the same seed and epoch, and others for another", async () => {
    const run = (options: Partial<typeof epochOf> | { epoch: number } | { seed: number }) =>
      collect(generated({ trainCount: 14 }).batches({ ...epochOf, ...options }));
    assert.deepEqual(await run({}), await run({}));
    assert.notDeepEqual(await run({}), await run({ epoch: 3 }));
    assert.notDeepEqual(await run({}), await run({ seed: 4 }));
  });

  it("goes on after skipped batches as if it had not stopped", async () => {
    const dataset = generated({ trainCount: 31 });
    const whole = await collect(dataset.batches(epochOf));
    assert.deepEqual(await collect(dataset.batches({ ...epochOf, skip: 2 })), whole.slice(2));
  });

  it("draws the same images each epoch where augment is false", async () => {
    const dataset = generated({ trainCount: 7 });
    const [first] = await collect(dataset.batches({ ...epochOf, augment: false, shuffle: false, epoch: 0 }));
    const [later] = await collect(dataset.batches({ ...epochOf, augment: false, shuffle: false, epoch: 5 }));
    assert.deepEqual(first, later);
    const bytes = toBytes(first.images).subarray(0, 17 * 17 * 3);
    assert.deepEqual(bytes, dataset.image("train", 0, 17));
  });

  it("puts the disc that gives the class in the ring's lane, at the far end", () => {
    const dataset = generated({ classes: 5 });
    for (let index = 0; index < 40; index++) {
      const { label, ring, target, glyphs, orientation } = dataset.scene("train", index);
      assert.equal(label, index % 5);
      assert.equal(glyphs.length, 11);
      assert.equal(glyphs.filter(({ shape }) => shape === "ring").length, 1);
      const [along, across] = orientation === "rows" ? (["x", "y"] as const) : (["y", "x"] as const);
      assert.equal(ring[across], target[across]);
      assert.ok(Math.abs(ring[along] - target[along]) > 0.65);
    }
  });

  it("keeps what one place shows independent of the class: the mean image is alike in all classes", () => {
    // 2048 images: the mean of a pixel over the 512 of a class has a standard error of about 80 / sqrt(512) = 3.5 levels.
    const [size, count] = [8, 2048];
    const dataset = generated({ trainCount: count });
    const means = Array.from({ length: 4 }, () => new Float64Array(size * size * 3));
    for (let index = 0; index < count; index++) {
      const mean = means[index % 4] as Float64Array;
      dataset.image("train", index, size).forEach((value, i) => (mean[i] = mean[i] + value / (count / 4)));
    }
    for (const mean of means.slice(1)) {
      const largest = mean.reduce((most, value, i) => Math.max(most, Math.abs(value - means[0]?.[i])), 0);
      assert.ok(largest < 6 * 3.5 * Math.SQRT2, `means differ by ${largest} levels`);
    }
  });

  it("stops at the signal with its reason", async () => {
    const stop = new AbortController();
    const seen: Batch[] = [];
    await assert.rejects(async () => {
      for await (const batch of generated().batches({ ...epochOf, signal: stop.signal })) {
        seen.push(batch);
        stop.abort(new Error("enough"));
      }
    }, /^Error: enough$/);
    assert.equal(seen.length, 1);
  });

  it("says which option is wrong", async () => {
    assert.throws(() => generated({ classes: 7 }), {
      name: "ConfigError",
      message: "generated: classes must be a whole number from 2 to 6, got 7; choose one of those",
    });
    assert.throws(() => generated({ trainCount: 0 }), {
      message: "generated: trainCount must be a whole number of at least 1, got 0; choose one of those",
    });
    assert.throws(() => generated({ trainCount: 3 }).scene("train", 3), {
      message: "generated.scene: index must be from 0 to 2, got 3; take one of those",
    });
    const batch = (options: object) => collect(generated({ trainCount: 6 }).batches({ ...epochOf, ...options }));
    await assert.rejects(batch({ size: 7.5 }), {
      message: "generated.batches: size must be a whole number of at least 8, got 7.5; use 8 or more",
    });
    await assert.rejects(batch({ split: "test" }), {
      message: 'generated.batches: split must be "train" or "validation", got "test"; choose one',
    });
    await assert.rejects(batch({}), {
      message:
        "generated.batches: an epoch must hold at least one batch, got 6 train images, batchSize=7, dropRemainder=true; use batchSize=6 or less",
    });
    const closed = generated();
    await closed.close();
    await assert.rejects(collect(closed.batches(epochOf)), {
      message: "generated.batches: the data set must be open, got one that is closed; make a new one",
    });
  });
});

describe("generatedLabelMaps", () => {
  const options = { ...epochOf, size: 31 };

  it("draws the images of generated, with the parts of their scenes in place of a class", async () => {
    const [maps, classes] = [generatedLabelMaps({ trainCount: 7 }), generated({ trainCount: 7 })];
    const [[labelled], [plain]] = [await collect(maps.batches(options)), await collect(classes.batches(options))];
    assert.deepEqual(labelled.images, plain.images);
    assert.equal(labelled.labelMaps.length, 7 * 31 * 31);
    assert.deepEqual(maps.classes, ["background", "disc", "ring", "opposite"]);
    const counts = [0, 1, 2, 3].map((part) => labelled.labelMaps.filter((label) => label === part).length);
    assert.equal(counts[0] + counts[1] + counts[2] + counts[3], 7 * 31 * 31);
    // Four lanes of two discs, of which one is opposite; the ring has a hole and counts less than a disc.
    assert.ok(
      counts[0] > counts[1] && counts[1] > 5 * counts[3] && counts[3] > counts[2] && counts[2] > 0,
      String(counts),
    );
    await Promise.all([maps.close(), classes.close()]);
  });

  it("labels the middle of each glyph as what it is", async () => {
    const maps = generatedLabelMaps({ validationCount: 5, colors: 3 });
    const [{ labelMaps }] = await collect(maps.batches({ ...options, split: "validation" }));
    for (let index = 0; index < 5; index++) {
      const { ring, target, glyphs } = maps.scene("validation", index);
      const at = ({ x, y }: { x: number; y: number }) =>
        labelMaps[(index * 31 + Math.floor(y * 31)) * 31 + Math.floor(x * 31)];
      assert.equal(at(target), 3);
      assert.equal(at({ x: ring.x + ring.radius * 0.75, y: ring.y }), 2);
      for (const glyph of glyphs) if (glyph !== ring && glyph !== target) assert.equal(at(glyph), 1);
    }
    await maps.close();
  });

  it("names its own options when they make no sense", () => {
    assert.throws(
      () => generatedLabelMaps({ colors: 7 }),
      /^ConfigError: generatedLabelMaps: colors must be a whole number from 2 to 6, got 7; choose one of those$/,
    );
  });
});

describe("shards of an epoch", () => {
  it("share each batch out, whatever their number, and leave the order as it is", async () => {
    const data = generated({ trainCount: 31, validationCount: 5 });
    for (const split of ["train", "validation"] as const) {
      const options = { ...epochOf, split };
      const whole = (await collect(data.batches(options))).flatMap(({ indices }) => [...indices]);
      for (const size of [2, 3, 7]) {
        const shares = await Promise.all(
          Array.from({ length: size }, (_, rank) => collect(data.batches({ ...options, shard: { rank, size } }))),
        );
        const batches = shares[0].length;
        const joined = Array.from({ length: batches }, (_, batch) =>
          shares.flatMap((share) => [...(share[batch]?.indices ?? [])]),
        );
        if (split === "train") assert.deepEqual(joined.flat(), whole);
        const all = shares.flatMap((share) => share.flatMap(({ indices }) => [...indices]));
        assert.deepEqual(
          all.sort((a, b) => a - b),
          [...whole].sort((a, b) => a - b),
        );
      }
    }
    await data.close();
  });

  it("refuse a rank that there is not", async () => {
    await assert.rejects(
      collect(generated().batches({ ...epochOf, shard: { rank: 2, size: 2 } })),
      /^ConfigError: generated.batches: shard.rank must be below shard.size, got 2 of 2; count ranks from 0$/,
    );
  });
});
