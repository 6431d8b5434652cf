import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ansiToHtml } from "../../../src/notebook/page/ansi.js";

const escape = "\x1b[";

describe("terminal text", () => {
  it("escapes what HTML would read", () => {
    assert.equal(ansiToHtml('a < b & "c"'), "a &lt; b &amp; &quot;c&quot;");
  });

  it("turns colours and styles into spans, until they are reset", () => {
    assert.equal(
      ansiToHtml(`${escape}1;31mred${escape}22m thin${escape}0m plain`),
      '<span style="color:var(--ansi-1);font-weight:600">red</span><span style="color:var(--ansi-1)"> thin</span> plain',
    );
  });

  it("knows bright, indexed and direct colours, in front and behind", () => {
    assert.equal(ansiToHtml(`${escape}92mx`), '<span style="color:var(--ansi-10)">x</span>');
    assert.equal(ansiToHtml(`${escape}38;5;196mx`), '<span style="color:rgb(255,0,0)">x</span>');
    assert.equal(ansiToHtml(`${escape}48;5;232mx`), '<span style="background:rgb(8,8,8)">x</span>');
    assert.equal(ansiToHtml(`${escape}38;2;17;19;23mx`), '<span style="color:rgb(17,19,23)">x</span>');
  });

  it("swaps colours when they are inverted", () => {
    assert.equal(ansiToHtml(`${escape}7mx`), '<span style="color:var(--paper);background:var(--ink)">x</span>');
  });

  it("shows a line that was written over as it stood at the end", () => {
    assert.equal(ansiToHtml("10%\r20%\r100%\ndone"), "100%\ndone");
    assert.equal(ansiToHtml("long line\rshort"), "shortline");
    assert.equal(ansiToHtml(`long line\r${escape}Kshort`), "short");
    assert.equal(ansiToHtml("ab\bc"), "ac");
    assert.equal(ansiToHtml("a\r\nb"), "a\nb");
  });

  it("drops every other control sequence", () => {
    assert.equal(ansiToHtml(`a${escape}2Jb${escape}?25lc\x1b]0;title\x07d\x07e`), "abcde");
  });

  it("keeps characters outside the basic plane whole", () => {
    assert.equal(ansiToHtml("😀"), "😀");
  });
});
