import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import type { Cell, Notebook, Output, TextCell } from "../../src/notebook/file.js";
import { notebookHtml, type NotebookHtmlOptions } from "../../src/notebook/page.js";

const markdown = (source: string, more: Partial<TextCell> = {}): Cell => ({
  cell_type: "markdown",
  id: "text",
  metadata: {},
  source,
  ...more,
});
const code = (source: string, ...outputs: Output[]): Cell => ({
  cell_type: "code",
  id: "code",
  execution_count: 3,
  metadata: {},
  source,
  outputs,
});
const display = (data: Record<string, unknown>, metadata = {}): Output => ({
  output_type: "display_data",
  data,
  metadata,
});

const page = (cells: Cell[], options?: NotebookHtmlOptions): Promise<string> =>
  notebookHtml({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells } satisfies Notebook, options);

/** The page between `<main>` and `</main>`. */
const main = async (...cells: Cell[]): Promise<string> =>
  /<main>\n([^]*)\n<\/main>/.exec(await page(cells))?.[1] ?? assert.fail("no main");

const vegaLite = { $schema: "https://vega.github.io/schema/vega-lite/v5.json", mark: "point" };
const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="5" height="3"></svg>';
const bundle = {
  "application/vnd.vegalite.v5+json": vegaLite,
  "image/svg+xml": svg,
  "image/png": "cGl4ZWxz",
  "text/plain": "Two points",
};
const figure = display(bundle);
const plotly = display({ "application/vnd.plotly.v1+json": { data: [], layout: {} }, "image/png": "cGl4ZWxz" });

/** Every element that is opened is closed, in order. */
function assertWellFormed(html: string): void {
  const empty = new Set(["meta", "img", "br", "hr", "input", "link", "col"]);
  const open: string[] = [];
  const bare = html.replace(/<(script|style)\b[^>]*>[^]*?<\/\1>/g, "").replace(/<!doctype html>/i, "");
  for (const [tag, slash, name, selfClosed] of bare.matchAll(/<(\/?)([a-zA-Z][\w-]*)(?:"[^"]*"|[^">])*?(\/?)>/g)) {
    if (slash === "/") assert.equal(open.pop(), name, `${tag} closes another element`);
    else if (!empty.has(name) && selfClosed === "") open.push(name);
  }
  assert.deepEqual(open, []);
}

describe("the page of a notebook", () => {
  it("is one well-formed document with the first heading as its title", async () => {
    const html = await page([
      markdown("# A & B\n\ntext $x^2$ and `code`\n\n$$\n\\sqrt{y}\n$$"),
      code("1 + 1", figure, plotly),
    ]);
    assertWellFormed(html);
    assert.match(html, /<title>A &amp; B<\/title>/);
  });

  it("refers to nothing outside itself", async () => {
    const html = await page([
      markdown('![far](https://example.org/a.png) [link](https://example.org) <img src="data:image/png;base64,AAAA">'),
      markdown("# $\\mathbb{R}^2 \\int \\mathcal{L}$"),
      code("x", figure, plotly),
    ]);
    const bare = html.replace(/<script>[^]*?<\/script>/g, "");
    for (const [, address] of bare.matchAll(/(?:\ssrc=|url\()"?([^")\s>]*)/g)) assert.match(address, /^data:/);
    assert.doesNotMatch(bare, /<link|@import|<iframe|<object|<embed/);
    assert.match(html, /http-equiv="Content-Security-Policy" content="default-src 'none';/);
  });

  it("allows its own scripts and no others", async () => {
    const html = await page([code("x", figure, display({ "text/html": "<script>alert(1)</script>" }))]);
    const policy = /script-src ([^;]*);/.exec(html)?.[1].split(" ");
    const hashes = [...html.matchAll(/<script>([^]*?)<\/script>/g)].map(
      ([, script]) => `'sha256-${createHash("sha256").update(script).digest("base64")}'`,
    );
    assert.equal(hashes.length, 5);
    assert.deepEqual(hashes.filter((hash) => !policy?.includes(hash)).length, 1);
  });

  it("carries each drawing library once, and only if a figure needs it", async () => {
    const count = (html: string, text: string): number => html.split(text).length - 1;
    const none = await page([code("x", display({ "image/svg+xml": svg }))]);
    assert.ok(none.length < 300_000, `${none.length} characters`);
    const vega = await page([code("x", figure, figure)]);
    assert.deepEqual([count(vega, "vegaEmbed=t("), count(vega, "plotly.js (cartesian - minified)")], [1, 0]);
    const both = await page([code("x", figure, plotly, plotly)]);
    assert.deepEqual([count(both, "vegaEmbed=t("), count(both, "plotly.js (cartesian - minified)")], [1, 1]);
  });

  it("is the same for the same notebook", async () => {
    const cells = [markdown("# a"), code("x", figure)];
    assert.equal(await page(cells), await page(cells));
  });

  it("takes a title, a footer and a reader of local pictures", async () => {
    const html = await page([markdown("![local](a.png)")], {
      title: "Given <title>",
      footer: "made & done",
      picture: (address) => (address === "a.png" ? "data:image/png;base64,QUJD" : null),
    });
    assert.match(html, /<title>Given &lt;title&gt;<\/title>/);
    assert.match(html, /<footer>made &amp; done<\/footer>/);
    assert.match(html, /<img src="data:image\/png;base64,QUJD" alt="local">/);
  });
});

