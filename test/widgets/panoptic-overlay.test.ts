import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { panopticComparisonSpec, panopticOverlaySpec } from "../../widgets/panoptic-overlay.js";
import { themed } from "../../widgets/vega.js";
import { drawStrictly } from "../helpers/figures.js";
import type { PanopticPicture } from "../../widgets/panoptic-segments.js";
import { image, picture, segments } from "./panoptic-picture.js";

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

  it("has one colour for a class in all figures of a set, whichever classes they show", () => {
    const classes = ["sky", "car", "tree", "road", "bus", "sign", "pole", "dog"];
    const coloursIn = (args: Partial<PanopticPicture>): Record<string, string> => {
      const { layer } = panopticOverlaySpec({ image, ...picture, ...args }) as { layer: { encoding?: object }[] };
      const { scale } = (layer[1].encoding as { color: { scale: { domain: string[]; range: string[] } } }).color;
      return Object.fromEntries(scale.domain.map((name, i) => [name, scale.range[i]]));
    };
    assert.deepEqual(coloursIn({}), { road: "#0072b2", car: "#d55e00" }, "by appearance where nobody says more");
    assert.deepEqual(coloursIn({ classes }), { car: "#d55e00", road: "#aa4499" });
    const dogs = segments.map((one) => ({ ...one, category: one.id === 2 ? "sky" : "dog" }));
    // The eighth of seven colours is the first, lighter.
    assert.deepEqual(coloursIn({ classes, segments: dogs }), { sky: "#0072b2", dog: "#80b9d9" });
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
