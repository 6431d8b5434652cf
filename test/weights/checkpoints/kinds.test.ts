import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { tryCheckpoints, type CheckpointResult } from "./kinds.js";

describe("a checkpoint as real programs write it", () => {
  let results: CheckpointResult[];
  before(async () => {
    await tf.setBackend("cpu");
    results = await tryCheckpoints();
  });

  it("gives every weight its number, or says in one line why it cannot", () => {
    assert.ok(results.length > 80, `${results.length} kinds`);
    const wrong = results.filter(({ isRight }) => !isRight);
    assert.deepEqual(wrong.map(({ what, error }) => `${what}: ${error ?? "other numbers"}`), []); // prettier-ignore
    for (const { error } of results) assert.doesNotMatch(error ?? "", /\n/);
  });

  it("says where the weights were, and where else there are some", () => {
    const places = new Map(results.map(({ what, report }) => [what, report && [report.place, ...report.otherPlaces]]));
    assert.deepEqual(places.get("deep in another model: `backbone.0.body.`"), ["backbone.0.body"]);
    assert.deepEqual(places.get("three dicts deep"), ["checkpoint.model.state_dict.module"]);
    assert.deepEqual(places.get("timm: `state_dict` and `state_dict_ema`"), ["state_dict", "state_dict_ema"]);
    assert.deepEqual(places.get('the same, `weights: "ema"`'), ["state_dict_ema", "state_dict"]);
    assert.deepEqual(places.get("Lightning's `WeightAveraging`: `current_model_state`"), [
      "current_model_state.net",
      "state_dict.net",
    ]);
    assert.deepEqual(places.get("a part of it compiled: `bn_qkv._orig_mod.weight`"), [""]);
  });
});
