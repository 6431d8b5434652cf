import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readApi } from "../../src/site/api.js";
import { docParts } from "../../src/site/docblock.js";
import { blockHtml, blockTex, texOf } from "../../src/site/formula.js";

describe("a formula of a docblock in TeX", () => {
  const forms: readonly (readonly [written: string, tex: string])[] = [
    ["q_i.k_j", "q_{i}\\cdot k_{j}"],
    ["r^q_{j-i}", "r^{q}_{j-i}"],
    ["softmax_p(s q_o.k_p)", "\\operatorname{softmax}_{p}(s q_{o}\\cdot k_{p})"],
    ["sum_j w_ij v_j", "\\sum_{j} w_{ij} v_{j}"],
    ["2 Dq + Dv", "2 D_{q} + D_{v}"],
    ["W: [Cin, N]", "W\\colon  [C_{\\mathrm{in}}, N]"],
    ["s0 = s1", "s_{0} = s_{1}"],
    ["A_width[y, x, x']", "A_{\\mathrm{width}}[y, x, x']"],
    ["e_row(a)", "e_{\\mathrm{row}}(a)"],
    ["p in the M x M window of o", "p \\text{ in the } M \\times M \\text{ window of } o"],
    ["each term and head a channel", "\\text{each term and head a channel}"],
    ["-before <= j", "-\\text{before } \\le j"],
    ["logit_ij = 1", "\\mathrm{logit}_{ij} = 1"],
  ];
  for (const [written, tex] of forms)
    it(written, () => {
      assert.equal(texOf(written).replace(/ +/g, " "), tex.replace(/ +/g, " "));
    });

  it("has its lines aligned at what they say is equal, and remarks below", () => {
    const tex = blockTex("y   = a b       for all a\nlong = c;   w = d");
    assert.deepEqual(tex.replace(/ +/g, " ").split(" \\\\ "), [
      "\\begin{aligned} y &= a b",
      "&\\quad \\text{for all } a",
      "\\text{long} &= c",
      "w &= d \\end{aligned}",
    ]);
  });
});

describe("the parts of a docblock", () => {
  it("are prose, formulas and examples, told apart by what can be read as a program", () => {
    const doc = "Says it.\n\n    y = sum_a f_a(x)\n    z = 1\n\nAnd more:\n\n    f(x);\n    // [B]\n\n    g(x);\n";
    assert.deepEqual(docParts(doc), [
      { kind: "prose", text: "Says it." },
      { kind: "formula", text: "y = sum_a f_a(x)\nz = 1" },
      { kind: "prose", text: "And more:" },
      { kind: "example", text: "f(x);\n// [B]\n\ng(x);" },
    ]);
    assert.deepEqual(docParts(" \n"), []);
  });
});

describe("every formula of the API", () => {
  it("can be set", () => {
    let count = 0;
    for (const { names } of readApi())
      for (const name of names)
        for (const { doc } of [name, ...name.members])
          for (const { kind, text } of docParts(doc))
            if (kind === "formula") {
              count++;
              assert.doesNotThrow(() => blockHtml(text), `${name.name}: ${text}`);
            }
    assert.ok(count > 10, `${count} formulas`);
  });
});
