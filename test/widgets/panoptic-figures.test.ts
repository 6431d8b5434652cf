import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { centerOffsetFieldsSpec } from "../../widgets/center-offset-fields.js";
import { panopticComparisonSpec, panopticOverlaySpec } from "../../widgets/panoptic-overlay.js";
import { areasOf, labelsOf, runsOf, type PanopticPicture } from "../../widgets/panoptic-segments.js";
import { qualityPerClassSpec } from "../../widgets/quality-per-class.js";
import { themed } from "../../widgets/vega.js";
import { drawStrictly, textsOf } from "../helpers/figures.js";

const segments = [
  { id: 2, category: "road", isThing: false },
  { id: 3, category: "car", isThing: true, score: 0.75 },
  { id: 5, category: "car", isThing: true, score: 0.5 },
];
const picture: PanopticPicture = {
  ids: [2, 2, 2, 2, 2, 3, 3, 0, 5, 5, 3, 3, 0, 5, 5],
  shape: [3, 5],
  segments,
};
const image = { values: new Uint8Array(6 * 10 * 3).fill(100), shape: [6, 10, 3] as const };

describe("a panoptic map", () => {
  it("is runs of equal ids along its rows", () => {
    assert.deepEqual(
      runsOf(picture).map(({ id, top, left, right }) => [id, top, left, right]),
      [
        [2, 0, 0, 5],
        [3, 1, 0, 2],
        [0, 1, 2, 3],
        [5, 1, 3, 5],
        [3, 2, 0, 2],
        [0, 2, 2, 3],
        [5, 2, 3, 5],
      ].map((run) => run),
    );
    assert.equal(areasOf(picture).get(5), 4);
    assert.deepEqual([...labelsOf(segments).values()], ["road", "car 1", "car 2"]);
  });
});

describe("a panoptic overlay", () => {
  it("tells class, instance, score and area of what is pointed at, and all of it in words", async () => {
    const spec = panopticOverlaySpec({ image, ...picture });
    const svg = await drawStrictly(themed(spec));
    assert.match(svg, /aria-label="[^"]*class: car; instance: car 2; score: 0.50; area in pixels: 4/);
    assert.equal(spec.description, "The image under its segments: 2 car (53.3%), 1 road (33.3%).");
  });

  it("draws a line between two cars that touch", async () => {
    const touching = { ...picture, ids: [3, 3, 3, 5, 5, 3, 3, 3, 5, 5, 3, 3, 3, 5, 5] };
    const lines = (await drawStrictly(themed(panopticOverlaySpec({ image, ...touching })))).match(
      /aria-roledescription="rule mark"/g,
    );
    assert.equal(lines?.length, 1);
  });

  it("is refused where an id has no segment, or pixels have no id", () => {
    assert.throws(() => panopticOverlaySpec({ image, ...picture, ids: [...Array<number>(14).fill(2), 7] }), {
      name: "ShapeError",
      message:
        "panopticOverlay: every id must have its segment, got 7 at (2, 4); list it in segments, or write 0 for void",
    });
    assert.throws(() => panopticOverlaySpec({ image, ...picture, ids: [2] }), {
      name: "ShapeError",
      message: "panopticOverlay: ids must be one a pixel, got 1 for 3 x 5; give shape as [height, width]",
    });
  });
});

describe("a panoptic prediction beside the truth", () => {
  it("marks another class, and another instance of the right class; void is not judged", async () => {
    // A pixel of the road is a car, and the second car's left half belongs to the first.
    const ids = [3, 2, 2, 2, 2, 3, 3, 3, 3, 5, 3, 3, 3, 3, 5];
    const spec = panopticComparisonSpec({ image, truth: picture, prediction: { ...picture, ids } });
    // Car 2: 4 pixels, predicted 2 of them and no other: overlap 2 of 4, no match; car 1: 4 of 9, no match either.
    assert.deepEqual(
      (spec.title as { subtitle: string }).subtitle,
      "of the pixels: 7.7% in another class, 61.5% in another instance",
    );
    const svg = await drawStrictly(themed(spec));
    assert.match(svg, /aria-label="[^"]*error: class; truth: road; prediction: car 1"/);
  });

  it("marks nothing where both agree, whatever the ids", () => {
    const renamed = {
      ...picture,
      ids: Array.from(picture.ids, (id) => id * 10),
      segments: segments.map((one) => ({ ...one, id: one.id * 10 })),
    };
    const { title } = panopticComparisonSpec({ image, truth: picture, prediction: renamed });
    assert.equal(
      (title as { subtitle: string }).subtitle,
      "of the pixels: 0.0% in another class, 0.0% in another instance",
    );
  });

  it("is refused for maps of two sizes", () =>
    assert.throws(() => panopticComparisonSpec({ image, truth: picture, prediction: { ...picture, shape: [5, 3] } }), {
      name: "ShapeError",
      message: /maps must be of one size, got 3 x 5 and 5 x 3; resize one of them/,
    }));
});

describe("centres and offsets", () => {
  const shape = [3, 5] as const;
  const centers = Float32Array.from({ length: 15 }, (_, i) => (i === 7 ? 0.9 : 0));
  const offsets = Float32Array.from({ length: 30 }, (_, i) =>
    i % 2 === 0 ? 1 - Math.floor(i / 10) : 2 - (((i / 2) | 0) % 5),
  );

  it("has an arrow a pixel of the foreground, from its middle to its centre", () => {
    const foreground = Uint8Array.from({ length: 15 }, (_, i) => (i === 0 || i === 14 ? 1 : 0));
    const spec = centerOffsetFieldsSpec({ image, centers, offsets, shape, foreground });
    const [, { layer }] = spec.hconcat as { layer: { data: { values: Record<string, number>[] } }[] }[];
    assert.deepEqual(
      layer[1].data.values.map(({ x, y, toX, toY }) => [x, y, toX, toY]),
      [
        [0.5, 0.5, 2.5, 1.5],
        [4.5, 2.5, 2.5, 1.5],
      ],
    );
    assert.match(spec.description as string, /at most 0\.9; right 2 arrows .* at most 2\.24 pixels long/);
  });

  it("is drawn, and refused for fields of another size", async () => {
    await drawStrictly(themed(centerOffsetFieldsSpec({ image, centers, offsets, shape })));
    assert.throws(() => centerOffsetFieldsSpec({ image, centers, offsets: centers, shape }), {
      name: "ShapeError",
      message: /got 15 and 15 for 3 x 5; give shape as \[height, width\]/,
    });
  });
});

describe("quality by class", () => {
  const one = (name: string, isThing: boolean, panopticQuality: number) => ({
    name,
    isThing,
    panopticQuality,
    segmentationQuality: Math.sqrt(panopticQuality),
    recognitionQuality: Math.sqrt(panopticQuality),
  });

  it("has the best class first, the means of things and stuff, and says which class is not there", async () => {
    const svg = await drawStrictly(
      themed(qualityPerClassSpec([one("car", true, 0.25), one("sky", false, 0.81), one("bus", true, NaN)])),
    );
    const texts = textsOf(svg);
    const names = texts.filter((text) => ["car", "sky", "bus"].includes(text));
    assert.deepEqual(names, ["sky", "car", "bus"]);
    assert.ok(svg.includes("PQ 53.0%, of things 25.0%, of stuff 81.0%"));
    assert.ok(texts.includes("not there"));
  });

  it("is refused in per cent", () =>
    assert.throws(() => qualityPerClassSpec([one("car", true, 25)]), {
      name: "ConfigError",
      message: /must be between 0 and 1, got panopticQuality = 25 of car; divide percentages by 100/,
    }));
});
