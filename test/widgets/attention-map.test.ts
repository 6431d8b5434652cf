import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pooledField, attentionMapSpec, attentionRowsSpec } from "../../widgets/attention-map.js";
import { themed } from "../../widgets/vega.js";
import { drawStrictly, textsOf } from "../helpers/figures.js";

const image = { values: new Uint8Array(12 * 20 * 3), shape: [12, 20, 3] as const };
const height = [
  [0.25, 0.5, 0.25],
  [0, 0, 1],
];
const width = [
  [0.2, 0.2, 0.2, 0.2, 0.2],
  [0.1, 0.1, 0.1, 0.1, 0.6],
];

type Panel = {
  width: number;
  height: number;
  data: { values: { value: number[] }[] };
  layer: { data: { values: Record<string, number>[] } }[];
};
const panels = (spec: Record<string, unknown>): Panel[] => spec.concat as Panel[];

describe("attention rows", () => {
  it("stand at the edges of the image: the column's weights beside it, the row's below", () => {
    const [picture, beside, below] = panels(attentionRowsSpec({ image, query: { y: 2, x: 4 }, height, width }));
    assert.deepEqual([picture.width, picture.height], [500, 300]);
    assert.deepEqual([beside.height, below.width], [300, 500]);
    assert.deepEqual(
      beside.data.values.map((row) => row.value),
      height,
    );
    assert.deepEqual(
      below.data.values.map((row) => row.value),
      width,
    );
  });

  it("outline the query, its row and its column", () => {
    const [picture] = panels(attentionRowsSpec({ image, query: { y: 2, x: 4 }, height, width }));
    const outlines = picture.layer.slice(1).map((layer) => layer.data.values[0]);
    assert.deepEqual(outlines[0], { left: 0, right: 5, top: 2, bottom: 3 });
    assert.deepEqual(outlines[2], { left: 4, right: 5, top: 0, bottom: 3 });
    assert.deepEqual(outlines[4], { left: 4, right: 5, top: 2, bottom: 3 });
  });

  it("share one scale of colours, from no weight to the strongest", () => {
    const [, ...strips] = panels(attentionRowsSpec({ image, query: { y: 0, x: 0 }, height, width }));
    const domains = strips.map(
      (strip) =>
        (strip as unknown as { encoding: { color: { scale: { domain: number[] } } } }).encoding.color.scale.domain,
    );
    assert.deepEqual(domains, [
      [0, 1],
      [0, 1],
    ]);
  });

  it("are drawn with their pictures inside", async () => {
    const svg = await drawStrictly(
      themed(attentionRowsSpec({ image, query: { y: 2, x: 4 }, height, width, title: "Here" })),
    );
    assert.ok(textsOf(svg).includes("Here"));
    assert.match(svg, /<image [^>]*href="data:image\/png;base64,/);
  });

  it("refuse a query beside the map", () => {
    assert.throws(() => attentionRowsSpec({ image, query: { y: 3, x: 0 }, height, width }), {
      name: "ShapeError",
      message:
        "attentionRows: the query must lie on the map, got (3, 0) and weights over 3 x 5; count rows and columns from 0",
    });
  });
});

describe("an attention map", () => {
  const field = {
    title: "a field",
    values: Float32Array.from({ length: 15 }, (_, i) => i / 105),
    shape: [3, 5] as const,
  };

  it("shows the image, then each field over it", async () => {
    const spec = attentionMapSpec({ image, query: { y: 1, x: 1 }, fields: [field, { ...field, title: "another" }] });
    const texts = textsOf(await drawStrictly(themed(spec)));
    assert.deepEqual(
      texts.filter((text) => text !== ""),
      ["image", "a field", "another", "Attention over the image"],
    );
  });

  it("lays the first row of a field over the top of the image", async () => {
    const svg = await drawStrictly(
      themed(
        attentionMapSpec({
          image,
          fields: [{ ...field, values: Float32Array.from({ length: 15 }, (_, i) => Number(i === 4)) }],
        }),
      ),
    );
    const cells = [...svg.matchAll(/d="M([\d.]+),([\d.]+)h[^"]*"[^>]*fill="#ffb000"[^>]*opacity="([\d.]+)"/g)].map(
      (match) => match.slice(1).map(Number),
    );
    const [x, y] = cells.find(([, , opacity]) => opacity > 0.9) ?? assert.fail(svg.slice(0, 2000));
    assert.ok(y === 0 && x > 100, `at ${x}, ${y}`);
  });

  it("gives every place of the map a whole number of pixels, so that no seams show", () => {
    for (const { width, height } of panels(attentionMapSpec({ image, fields: [field] })))
      assert.deepEqual([width % 5, height % 3, width > 100, height > 100], [0, 0, true, true]);
  });

  it("outlines the query only where a map has its place", () => {
    const small = { ...field, title: "small", values: [1], shape: [1, 1] as const };
    const layers = panels(attentionMapSpec({ image, query: { y: 2, x: 4 }, fields: [field, small] })).map(
      (panel) => panel.layer.length,
    );
    assert.deepEqual(layers, [4, 5, 3]);
  });

  it("scales each panel to its strongest number, and shows the image where there is none", async () => {
    const values = Float32Array.from({ length: 15 }, (_, i) => (i === 7 ? NaN : i));
    const spec = attentionMapSpec({ image, fields: [{ ...field, values }] });
    const [, { layer }] = spec.concat as { layer: { encoding: { opacity: { scale: { domain: number[] } } } }[] }[];
    assert.deepEqual(layer[1].encoding.opacity.scale.domain, [0, 14]);
    const svg = await drawStrictly(themed(spec));
    assert.equal(svg.match(/fill="#ffb000"/g)?.length, 14);
    assert.match(spec.description as string, /a field: strongest in row 2, column 4 \(.*\), 1 places without a number/);
  });

  it("draws a field of any size, of more places than can be seen the means of neighbours", async () => {
    const large = (side: number) => ({
      title: "large",
      values: Float32Array.from({ length: side * side }, (_, i) => i),
      shape: [side, side] as const,
    });
    for (const side of [400, 701]) {
      const svg = await drawStrictly(themed(attentionMapSpec({ image, fields: [large(side)] })));
      const cells = svg.match(/fill="#ffb000"/g)?.length ?? 0;
      assert.ok(cells > 1000 && cells < 10_000, `${cells} cells`);
    }
  });

  it("takes means of the numbers only", () => {
    const values = [1, 2, 3, NaN, 5, 6, 7, 8, 9];
    const pooled = pooledField({ title: "", values, shape: [3, 3] }, 2);
    assert.deepEqual([...pooled.values], [8 / 3, 4.5, 7.5, 9]);
    assert.deepEqual([pooled.shape, pooled.group], [[2, 2], 2]);
  });

  it("refuses a field of another size than its shape says", () => {
    assert.throws(() => attentionMapSpec({ image, fields: [{ title: "short", values: [1], shape: [3, 5] }] }), {
      name: "ShapeError",
      message:
        "attentionMap: a field must hold height x width numbers, got 1 for [3, 5] (short); give shape as [height, width]",
    });
  });
});
