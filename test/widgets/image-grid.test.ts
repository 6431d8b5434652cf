import assert from "node:assert/strict";
import { describe, it } from "node:test";
import sharp from "sharp";
import { imageGrid, imageGridSpec, type GridImage } from "../../widgets/image-grid.js";
import { textWidth } from "../../widgets/typeface.js";
import { dark } from "../../widgets/theme.js";
import { themed } from "../../widgets/vega.js";
import { drawStrictly, textsOf } from "../helpers/figures.js";

const image = { values: Uint8Array.from({ length: 5 * 7 * 3 }, (_, i) => i), shape: [5, 7, 3] as const };
const images = (count: number): GridImage[] =>
  Array.from({ length: count }, (_, i) => ({ image, caption: `image ${i}` }));
const drawn = (...args: Parameters<typeof imageGridSpec>) => drawStrictly(themed(imageGridSpec(...args)));

describe("an image grid", () => {
  it("shows its images in rows under their title, each over its caption", async () => {
    const svg = await drawn(images(5), { title: "Five & more", columns: 3, size: 50 });
    assert.deepEqual(textsOf(svg).sort(), ["Five &amp; more", "image 0", "image 1", "image 2", "image 3", "image 4"]);
    const places = [
      ...svg.matchAll(/<image [^>]*transform="translate\(([\d.]+),([\d.]+)\)" width="([\d.]+)" height="50"/g),
    ].map((match) => match.slice(1).map(Number));
    assert.deepEqual(
      places.map(([x]) => x),
      [0, 82, 164, 0, 82],
    );
    assert.deepEqual(new Set(places.map(([, y]) => y)).size, 2);
    assert.deepEqual(new Set(places.map(([, , width]) => width)), new Set([70]));
  });

  it("marks right and wrong by shape", async () => {
    const signs = async (right?: boolean) =>
      /aria-roledescription="point"[^>]*d="([^"]*)"/.exec(await drawn([{ image, right }]))?.[1];
    assert.match((await signs(true)) ?? "", /^M/);
    assert.notEqual(await signs(true), await signs(false));
    assert.equal(await signs(), undefined);
  });

  it("has no label with the bytes of an image", async () => {
    assert.doesNotMatch(await drawn(images(2)), /aria-label="[^"]*base64/);
  });

  it("has dark colours for a dark page, and says in words what it holds", () => {
    const { live, description } = imageGrid([
      { image, caption: "tench", right: true },
      { image, caption: "church", right: false },
    ]);
    const [spec] = Object.values(live) as { usermeta: { dark: { background: string } } }[];
    assert.equal(spec.usermeta.dark.background, dark.paper);
    assert.equal(description, "2 images. 1 of 2 marked as right. Captions: tench; church.");
  });

  it("cuts captions that are wider than their image", async () => {
    const svg = await drawn([{ image, caption: "a caption much too long" }], { size: 40 });
    const caption = textsOf(svg).find((text) => text.startsWith("a cap")) ?? "";
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

  it("draws no images at all", async () => {
    assert.deepEqual(textsOf(await drawn([])), ["Images"]);
  });

  it("refuses an image of another size than its shape says", () => {
    assert.throws(() => imageGridSpec([{ image: { values: new Float32Array(3), shape: [2, 2, 1] } }]), {
      name: "ShapeError",
      message:
        "imageGrid: an image must hold height x width x channels numbers (1 or 3 channels), got 3 for [2, 2, 1]; give shape as [height, width, channels]",
    });
  });
});
