import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { embedPictures } from "../../../src/notebook/page/pictures.js";

const pictures = (address: string) => (/^[a-z]+\.png$/.test(address) ? `data:image/png;base64,${address[0]}` : null);
const a = "data:image/png;base64,a";
const b = "data:image/png;base64,b";
const embedded = (html: string) => embedPictures(html, pictures);

describe("pictures that HTML names", () => {
  for (const [html, expected] of [
    ['<img src="a.png" width="40">', `<img src="${a}" width="40">`],
    ["<IMG SRC=a.png>", `<IMG SRC="${a}">`],
    ["<img src='a.png'/>", `<img src="${a}"/>`],
    ['<img alt="x > y" src="a.png">', `<img alt="x &gt; y" src="${a}">`],
    [
      '<img srcset="a.png 1x, b.png 2x, https://x.org/c.png 3x" src="a.png">',
      `<img srcset="${a} 1x, ${b} 2x" src="${a}">`,
    ],
    ['<picture><source srcset="far/c.png"><img src="a.png"></picture>', `<picture><source><img src="${a}"></picture>`],
    ['<video poster="a.png"></video>', `<video poster="${a}"></video>`],
    ['<input type="image" src="a.png">', `<input type="image" src="${a}">`],
    ['<svg viewBox="0 0 1 1"><image href="a.png"/></svg>', `<svg viewBox="0 0 1 1"><image href="${a}"/></svg>`],
    ['<svg><image xlink:href="a.png"/></svg>', `<svg><image xlink:href="${a}"/></svg>`],
    ['<td background="a.png">1</td>', `<td background="${a}">1</td>`],
    [`<p style="background: url('a.png') red">x</p>`, `<p style="background: url(&quot;${a}&quot;) red">x</p>`],
    ["<style>p { background: url(a.png) }</style>", `<style>p { background: url("${a}") }</style>`],
    ['<object data="a.png" width="7">no <b>picture</b></object>!', `<img src="${a}" alt="" width="7">!`],
    ['<embed src="a.png" title="A">', `<img src="${a}" alt="A" title="A">`],
  ] as const)
    it(`are inside the page: ${html}`, () => assert.equal(embedded(html), expected));

  it("become links where they have no contents, and words inside of links", () => {
    assert.equal(embedded('<img src="https://x.org/c.gif" alt="far">'), '<a href="https://x.org/c.gif">far</a>');
    assert.equal(embedded('<img src="../c d.png">'), '<a href="../c d.png">../c d.png</a>');
    assert.equal(
      embedded('<a href="https://x.org"><img src="https://x.org/badge.svg" alt="build"></a>'),
      '<a href="https://x.org"><span class="absent">build</span></a>',
    );
  });

  it("leave everything else as it is written, character by character", () => {
    for (const html of [
      "<p>a &amp; b < c</p><br><!-- <img src='a.png'> -->",
      `<img src="${a}">`,
      '<script>document.write("<img src=a.png>")</script>',
      '<pre>&lt;img src="a.png"&gt;</pre>',
      '<svg viewBox="0 0 2 2"><linearGradient id="g"/><path fill="url(#g)" style="fill:url(#g)"/></svg>',
      "<table><tr><td>open",
    ])
      assert.equal(embedded(html), html);
  });
});
