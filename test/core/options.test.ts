import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ConfigError } from "../../src/core/errors.js";
import { assertKnownKeys, nearest, shown, type KeysOf } from "../../src/core/options.js";

interface Options {
  size?: number;
  position?: { query?: boolean; key?: boolean } | null;
  stages?: readonly number[];
  report?: (line: string) => void;
}

const keys: KeysOf<Options> = { size: true, position: { query: true, key: true }, stages: true, report: true };

const refuses = (given: unknown, message: RegExp, path?: string) =>
  assert.throws(
    () => assertKnownKeys("create", given as Options, keys, path),
    (error) => error instanceof ConfigError && message.test(error.message),
  );

describe("known keys", () => {
  it("pass, at any depth, with undefined and null for what is left out", () => {
    assertKnownKeys<Options>("create", { size: 3, position: { query: true }, stages: [1], report: () => {} }, keys);
    assertKnownKeys<Options>("create", { position: undefined }, keys);
    assertKnownKeys<Options>("create", { position: null }, keys);
  });

  it("are all that pass: an error names the key and the nearest one", () => {
    refuses(
      { sise: 3 },
      /^create: there is no option of this name, got sise; did you mean size\? Known are size, position, stages, report$/,
    );
    refuses({ position: { keys: false } }, /got position\.keys; did you mean key\? Known are query, key$/);
    refuses({ Size: 3 }, /got Size; did you mean size\?/);
    refuses({ toString: 3 }, /got toString; did you mean/);
    refuses({ keys: 3 }, /got stages\[1\]\.keys; did you mean/, "stages[1]");
  });

  it("belong to an object: anything else is an error that says what was got", () => {
    refuses(undefined, /^create: the options must be an object, got undefined/);
    refuses(null, /^create: the options must be an object, got null; write \{ size, position, stages, \.\.\. \}$/);
    refuses("axial", /the options must be an object, got axial/);
    refuses([1, 2], /the options must be an object, got \[1,2\]/);
    refuses(() => 3, /the options must be an object, got a function/);
    refuses(7, /operator must be an object, got 7/, "operator");
  });

  it("are held to the type by the compiler", () => {
    // @ts-expect-error a key is missing
    const missing: KeysOf<{ a?: number; b?: number }> = { a: true };
    // @ts-expect-error there is no such key
    const unknown: KeysOf<{ a?: number }> = { a: true, b: true };
    assert.deepEqual([missing, unknown], [{ a: true }, { a: true, b: true }]);
  });
});

describe("nearest", () => {
  it("takes the fewest edits, whatever the case", () => {
    assert.equal(nearest("postion", ["padding", "position", "portion"]), "position");
    assert.equal(nearest("lr", ["out", "learningRate", "epochs"]), "learningRate");
    assert.equal(nearest("HEADS", ["head", "heads", "depth"]), "heads");
    assert.equal(nearest("", ["abc", "a"]), "a");
    assert.equal(nearest("conv", ["blocks", "convolution", "convs"]), "convs");
    assert.equal(nearest("conv", ["blocks", "convolution"]), "convolution");
    assert.equal(nearest("headsPerGroup", ["filters", "heads"]), "heads");
  });
});

describe("a value in an error message", () => {
  it("is short and of one line", () => {
    assert.equal(shown({ a: [1, "b"] }), '{"a":[1,"b"]}');
    assert.equal(shown(undefined), "undefined");
    assert.equal(shown(new Map()), "a Map");
    assert.equal(shown("x".repeat(100)).length, 60);
  });
});
