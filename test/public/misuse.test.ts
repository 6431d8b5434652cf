import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { type AxialError, ConfigError, ShapeError } from "../../src/core/errors.js";
import { misuseOf, type Parameters } from "../../src/public/misuse.js";

const parameters: Parameters = {
  functions: {
    "room.draw": { image: "#Pixels", "title?": "text", "...more": "number" },
    "room.multiply": { a: "#Tensor", b: "#Tensor" },
    "room.each": { values: { list: "number" }, work: "function" },
  },
  types: {
    Pixels: { keys: { values: "numbers", shape: { list: "number" } } },
    Tensor: { name: "Tensor", keys: { dataId: "any", shape: "any" } },
  },
};
const inside = new TypeError("Cannot read properties of null (reading 'length')");
const image = { values: [1], shape: [1, 1, 1] };
const of = (where: string, args: readonly unknown[], error: unknown = inside): unknown =>
  misuseOf(where, args, error, parameters);

function assertSays(error: unknown, kind: typeof AxialError, message: string): void {
  assert.ok(error instanceof kind);
  assert.equal(error.message, message);
  assert.equal(error.cause, inside);
}

describe("a call that failed", () => {
  it("for an argument of another kind names it, and keeps what failed as the cause", () => {
    const draw = "room.draw: image must be an object, got null; write { values, shape }";
    assertSays(of("room.draw", [null]), ConfigError, draw);
    assertSays(of("room.draw", []), ConfigError, draw.replace("null", "undefined"));
    const part = "room.draw: image.shape must be a list, got 3; write [...]";
    assertSays(of("room.draw", [{ ...image, shape: 3 }, undefined]), ConfigError, part);
    assertSays(of("room.draw", [image, 3]), ConfigError, "room.draw: title must be text, got 3; give some");
    assertSays(of("room.draw", [image, "a", 2, "b"]), ConfigError, "room.draw: more must be a number, got b; give one");
  });

  it("for a number that is none, or a list of nothing, names that", () => {
    const none = "room.draw: image.shape[1] must be a finite number, got NaN; choose another";
    assertSays(of("room.draw", [{ ...image, shape: [1, NaN, 1] }]), ConfigError, none);
    const empty = "room.draw: image.shape must hold something, got []; give at least one";
    assertSays(of("room.draw", [{ ...image, shape: [] }]), ConfigError, empty);
  });

  it("in TensorFlow.js, for shapes that do not fit, gives them and what it said", () => {
    const [a, b] = [tf.zeros([2, 3]), tf.zeros([5, 7])];
    const told = of("room.multiply", [a, b], new Error("Error in matMul: inner shapes (3) and (5)\nmore"));
    assert.ok(told instanceof ShapeError);
    assert.equal(
      told.message,
      "room.multiply: the shapes must fit each other, got [2, 3] and [5, 7] (Error in matMul: inner shapes (3) and (5)); " +
        "see the shapes in its documentation",
    );
    tf.dispose([a, b]);
  });

  it("with arguments of the right kinds keeps its error: it is ours, or that of a function it was given", () => {
    assert.equal(of("room.draw", [image]), inside);
    assert.equal(of("room.each", [[], () => 0]), inside);
  });

  it("with an error of this package, of files or of a signal, or what is no error, keeps it", () => {
    const kept = [
      new ConfigError("draw: a, got b; c"),
      Object.assign(new Error("ENOENT"), { code: "ENOENT" }),
      new DOMException("stopped", "AbortError"),
      "thrown",
    ];
    for (const error of kept) assert.equal(of("room.draw", [null], error), error);
  });
});
