import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertOneOf, assertPositiveIntegers } from "../../src/core/checks.js";

const config = (message: string) => ({ name: "ConfigError", message });

describe("checks", () => {
  it("let positive integers pass and name the first that is none", () => {
    assertPositiveIntegers("create", { classes: 3, size: 1 });
    for (const value of [0, -1, 2.5, Number.NaN, Infinity, "3" as unknown as number])
      assert.throws(
        () => assertPositiveIntegers("create", { classes: 3, size: value }),
        config(`create: size must be a positive integer, got ${value}; use 1 or more`),
      );
  });

  it("let the words allowed pass, and undefined; of others they name the nearest", () => {
    assertOneOf("layer", "activation", null, ["relu", null]);
    assertOneOf("layer", "activation", undefined, ["relu"]);
    const refuses = (value: unknown, allowed: (string | number | null)[], message: string) =>
      assert.throws(() => assertOneOf("layer", "kind", value, allowed), config(`layer: kind must be ${message}`));
    refuses("axail", ["local", "axial"], '"local" or "axial", got axail; use "axial"');
    refuses("conv", ["blocks", "convolution"], '"blocks" or "convolution", got conv; use "convolution"');
    refuses(3, [1, 2, null], "1, 2 or null, got 3; choose one");
    refuses(null, ["relu"], '"relu", got null; choose one');
  });
});
