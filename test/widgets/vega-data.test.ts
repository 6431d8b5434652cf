import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { after, describe, it } from "node:test";
import { vegaLiteToSvg } from "../../widgets/picture.js";
import { vegaFigure } from "../../widgets/vega.js";

const folder = mkdtempSync(join(tmpdir(), "axial-data-"));
after(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const bars = (data: unknown) =>
  vegaFigure("bars", {
    data,
    mark: "bar",
    encoding: { x: { field: "a", type: "ordinal" }, y: { field: "b", type: "quantitative" } },
  });
const count = (svg: string) => svg.match(/aria-roledescription="bar"/g)?.length ?? 0;

describe("data that a specification names by their address", () => {
  for (const [name, text] of Object.entries({
    "rows.csv": "a,b\n1,2\n3,5\n7,11\n",
    "rows.tsv": "a\tb\n1\t2\n3\t5\n7\t11\n",
    "rows.json": '[{"a":1,"b":2},{"a":3,"b":5},{"a":7,"b":11}]',
  }))
    it(`are read of ${name}, numbers as numbers`, async () => {
      const figure = bars({ url: file(name, text) });
      assert.equal(count(await figure.svg()), 3);
      const [spec] = Object.values(figure.live) as { data: { values: unknown[] } }[];
      assert.deepEqual({ ...(spec.data.values[2] as object) }, { a: 7, b: 11 });
    });

  it("are read by a file address, in the format that is given", async () => {
    const path = file("rows.txt", "a;b\n1;2\n");
    const data = { url: pathToFileURL(path).href, format: { type: "dsv", delimiter: ";" } };
    assert.equal(count(await bars(data).svg()), 1);
  });

  it("are found in every view and in look-ups", async () => {
    const url = file("more.csv", "a,b\n1,2\n3,5\n");
    const figure = vegaFigure("two", {
      hconcat: [
        { data: { url }, mark: "bar", encoding: { x: { field: "a" } } },
        {
          data: { values: [{ a: 3 }] },
          transform: [{ lookup: "a", from: { data: { url }, key: "a", fields: ["b"] } }],
          mark: "bar",
          encoding: { y: { field: "b", type: "quantitative" } },
        },
      ],
    });
    assert.doesNotMatch(JSON.stringify(figure.live), /more\.csv/);
    assert.match(await figure.svg(), /aria-label="b: 5"/);
  });

  it("are an error where the file is not there, and on the network", () => {
    assert.throws(() => bars({ url: "absent.csv" }), {
      name: "FileError",
      message: /^vegaFigure: the data of a figure must be readable, got absent\.csv \(ENOENT\); give a path from /,
    });
    for (const url of ["https://example.org/a.csv", "//example.org/a.csv"])
      assert.throws(() => bars({ url }), {
        name: "ConfigError",
        message: `vegaFigure: data must be at hand when the figure is made, got the address ${url}; fetch it and give its rows as values`,
      });
  });

  it("never end as an empty picture", () =>
    assert.rejects(vegaLiteToSvg({ data: { url: "absent.csv" }, mark: "bar", encoding: {} }), {
      name: "ConfigError",
      message: /^vegaLiteToSvg: data must be inside the specification, got the address absent\.csv/,
    }));
});
