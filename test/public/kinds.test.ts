import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { faultOf, mismatch, type Kind, type Types } from "../../src/public/kinds.js";

const types: Types = {
  Panel: { keys: { title: "text", "values?": { list: "numbers" }, "next?": "#Panel" } },
  Tensor: { name: "Tensor", keys: { dataId: "any", shape: "any" } },
};
const told = (kind: Kind, value: unknown): string | null => {
  const found = mismatch(kind, value, "panel", types);
  if (found === null) return null;
  const { rule, got, remedy } = faultOf(found, types);
  return `${rule}, got ${got}; ${remedy}`;
};

describe("a declared kind", () => {
  const right: readonly (readonly [Kind, unknown])[] = [
    ["any", null],
    ["number", NaN],
    ["text", ""],
    ["flag", false],
    ["function", () => 0],
    ["numbers", [2, 3]],
    ["numbers", new Float32Array(5)],
    ["null", null],
    ["undefined", undefined],
    ["#Panel", { title: "a", more: 1 }],
    ["#Panel", { title: "a", values: [[2], Uint8Array.of(3)], next: { title: "b" } }],
    ["#Tensor", Object.assign(Object.create({ shape: [] }), { dataId: {} })],
    [{ list: "text" }, []],
    [{ either: ["text", { list: "text" }] }, ["a"]],
  ];
  for (const [kind, value] of right)
    it(`${JSON.stringify(kind)} is ${JSON.stringify(value) ?? "this"}`, () => assert.equal(told(kind, value), null));

  const wrong: readonly (readonly [Kind, unknown, string])[] = [
    ["number", "3", "panel must be a number, got 3; give one"],
    ["text", null, "panel must be text, got null; give some"],
    ["flag", 1, "panel must be true or false, got 1; choose one"],
    ["function", {}, "panel must be a function, got {}; give one"],
    ["numbers", ["a"], 'panel must be an array of numbers, got ["a"]; write [number, ...]'],
    ["numbers", 7, "panel must be an array of numbers, got 7; write [number, ...]"],
    ["#Panel", [], "panel must be an object, got []; write { title }"],
    ["#Panel", {}, "panel.title must be text, got undefined; give some"],
    ["#Panel", { title: "a", next: { title: 2 } }, "panel.next.title must be text, got 2; give some"],
    [
      "#Panel",
      { title: "a", values: [[1], null] },
      "panel.values[1] must be an array of numbers, got null; write [number, ...]",
    ],
    ["#Tensor", [1], "panel must be a Tensor, got [1]; give one"],
    ["#Tensor", { shape: [] }, 'panel must be a Tensor, got {"shape":[]}; give one'],
    [{ either: ["text", "null"] }, 3, "panel must be text or null, got 3; give one of these"],
    [{ either: ["text", "undefined"] }, 3, "panel must be text, got 3; give some"],
    [{ either: ["#Panel", { list: "#Panel" }] }, [{}], "panel[0].title must be text, got undefined; give some"],
  ];
  for (const [kind, value, message] of wrong)
    it(`${JSON.stringify(kind)} is not ${JSON.stringify(value)}`, () => assert.equal(told(kind, value), message));
});