describe("an output on the page", () => {
  it("shows a live figure as its picture first, with the specification beside it", async () => {
    const html = await main(code("x", figure));
    assert.match(
      html,
      /<figure class="live" data-library="vega" data-name="Two points"><div class="still"><img alt="Two points" src="data:image\/svg/,
    );
    assert.deepEqual(JSON.parse(/<script type="application\/json">([^]*?)<\/script>/.exec(html)![1]), vegaLite);
  });

  it("prefers Plotly's form where a figure has both", async () => {
    const both = { ...bundle, "application/vnd.plotly.v1+json": { data: [], layout: {} } };
    assert.match(await main(code("x", display(both))), /data-library="plotly"/);
  });

  it("is named by what its specification says of itself, else by its text", async () => {
    const described = { ...bundle, "application/vnd.vegalite.v5+json": { ...vegaLite, description: "Two & two" } };
    assert.match(
      await main(code("x", display(described))),
      /data-name="Two &amp; two"><div class="still"><img alt="Two &amp; two"/,
    );
    const plot = { data: [], layout: { meta: { description: "Bars" } } };
    assert.match(await main(code("x", display({ "application/vnd.plotly.v1+json": plot }))), /data-name="Bars"/);
    assert.match(await main(code("x", figure)), /data-name="Two points"/);
  });

  it("stays the picture where the data of a specification lie elsewhere, and says where", async () => {
    for (const spec of [
      { data: { url: "cars.csv" }, mark: "bar" },
      { layer: [{ mark: "bar", data: { url: "cars.csv" } }] },
      { transform: [{ lookup: "a", from: { data: { url: "cars.csv" }, key: "a" } }] },
    ]) {
      const html = await main(code("x", display({ ...bundle, "application/vnd.vegalite.v5+json": spec })));
      assert.match(
        html,
        /<figure><img [^]*<figcaption>The data of this figure lie at cars\.csv; the page holds its picture/,
      );
    }
    const vega = { "application/vnd.vega.v5+json": { data: [{ name: "a", url: "a.json" }], marks: [] } };
    assert.match(await main(code("x", display(vega))), /lie at a\.json; the page holds no picture of it/);
    const rows = { data: { values: [{ data: { url: "not an address of data" } }] }, mark: "bar" };
    assert.match(await main(code("x", display({ "application/vnd.vegalite.v5+json": rows }))), /class="live"/);
  });

  it("has the pictures that its HTML names", async () => {
    const html = await page([code("x", display({ "text/html": '<img src="a.png"><img src="https://x.org/b.png">' }))], {
      picture: (address) => (address === "a.png" ? "data:image/png;base64,QUJD" : null),
    });
    assert.match(html, /<img src="data:image\/png;base64,QUJD"><a href="https:\/\/x.org\/b.png">/);
  });

  it("cannot be ended by what a specification contains", async () => {
    const html = await main(code("x", display({ "application/vnd.vegalite.v5+json": { title: "</script><b>" } })));
    assert.ok(html.includes('{"title":"\\u003c/script>\\u003cb>"}'));
  });

  it("has no head of a table without words, in HTML that cells give as in Markdown", async () => {
    const table = "<table><tr><th></th><th>n</th></tr><tr><th> </th><td>1</td></tr></table>";
    const html = await page([code("x", display({ "text/html": table }))]);
    assert.match(html, /<tr><td><\/td><th>n<\/th><\/tr><tr><td><\/td><td>1<\/td><\/tr>/);
  });

  it("takes the richest form that it can show", async () => {
    const forms = { "text/plain": "plain", "text/latex": "$x$", "text/markdown": "*m*", "text/html": "<b>h</b>" };
    const rest = (count: number) => Object.fromEntries(Object.entries(forms).slice(0, count));
    assert.match(await main(code("x", display(rest(4)))), /<div class="rich"><b>h<\/b><\/div>/);
    assert.match(await main(code("x", display(rest(3)))), /<em>m<\/em>/);
    assert.match(await main(code("x", display(rest(2)))), /class="katex/);
    assert.match(await main(code("x", display(rest(1)))), /<pre class="result">plain<\/pre>/);
  });

  it("shows pixels at the size that the metadata gives", async () => {
    const pixels = display({ "image/png": "cGl4\nZWxz\n" }, { "image/png": { width: 17 } });
    assert.match(await main(code("x", pixels)), /<img alt="" width="17" src="data:image\/png;base64,cGl4ZWxz">/);
  });

  it("tells streams and errors apart", async () => {
    const html = await main(
      code(
        "x",
        { output_type: "stream", name: "stderr", text: "a <\nb\n" },
        { output_type: "error", ename: "RangeError", evalue: "too far", traceback: [] },
      ),
    );
    assert.match(html, /<pre class="stream stderr">a &lt;\nb<\/pre>/);
    assert.match(html, /<pre class="error">RangeError: too far<\/pre>/);
  });
});

describe("a cell on the page", () => {
  it("colours TypeScript", async () => {
    assert.match(
      await main(code("const n = 3;")),
      /<span class="hljs-keyword">const<\/span> n = <span class="hljs-number">3/,
    );
  });

  it("is left out where the notebook hides it", async () => {
    const hidden: Cell = { ...code("secret", figure), metadata: { jupyter: { source_hidden: true } } };
    const html = await main(hidden);
    assert.ok(!html.includes("secret") && html.includes("figure"));
  });

  it("is folded away where it is a solution, also where Jupyter hides both of its parts", async () => {
    const jupyter = { source_hidden: true, outputs_hidden: true };
    const solution: Cell = { ...code("const answer = 6;", figure), metadata: { tags: ["solution"], jupyter } };
    const html = await main(solution);
    assert.match(html, /^\s*<details class="cell solution"><summary>Solution<\/summary><pre class="code"/m);
    assert.ok(html.includes("answer") && html.includes("figure") && html.includes("</details>"));
    assert.ok(!(await main(code("1"))).includes("<details"));
  });

  it("shows pictures attached to it", async () => {
    const attached = markdown("![a](attachment:a%20b.png)", { attachments: { "a b.png": { "image/png": "QUJD" } } });
    assert.match(await main(attached), /<img src="data:image\/png;base64,QUJD" alt="a">/);
  });

  it("links to pictures that would need the network", async () => {
    assert.match(
      await main(markdown("![far](https://example.org/a.png)")),
      /<a href="https:\/\/example.org\/a.png">far<\/a>/,
    );
  });

  it("sets formulas, and leaves prices, code and escaped dollars alone", async () => {
    const formulas = async (source: string): Promise<number> =>
      (await main(markdown(source))).split('class="katex"').length - 1;
    assert.equal(await formulas("$a$, $b_{i}$ and $$c$$"), 3);
    assert.equal(await formulas("$5 and $6, \\$a\\$, `$a$`"), 0);
    assert.equal(await formulas("$$\na\n$$\n\n\\begin{align}\nb &= c\n\\end{align}"), 2);
    assert.match(await main(markdown("before $$x$$ after")), /before .*katex-display.* after/);
  });

  it("keeps a formula that cannot be read as it was written", async () => {
    assert.match(await main(markdown("$\\frac{a$")), /<code class="bad-formula" title="[^"]+">\\frac\{a<\/code>/);
  });

  it("gives every heading its own address, and lists three sections or more", async () => {
    const html = await page([markdown("## Same name\n## Same name"), markdown("## The $d_q$ of it")]);
    assert.deepEqual(
      [...html.matchAll(/<h2 id="([^"]*)"/g)].map((match) => match[1]),
      ["same-name", "same-name-1", "the-dq-of-it"],
    );
    assert.match(html, /<nav aria-label="Contents"><ol><li><a href="#same-name">Same name<\/a>/);
  });
});
