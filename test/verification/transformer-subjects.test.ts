/*
 * The cases are what lucidrains/axial-attention 0.6.1 and speedinghzl/CCNet compute in PyTorch 1.13 in float64 from float32
 * inputs; each file names its source and carries the limits of error.
 */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { readCase } from "../../src/verification/case.js";
import { verifyCase } from "../../src/verification/verify.js";
import { packageFolder } from "../../src/core/version.js";

const fixtures = join(packageFolder, "test", "fixtures");
const cases = ["nd-axial-attention", "axial-position-embedding", "criss-cross-attention"].flatMap((family) =>
  readdirSync(join(fixtures, family)).map((file) => join(family, file)),
);

describe("the N-d axial transformer and criss-cross attention", () => {
  before(() => tf.setBackend("cpu"));

  for (const file of cases)
    it(`equal their original in values and gradients: ${file}`, async () => {
      const start = tf.memory().numTensors;
      const report = await verifyCase(await readCase(join(fixtures, file)));
      assert.equal(report.verdict, "passed", JSON.stringify(report.worst));
      assert.ok(report.comparisons.length >= 5);
      assert.equal(tf.memory().numTensors, start);
    });

  it("are held to it: a changed parameter fails", async () => {
    const original = await readCase(join(fixtures, "criss-cross-attention", "ccnet-crisscross-r1.safetensors"));
    const gamma = original.parameters.get("gamma")!;
    const changed = new Map(original.parameters).set("gamma", {
      ...gamma,
      data: gamma.data.map((value) => value + 1e-3),
    });
    assert.equal((await verifyCase({ ...original, parameters: changed })).verdict, "failed");
  });
});
