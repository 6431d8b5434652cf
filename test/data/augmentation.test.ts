import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  alternates,
  augmentationPresets,
  centreCrop,
  drawProjection,
  drawTones,
  resolveAugmentation,
  sourceSide,
  type Augmentation,
  type Projection,
} from "../../src/data/augmentation.js";
import { randomOf } from "../../src/core/random.js";
import { assertClose } from "../helpers/compare.js";

const none = { ...augmentationPresets.none, affineProbability: 1, lightingProbability: 1 };

function apply(m: Projection, x: number, y: number): [number, number] {
  const w = m[6] * x + m[7] * y + m[8];
  return [(m[0] * x + m[1] * y + m[2]) / w, (m[3] * x + m[4] * y + m[5]) / w];
}

const corners = (size: number): [number, number][] => [
  [0, 0],
  [size, 0],
  [0, size],
  [size, size],
];

/** 300 draws, each with numbers of its own. */
const draws = (augmentation: Augmentation, width = 97, height = 61, size = 31): Projection[] =>
  Array.from({ length: 300 }, (_, i) => drawProjection(width, height, size, augmentation, randomOf(i)));

describe("centreCrop", () => {
  it("takes the middle square of an oblong image", () => {
    const map = centreCrop(100, 60, 30, 0.5);
    assertClose(apply(map, 0, 0), [35, 15], 1e-10);
    assertClose(apply(map, 30, 30), [65, 45], 1e-10);
  });
});

describe("drawProjection", () => {
  it("without any augmentation takes the largest middle square", () => {
    for (const map of draws(none)) {
      assertClose(apply(map, 0, 0), [18, 0], 1e-10);
      assertClose(apply(map, 31, 31), [79, 61], 1e-10);
    }
  });

  it("keeps random crops inside the image, within the bounds of area and ratio", () => {
    const [width, height] = [97, 61];
    const areas: number[] = [];
    for (const map of draws({ ...none, minScale: 0.35, ratio: [3 / 4, 4 / 3] })) {
      const [left, top] = apply(map, 0, 0);
      const [right, bottom] = apply(map, 31, 31);
      assert.ok(left >= -1e-9 && top >= -1e-9 && right <= width + 1e-9 && bottom <= height + 1e-9);
      const ratio = (right - left) / (bottom - top);
      assert.ok(ratio > 3 / 4 - 1e-9 && ratio < 4 / 3 + 1e-9, `ratio ${ratio}`);
      areas.push(((right - left) * (bottom - top)) / (width * height));
    }
    assert.ok(Math.min(...areas) >= 0.35 - 1e-9 && Math.min(...areas) < 0.37);
    assert.ok(Math.max(...areas) > 0.8);
  });

  it("flips as often as it should", () => {
    const flipped = draws({ ...none, flip: 0.3 }).filter((map) => apply(map, 0, 0)[0] > apply(map, 31, 0)[0]).length;
    assert.ok(Math.abs(flipped - 90) < 5 * Math.sqrt(300 * 0.3 * 0.7), `${flipped} of 300`);
  });

  it("flips where an alternating flip says so, and draws nothing for it", () => {
    const [plain, both] = [none, { ...none, flip: "alternating" as const }];
    for (const mirrored of [false, true]) {
      const map = drawProjection(97, 61, 31, both, randomOf(5), mirrored);
      const [left, right] = [apply(map, 0, 0)[0], apply(map, 31, 0)[0]];
      assert.equal(left > right, mirrored);
      const crop = { minScale: 0.35, ratio: [3 / 4, 4 / 3] } as const;
      const [a, b] = [plain, both].map((options) => drawProjection(97, 61, 31, { ...options, ...crop }, randomOf(5)));
      assert.deepEqual(a, b);
    }
  });

  it("rotates about the middle, up to the angle, both ways", () => {
    const angles = draws({ ...none, maxRotation: 15 }, 40, 40).map((map) => {
      assertClose(apply(map, 15.5, 15.5), [20, 20], 1e-10);
      const [x, y] = apply(map, 31, 15.5);
      assert.ok(Math.abs(Math.hypot(x - 20, y - 20) - 20) < 1e-9);
      return (Math.atan2(y - 20, x - 20) * 180) / Math.PI;
    });
    assert.ok(Math.max(...angles) <= 15 && Math.max(...angles) > 14);
    assert.ok(Math.min(...angles) >= -15 && Math.min(...angles) < -14);
  });

  it("zooms in, never out, and stays inside", () => {
    const sides = draws({ ...none, maxZoom: 1.25 }, 40, 40).map((map) => {
      for (const [x, y] of corners(31)) {
        for (const at of apply(map, x, y)) assert.ok(at >= -1e-9 && at <= 40 + 1e-9);
      }
      return apply(map, 31, 0)[0] - apply(map, 0, 0)[0];
    });
    assert.ok(Math.min(...sides) >= 32 - 1e-9 && Math.min(...sides) < 32.2);
    assert.ok(Math.max(...sides) <= 40 + 1e-9 && Math.max(...sides) > 39.8);
  });

  it("warps so that one side grows as the opposite one shrinks", () => {
    // One tilt alone: (-1, -1) goes to (-1, -(1 + t)), (1, -1) to (1, -(1 - t)), in half sides of the box.
    const tilts = draws({ ...none, maxWarp: 0.2, affineProbability: 0.5 }, 40, 40);
    let single = 0;
    for (const map of tilts) {
      const [leftTop, rightTop] = [apply(map, 0, 0), apply(map, 31, 0)];
      if (Math.abs(leftTop[0]) > 1e-9 || Math.abs(rightTop[0] - 40) > 1e-9) continue;
      single++;
      const t = -leftTop[1] / 20;
      assertClose(rightTop, [40, 20 * t], 1e-10);
      assertClose(apply(map, 0, 31), [0, 40 + 20 * t], 1e-10);
      assert.ok(Math.abs(t) <= 0.2);
    }
    assert.ok(single > 100);
  });

  it("does not depend on the size of the output but for scale", () => {
    const options = augmentationPresets.reference;
    const small = drawProjection(97, 61, 31, options, randomOf(3));
    const large = drawProjection(97, 61, 62, options, randomOf(3));
    assertClose(apply(large, 22, 40), apply(small, 11, 20), 1e-10);
  });
});

