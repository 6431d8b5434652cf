import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { ConfigError, ShapeError } from "../../src/core/errors.js";
import { fitPositionTable, localWindow, resizePositionTable } from "../../src/functions/relative-position.js";
import { assertClose } from "../helpers/compare.js";

const column = (...values: number[]) => tf.tensor2d(values, [values.length, 1]);

describe("fitPositionTable", () => {
  it("slices a table that is longer than the axis, extends one that is shorter by its outermost rows", () =>
    tf.tidy(() => {
      const table = column(10, 20, 30, 40); // offsets -1, 0, 1, 2
      const range = { before: 1, after: 2 };
      assertClose(fitPositionTable(table, range, 1), [20]);
      assertClose(fitPositionTable(table, range, 2), [10, 20, 30]);
      assertClose(fitPositionTable(table, range, 4), [10, 10, 10, 20, 30, 40, 40]);
    }));

  it("returns a table that fits as it is", () =>
    tf.tidy(() => {
      const table = tf.zeros<tf.Rank.R2>([5, 2]);
      assert.equal(fitPositionTable(table, { before: 2, after: 2 }, 3), table);
    }));

  it("refuses a table that has other rows than it says", () =>
    tf.tidy(() => assert.throws(() => fitPositionTable(column(1, 2), { before: 1, after: 2 }, 4), ShapeError)));
});

describe("resizePositionTable", () => {
  const table = () => column(-8, -4, 0, 1, 2); // offsets -2 to 2
  const from = { before: 2, after: 2 };

  it("to a higher resolution mixes neighbouring rows, and keeps offset 0 and the ends", () =>
    tf.tidy(() => {
      const larger = resizePositionTable(table(), from, { before: 4, after: 4 });
      assertClose(larger, [-8, -6, -4, -2, 0, 0.5, 1, 1.5, 2]);
    }));

  it("to a lower resolution and back loses nothing of a table that is linear on each side", () =>
    tf.tidy(() => {
      const small = resizePositionTable(table(), from, { before: 1, after: 1 });
      assertClose(small, [-8, 0, 2]);
      assertClose(resizePositionTable(small, { before: 1, after: 1 }, from), table());
    }));

  it("to another reach cuts off rows, or continues the outermost", () =>
    tf.tidy(() => {
      assertClose(resizePositionTable(table(), from, { before: 1, after: 3 }, "extend"), [-4, 0, 1, 2, 2]);
    }));

  it("handles sides without offsets: causal tables", () =>
    tf.tidy(() => {
      const causal = resizePositionTable(column(3, 1, 0), { before: 2, after: 0 }, { before: 4, after: 0 });
      assertClose(causal, [3, 2, 1, 0.5, 0]);
      assertClose(resizePositionTable(table(), from, { before: 0, after: 0 }), [0]);
    }));

  it("leaves a table of the same range as it is, and says when the range is not the table's", () =>
    tf.tidy(() => {
      assertClose(resizePositionTable(table(), from, from), table(), 0);
      assert.throws(() => resizePositionTable(table(), { before: 1, after: 1 }, from), /from -1 to 1, got \[5, 1\]/);
    }));
});

describe("localWindow", () => {
  it("is symmetric where it can be, and else one longer behind the query", () => {
    assert.deepEqual(localWindow(5, "test"), { before: 2, after: 2 });
    assert.deepEqual(localWindow(4, "test"), { before: 1, after: 2 });
    assert.deepEqual(localWindow(1, "test"), { before: 0, after: 0 });
    assert.throws(() => localWindow(2.5, "test"), ConfigError);
  });
});
