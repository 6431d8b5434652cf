import assert from "node:assert/strict";
import { describe, it } from "node:test";
import sharp from "sharp";
import { imageGrid, imageGridSvg, type GridImage } from "../../widgets/image-grid.js";
import { textWidth } from "../../widgets/typeface.js";
import { textsOf } from "../helpers/figures.js";

const image = { values: Uint8Array.from({ length: 5 * 7 * 3 }, (_, i) => i), shape: [5, 7, 3] as const };
const images = (count: number): GridImage[] =>
  Array.from({ length: count }, (_, i) => ({ image, caption: `image ${i}` }));

describe("an image grid", () => {
  it("shows its images in rows under their title, each over its caption", () => {
    const svg = imageGridSvg(images(5), { title: "Five & more", columns: 3, size: 50 });
    assert.deepEqual(textsOf(svg), ["Five &amp; more", "image 0", "image 1", "image 2", "image 3", "image 4"]);
    const places = [...svg.matchAll(/<image x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="50"/g)].map((match) =>
      match.slice(1).map(Number),
    );
    assert.deepEqual(
      places.map(([x]) => x),
      [12, 94, 176, 12, 94],
    );
    assert.deepEqual(new Set(places.map(([, y]) => y)).size, 2);
    assert.deepEqual(new Set(places.map(([, , width]) => width)), new Set([70]));
  });

  it("marks right and wrong by shape", () => {
    const signs = (right: boolean) => /<path [^>]*d="([^"]*)"/.exec(imageGridSvg([{ image, right }]))?.[1];
    assert.match(signs(true) ?? "", /^M1 5.5L4 8.5/);
    assert.notEqual(signs(true), signs(false));
    assert.ok(!imageGridSvg([{ image }]).includes("<path"));
  });

  it("cuts captions that are wider than their image", () => {
    const [, caption] = textsOf(imageGridSvg([{ image, caption: "a caption much too long" }], { size: 40 }));
    assert.match(caption, /^a cap.*…$/);
    assert.ok(textWidth(caption, 11.5) <= 56);
  });

  it("is a PNG with its captions drawn, also in a notebook", async () => {
    const figure = imageGrid(images(3), { title: "Three" });
    const bundle = await figure.bundle();
    assert.equal(bundle["text/plain"], "Three");
    const { width } = await sharp(Buffer.from(bundle["image/png"] as string, "base64")).metadata();
    assert.equal(width, 2 * Number(/width="(\d+)"/.exec(await figure.svg())?.[1]));
  });

  it("draws no images at all", () => {
    assert.deepEqual(textsOf(imageGridSvg([])), ["Images"]);
  });

  it("refuses an image of another size than its shape says", () => {
    assert.throws(() => imageGridSvg([{ image: { values: new Float32Array(3), shape: [2, 2, 1] } }]), {
      name: "ShapeError",
      message:
        "imageGrid: an image must hold height x width x channels numbers (1 or 3 channels), got 3 for [2, 2, 1]; give shape as [height, width, channels]",
    });
  });
});
