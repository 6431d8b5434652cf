import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMarkdown } from "../../../src/notebook/page/markdown.js";
import { Equations, escapedText } from "../../../src/notebook/page/equations.js";

/** Cells on one page. */
function rendered(...cells: string[]): string {
  const markdown = createMarkdown();
  return markdown.math.resolve(cells.map((cell) => markdown.render(cell)).join(""));
}
const tags = (html: string) =>
  [...html.matchAll(/<annotation [^>]*>([^<]*)</g)].flatMap(([, tex]) =>
    [...tex.matchAll(/\\tag\{(\w+)\}/g)].map(([, number]) => number),
  );

describe("text within a formula", () => {
  it("keeps the characters that mathematics reads otherwise", () => {
    assert.equal(escapedText("\\text{a_b} + x_1"), "\\text{a\\_b} + x_1");
    assert.equal(escapedText("\\mathrm{a_b}\\texttt{c_d{e_f}}"), "\\mathrm{a_b}\\texttt{c\\_d{e\\_f}}");
    assert.equal(escapedText("\\text{50\\_a $x_1$ b#c}"), "\\text{50\\_a $x_1$ b\\#c}");
    assert.equal(escapedText("\\text{open"), "\\text{open");
    assert.doesNotMatch(rendered("$\\text{a_b}$, $$\\text{top_1 & x^2}$$"), /bad-formula/);
  });
});

describe("equations", () => {
  it("are numbered where they have a label, and found by references before and after", () => {
    const html = rendered("By \\eqref{eq:sum} and $\\ref{eq:sum}$:", "$$a = b \\label{eq:sum}$$\n\nas \\eqref{eq:sum}");
    assert.doesNotMatch(html, /bad-formula|\\label|\\eqref/);
    assert.equal(html.match(/href="#equation-eq-sum">\(1\)<\/a>/g)?.length, 2);
    assert.match(html, /href="#equation-eq-sum">1<\/a>/);
    assert.match(html, /id="equation-eq-sum"/);
    assert.deepEqual(tags(html), ["1"]);
  });

  it("are numbered row by row in AMS environments, but for starred ones and rows that say no", () => {
    const html = rendered(
      "\\begin{align}\na &= b \\label{one} \\\\\nc &= d \\notag \\\\\ne &= f\n\\end{align}",
      "\\begin{equation}\ng \\label{three}\n\\end{equation}\n\n\\begin{align*}\nh &= i\n\\end{align*}\n\n$$j$$",
      "\\eqref{one} \\eqref{three}",
    );
    assert.doesNotMatch(html, /bad-formula/);
    assert.deepEqual(tags(html), ["1", "2", "3"]);
    assert.match(html, /\(1\)<\/a>.*\(3\)<\/a>/);
  });

  it("keep rows of inner environments and braces together", () => {
    const equations = new Equations();
    const tex = "\\begin{align}\nx &= \\begin{cases} 1 \\\\ 2 \\end{cases} \\\\[2pt]\ny &= {z \\\\ w}\n\\end{align}";
    assert.equal(equations.number(tex).tex.match(/\\tag/g)?.length, 2);
  });

  it("take the tag that the author gave", () => {
    const html = rendered("$$a \\tag{A} \\label{a}$$ \\eqref{a}");
    assert.match(html, />\(A\)<\/a>/);
  });

  it("say so where nothing has the label", () => assert.match(rendered("\\eqref{gone}"), />\(\?\?\?\)<\/a>/));

  it("are read between the delimiters of notebooks with two backslashes", () => {
    const html = rendered("in a line \\\\(x_1\\\\), alone\n\n\\\\[\ny\n= z\n\\\\]\n\nand \\\\[w\\\\] here");
    assert.equal(html.match(/class="katex"/g)?.length, 3);
    assert.equal(html.match(/class="katex-display"/g)?.length, 2);
    assert.doesNotMatch(html, /\\/);
  });
});
