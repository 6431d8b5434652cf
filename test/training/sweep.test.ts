import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ConfigError } from "../../src/core/errors.js";
import * as engine from "../../src/engine/index.js";
import { summarize, type ResNetConfig } from "../../src/models/index.js";
import { meanWithInterval, readRunLog, sweep, type SweepRun } from "../../src/training/index.js";
import { temporaryFolder, tinyData, tinyModel, tinySettings } from "./tiny.js";

before(() => engine.start({ threads: 1 }));
after(() => engine.stop());

const model: ResNetConfig = {
  name: "small",
  stem: { kind: "convolution", filters: 4 },
  norm: "torch",
  stages: [{ blocks: 1, stride: 1, width: 4, filters: 8, operator: { kind: "axial", heads: 2 } }],
};
const wide: ResNetConfig = { ...model, name: "wide", stages: [{ ...model.stages[0], filters: 12 }] };
const base = () => ({ ...tinySettings, epochs: 1, model, data: tinyData() });

describe("a sweep", () => {
  it("trains each variant with each seed and sums the scores of the last epochs up", async () => {
    const runs: SweepRun[] = [];
    const vary = { narrow: {}, "wide, slow": { model: wide, learningRate: 1e-4 } };
    const { rows, csv, points, measure, interrupted } = await sweep({
      base: base(),
      vary,
      seeds: [3, 5],
      onRun: (run) => runs.push(run),
    });
    assert.ok(!interrupted && measure === "top1");
    assert.deepEqual(
      runs.map(({ variant, seed }) => [variant, seed]),
      [
        ["narrow", 3],
        ["narrow", 5],
        ["wide, slow", 3],
        ["wide, slow", 5],
      ],
    );
    const { convolutionMacs, attentionMacs, parameters } = summarize(wide, { classes: 3, size: 11 });
    assert.equal(rows[1].multiplyAdds, convolutionMacs + attentionMacs);
    assert.ok(rows[1].parameters > rows[0].parameters && rows[1].parameters <= parameters);
    for (const row of rows) {
      const scores = runs.filter(({ variant }) => variant === row.variant).map(({ score }) => score);
      assert.deepEqual(row.scores, scores);
      assert.deepEqual([row.mean, row.deviation], [meanWithInterval(scores).mean, meanWithInterval(scores).deviation]);
    }
    const lines = csv.trimEnd().split("\n");
    assert.equal(lines[0], "variant,parameters,multiplyAdds,top1,deviation,low,high,seconds,seed 3,seed 5");
    assert.ok(lines.length === 3 && lines[2].startsWith('"wide, slow",'));
    assert.deepEqual(points[1].values, {
      parameters: rows[1].parameters,
      multiplyAdds: rows[1].multiplyAdds,
      top1: rows[1].mean,
    });
  });

  it("keeps its runs: stopped in the middle it goes on where it was, and repeats none that is done", async () => {
    const [out, controller, data] = [temporaryFolder(), new AbortController(), tinyData()];
    const vary = { a: {}, b: { learningRate: 0.01 } };
    const settings = { ...base(), data, checkpointEvery: { steps: 1 } };
    const whole = await sweep({ base: settings, vary, seeds: [1, 2] });

    let steps = 0;
    const onEvent = ({ event }: { event: string }) => event === "step" && ++steps === 7 && controller.abort();
    const stopped = await sweep({
      base: { ...settings, onEvent },
      vary,
      seeds: [1, 2],
      out,
      signal: controller.signal,
    });
    assert.ok(stopped.interrupted);
    assert.deepEqual(
      stopped.rows.map(({ variant, scores }) => [variant, scores.length]),
      [["a", 1]],
    );
    steps = 0;
    const resumed = await sweep({
      base: { ...settings, onEvent: ({ event }) => event === "step" && steps++ },
      vary,
      seeds: [1, 2],
      out,
    });
    assert.equal(steps, 4 * 5 - 7);
    assert.deepEqual(
      resumed.rows.map(({ scores }) => scores),
      whole.rows.map(({ scores }) => scores),
    );
    assert.equal(readRunLog(join(out, "b", "seed-2", "log.jsonl")).at(-1)?.event, "end");
    await assert.rejects(
      sweep({ base: { ...settings, learningRate: 0.02 }, vary, seeds: [1, 2], out }),
      /^ConfigError: sweep: out holds a run of other settings, got .*; give another folder$/,
    );
  });

  it("checks everything before the first run", async () => {
    const refused = (options: object, message: RegExp) =>
      assert.rejects(sweep({ base: base(), vary: { a: {} }, ...options }), (error: Error) => {
        assert.ok(error instanceof ConfigError, String(error));
        assert.match(error.message, message);
        return true;
      });
    await refused({ vary: {} }, /^sweep: needs a variant and a seed, got 0 and 3/);
    await refused(
      { vary: { "a b": {}, "a/b": {} } },
      /^sweep: variants need names of their own, got a\/b? ?b? twice|got a b twice/,
    );
    await refused({ seed: [1] }, /^sweep: there is no option of this name, got seed; did you mean seeds\?/);
    await refused(
      { vary: { a: {}, b: { epochs: 0 } } },
      /^train: epochs must be at least 1, got 0; choose another, or leave it out$/,
    );
    await refused({ base: { ...base(), model: tinyModel() } }, /^sweep: model must be a name or a configuration/);
  });
});

describe("meanWithInterval", () => {
  it("is Student's: of 2, 4, 9 worked by hand", () => {
    const { mean, deviation, interval } = meanWithInterval([2, 4, 9]);
    const expected = Math.sqrt(((2 - 5) ** 2 + (4 - 5) ** 2 + (9 - 5) ** 2) / 2);
    assert.ok(mean === 5 && Math.abs((deviation ?? 0) - expected) < 1e-12);
    const reach = (4.303 * expected) / Math.sqrt(3);
    assert.ok(Math.abs((interval?.[1] ?? 0) - 5 - reach) < 1e-9 && Math.abs((interval?.[0] ?? 0) - 5 + reach) < 1e-9);
  });

  it("says nothing of a single value, and follows the printed quantiles beyond the table", () => {
    assert.deepEqual(meanWithInterval([7]), { mean: 7, deviation: null, interval: null });
    // t(0.975) of 20 and 60 degrees of freedom: 2.086 and 2.000.
    for (const [n, quantile] of [
      [21, 2.086],
      [61, 2.0],
    ]) {
      const { deviation, interval } = meanWithInterval(Array.from({ length: n }, (_, i) => i % 2));
      const reach = ((interval![1] - interval![0]) / 2) * (Math.sqrt(n) / deviation!);
      assert.ok(Math.abs(reach - quantile) < 2e-3, `${n}: ${reach}`);
    }
  });
});
