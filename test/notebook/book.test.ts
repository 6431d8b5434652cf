import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bookPages, type Chapter } from "../../src/notebook/book.js";
import type { Notebook } from "../../src/notebook/file.js";
import { brokenLinks } from "../../src/notebook/links.js";
import { readableText, sectionsOf } from "../../src/notebook/page/sections.js";

const notebook = (...sources: string[]): Notebook => ({
  nbformat: 4,
  nbformat_minor: 5,
  metadata: {},
  cells: sources.map((source, i) => ({ cell_type: "markdown", id: `c${i}`, metadata: {}, source })),
});
const chapters: Chapter[] = [
  {
    path: "01-one.ipynb",
    notebook: notebook("# One & first\n\nWhat *it* is.\n\n## Part\n\nSee [two](02-two.ipynb#end)."),
  },
  { path: "02-two.ipynb", notebook: notebook("# Two\n\n[up](01-one.ipynb) [file](data.csv)\n\n## End") },
  { path: "more/03 three.ipynb", notebook: notebook("# Three\n\n[one](../01-one.ipynb) [self](#three)") },
];

describe("a book of notebooks", () => {
  it("has a page a chapter, in their folders, after the contents", async () =>
    assert.deepEqual(
      [...(await bookPages(chapters)).keys()],
      ["index.html", "01-one.html", "02-two.html", "more/03 three.html"],
    ));

  it("links each page to the one before, the one after and the contents, by their titles", async () => {
    const pages = await bookPages(chapters, { title: "All & more" });
    const two = pages.get("02-two.html")!;
    assert.match(two, /<a rel="prev" href="01-one.html">One &amp; first<\/a>/);
    assert.match(two, /<a rel="next" href="more\/03 three.html">Three<\/a>/);
    assert.match(two, /<header class="book"><a href="index.html">All &amp; more<\/a>/);
    const three = pages.get("more/03 three.html")!;
    assert.match(three, /<a rel="prev" href="..\/02-two.html">Two<\/a><span><\/span>/);
    assert.match(three, /<form role="search" action="..\/index.html">/);
  });

  it("leads links between notebooks to their pages, with their anchors", async () => {
    const pages = await bookPages(chapters);
    assert.match(pages.get("01-one.html")!, /<a href="02-two.html#end">two<\/a>/);
    assert.match(pages.get("more/03 three.html")!, /<a href="..\/01-one.html">one<\/a>/);
  });

  it("tells on the contents page what each chapter is, and where its sections are", async () => {
    const contents = (await bookPages(chapters)).get("index.html")!;
    assert.match(contents, /<a class="chapter" href="01-one.html">One &amp; first<\/a>\s*<p>What it is.<\/p>/);
    assert.match(contents, /<li><a href="01-one.html#part">Part<\/a><\/li>/);
    assert.match(contents, /<h2>more<\/h2>/);
  });

  it("holds every section of every chapter for its search", async () => {
    const contents = (await bookPages(chapters)).get("index.html")!;
    const index = JSON.parse(/id="search-index">([^<]*)</.exec(contents)![1]) as { address: string; text: string }[];
    assert.deepEqual(
      index.map(({ address }) => address),
      ["01-one.html#one-first", "01-one.html#part", "02-two.html#two", "02-two.html#end", "more/03 three.html#three"],
    );
    assert.equal(index[1].text, "See two.");
  });

  it("is the same for the same notebooks", async () =>
    assert.deepEqual([...(await bookPages(chapters))], [...(await bookPages(chapters))]));
});

describe("the links of a book", () => {
  it("that lead nowhere are named with their page", async () => {
    assert.deepEqual(brokenLinks(await bookPages(chapters)), [
      { page: "02-two.html", target: "data.csv", reason: "no such page" },
    ]);
    assert.deepEqual(
      brokenLinks(await bookPages(chapters), (path) => path === "data.csv"),
      [],
    );
  });

  it("are checked to their anchors, in folders, encoded and with a query", () => {
    const pages = new Map([
      ["a.html", '<p id="x y"><a href="#x%20y"></a><a href="#z"></a><a href="b/c.html?q=1#d"></a></p>'],
      ["b/c.html", '<a name="d"></a><a href="../a.html#gone"></a><a href="e.html"></a><a href="https://x.org/#y"></a>'],
    ]);
    assert.deepEqual(
      brokenLinks(pages).map(({ page, target }) => `${page} ${target}`),
      ["a.html #z", "b/c.html ../a.html#gone", "b/c.html e.html"],
    );
  });
});

describe("the sections of a page", () => {
  it("have the words of prose and code, TeX for formulas, and nothing of drawings", () =>
    assert.deepEqual(
      sectionsOf(
        '<p>before</p><h2 id="a">A <em>title</em></h2><p>one</p><pre>two</pre><svg><text>no</text></svg><script>no</script>' +
          '<span class="katex"><annotation>x^2</annotation><span class="katex-html">no</span></span>',
      ),
      [
        { id: "", title: "", text: "before" },
        { id: "a", title: "A title", text: "one two x^2" },
      ],
    ));

  it("are read without the TeX", () =>
    assert.equal(
      readableText('<p>a <span class="katex"><math><mn>3</mn><annotation>3 \\times</annotation></math></span> b</p>'),
      "a 3 b",
    ));
});