describe("drawTones", () => {
  const logit = (v: number): number => Math.log(v / (1 - v));

  it("keeps black and white and rises between them", () => {
    for (let seed = 0; seed < 50; seed++) {
      const tones = drawTones({ ...none, maxLighting: 0.9 }, randomOf(seed)) as Float32Array;
      assert.equal(tones[0], 0);
      assert.equal(tones[255], 255);
      for (let byte = 1; byte < 256; byte++) assert.ok(tones[byte] >= tones[byte - 1]);
    }
  });

  it("adds brightness and multiplies contrast in logit space, within their bounds", () => {
    for (let seed = 0; seed < 200; seed++) {
      const tones = drawTones({ ...none, maxLighting: 0.2 }, randomOf(seed)) as Float32Array;
      const at = (byte: number): number => logit(tones[byte] / 255);
      const contrast = (at(200) - at(50)) / (logit(200 / 255) - logit(50 / 255));
      const brightness = at(50) / contrast - logit(50 / 255);
      assert.ok(contrast > 0.8 - 1e-5 && contrast < 1.25 + 1e-5, `contrast ${contrast}`);
      assert.ok(Math.abs(brightness) <= logit(0.6) + 1e-5, `brightness ${brightness}`);
      assert.ok(Math.abs(at(120) - (logit(120 / 255) + brightness) * contrast) < 1e-4);
    }
  });

  it("is null where nothing changes", () => {
    assert.equal(drawTones(none, randomOf(1)), null);
    assert.equal(drawTones({ ...none, maxLighting: 0.2, lightingProbability: 0 }, randomOf(1)), null);
  });
});

describe("resolveAugmentation", () => {
  it("takes presets by name and fills objects from the default one", () => {
    assert.equal(resolveAugmentation("test"), augmentationPresets.fastai);
    assert.equal(resolveAugmentation("test", "reference"), augmentationPresets.reference);
    assert.deepEqual(resolveAugmentation("test", { flip: 0 }), { ...augmentationPresets.fastai, flip: 0 });
  });

  it("says which option is wrong", () => {
    const message = (options: unknown): RegExp | string => {
      try {
        resolveAugmentation("test", options as Partial<Augmentation>);
      } catch (error) {
        return (error as Error).message;
      }
      return "";
    };
    assert.equal(
      message("fast"),
      'test: augmentation must be the name of one or an object, got "fast"; use fastai, light, alternating, reference, none',
    );
    assert.equal(
      message({ flip: 2 }),
      'test: augmentation.flip must be from 0 to 1, or "alternating", got 2; choose a number between, or leave it out',
    );
    assert.equal(
      message({ maxZoom: NaN }),
      "test: augmentation.maxZoom must be from 1 to 10, got NaN; choose a number between, or leave it out",
    );
    assert.equal(
      message({ ratio: [2, 1] }),
      "test: augmentation.ratio must be null or [low, high] with 0 < low <= high, got [2,1]; use [3 / 4, 4 / 3], or null for none",
    );
    assert.equal(
      message({ zoom: 1 }),
      'test: augmentation must have known options only, got "zoom"; it has minScale, flip, maxRotation, maxZoom, maxWarp, maxLighting, affineProbability, lightingProbability, validationCrop, ratio',
    );
  });
});

describe("sourceSide", () => {
  it("keeps enough pixels for the smaller crops, in steps of 16, at most twice the output", () => {
    assert.equal(sourceSide(64, augmentationPresets.none), 80); // 64 / 0.875 = 73.1
    assert.equal(sourceSide(64, augmentationPresets.reference), 80); // 64 * 1.1 / sqrt(0.8) = 78.7
    assert.equal(sourceSide(64, augmentationPresets.fastai), 112); // 64 / sqrt(0.35) = 108.2
    assert.equal(sourceSide(224, { ...none, minScale: 0.08 }), 448);
  });
});

describe("alternates", () => {
  it("shows each image both ways in two epochs in a row, half of the images mirrored in the first", () => {
    const images = Array.from({ length: 1000 }, (_, index) => index);
    for (const index of images)
      for (const epoch of [0, 1, 2, 7])
        assert.notEqual(alternates(3, epoch, index), alternates(3, epoch + 1, index), `${epoch} ${index}`);
    const mirrored = images.filter((index) => alternates(3, 0, index)).length;
    assert.ok(Math.abs(mirrored - 500) < 5 * Math.sqrt(1000 / 4), `${mirrored} of 1000`);
    const others = images.filter((index) => alternates(4, 0, index) === alternates(3, 0, index)).length;
    assert.ok(others > 400 && others < 600, `${others} of 1000 the same with another seed`);
  });
});
