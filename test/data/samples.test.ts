import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { generated, samples } from "../../src/data/index.js";

const data = generated({ classes: 3, trainCount: 11, validationCount: 7 });

describe("samples", () => {
  it("are images of the validation split, as bytes and as a model takes them, with their class", async () => {
    const found = await samples(data, { count: 5, size: 16 });
    assert.equal(found.length, 5);
    for (const { image, input, label, name, index } of found) {
      assert.deepEqual(image.shape, [16, 16, 3]);
      assert.deepEqual([...image.values], [...data.image("validation", index, 16)]);
      assert.equal(input.values.length, 16 * 16 * 3);
      assert.equal(label, data.scene("validation", index).label);
      assert.equal(name, data.classes[label]);
    }
  });

  it("are the same for the same seed, and others for another", async () => {
    const indices = async (seed: number) =>
      (await samples(data, { size: 8, count: 7, seed })).map(({ index }) => index);
    assert.deepEqual(await indices(3), await indices(3));
    assert.notDeepEqual(await indices(3), await indices(5));
  });

  it("are as many as there are", async () => {
    assert.equal((await samples(data, { size: 8, count: 100, split: "train" })).length, 11);
  });
});
