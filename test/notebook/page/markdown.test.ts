import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadDiagrams } from "../../../src/notebook/page/diagrams.js";
import { createMarkdown } from "../../../src/notebook/page/markdown.js";

describe("a task list", () => {
  it("has a box a task, ticked or not, with the task as its name", () => {
    const html = createMarkdown().render("- [x] a *done* task\n- [ ] another\n- [y] none\n- text\n\n1. [X] first\n");
    assert.match(
      html,
      /<li class="task"><label><input type="checkbox" disabled checked> a <em>done<\/em> task<\/label>/,
    );
    assert.match(html, /<li class="task"><label><input type="checkbox" disabled> another<\/label>/);
    assert.equal(html.match(/type="checkbox"/g)?.length, 3);
    assert.match(html, /<li>\[y\] none/);
  });

  it("is nothing outside of a list", () => assert.equal(createMarkdown().render("[x] plain"), "<p>[x] plain</p>\n"));
});

describe("a Mermaid fence", () => {
  const render = async (source: string) =>
    createMarkdown(await loadDiagrams()).render(`\`\`\`mermaid\n${source}\n\`\`\``);

  it("is a drawing in the page's colours, named by its source, that loads nothing", async () => {
    const html = await render("graph LR\n  A[Image] --> B{Axis?}");
    assert.match(
      html,
      /^<figure class="diagram" role="img" aria-label="Diagram: graph LR A\[Image\] --&gt; B\{Axis\?\}"><svg /,
    );
    assert.match(html, /Image<.*Axis\?</s);
    assert.match(html, /--bg:var\(--paper\)/);
    assert.doesNotMatch(html, /@import|https?:\/\/(?!www\.w3\.org)/);
  });

  it("keeps its rules to itself", async () =>
    assert.match(await render("sequenceDiagram\n  A->>B: x"), /<style>\.diagram \{ [^]*\}\s*<\/style>/));

  it("of a kind that is not drawn stays as it is written", async () =>
    assert.match(await render('pie\n  "a": 3'), /^<pre><code class="language-mermaid">pie/));
});
