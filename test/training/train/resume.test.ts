import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as engine from "../../../src/engine/index.js";
import { ConfigError } from "../../../src/core/errors.js";
import { train, type RunEvent } from "../../../src/training/index.js";
import { epochsOf, stepsOf, temporaryFolder, tinyData, tinyModel, tinySettings, valuesOf } from "../tiny.js";

before(() => engine.start({ threads: 1 }));
after(() => engine.stop());

describe("a run that is stopped and resumed", () => {
  it("finishes the step at hand when the signal comes, saves, and goes on from there to the same bits", async () => {
    const whole = tinyModel();
    const settings = { ...tinySettings, data: tinyData() };
    const uninterrupted = await train({ ...settings, model: whole });

    for (const stopAt of [3, 5, 12]) {
      const [first, second, out] = [tinyModel(), tinyModel(), temporaryFolder()];
      const controller = new AbortController();
      const { interrupted, checkpoint } = await train({
        ...settings,
        model: first,
        out,
        signal: controller.signal,
        onEvent: (event) => event.event === "step" && event.step === stopAt && controller.abort(),
      });
      assert.ok(interrupted && checkpoint !== null);
      const resumed = await train({ model: second, data: settings.data, resume: out });
      assert.deepEqual(valuesOf(second), valuesOf(whole), `stopped after step ${stopAt}`);
      assert.deepEqual(
        stepsOf(resumed.events).map(({ step, loss }) => [step, loss]),
        stepsOf(uninterrupted.events).map(({ step, loss }) => [step, loss]),
      );
      // Time, and the high water of the heap, are of the process and not of the run.
      const lasting = (events: RunEvent[]) =>
        epochsOf(events).map((epoch) => ({ ...epoch, seconds: 0, imagesPerSecond: 0, peakHeapBytes: 0 }));
      assert.deepEqual(lasting(resumed.events), lasting(uninterrupted.events));
    }
  });

  it("can be stopped in the middle of a validation", async () => {
    const [model, out, controller] = [tinyModel(), temporaryFolder(), new AbortController()];
    const settings = { ...tinySettings, model, data: tinyData(), out };
    const stopped = await train({ ...settings, signal: controller.signal, onValidation: () => controller.abort() });
    assert.ok(stopped.interrupted && epochsOf(stopped.events).length === 0 && stepsOf(stopped.events).length === 5);
    const { events } = await train({ model, data: settings.data, resume: out });
    assert.equal(epochsOf(events).length, 3);
    assert.equal(stepsOf(events).length, 15);
  });

  it("trains longer on resume: what a run of as many epochs does from there", async () => {
    const [out, data] = [temporaryFolder(), tinyData()];
    const settings = { ...tinySettings, data, schedule: "constant" } as const;
    const [whole, short] = [tinyModel(), tinyModel()];
    const long = await train({ ...settings, model: whole, epochs: 5 });
    await train({ ...settings, model: short, epochs: 2, out });
    const resumed = await train({ model: short, data, resume: out, epochs: 5 });
    assert.deepEqual(valuesOf(short), valuesOf(whole));
    assert.equal(resumed.config.epochs, 5);
    assert.deepEqual(
      epochsOf(resumed.events).map(({ validation }) => validation),
      epochsOf(long.events).map(({ validation }) => validation),
    );
    await assert.rejects(
      train({ model: short, data, resume: out, epochs: 3 }),
      new ConfigError(
        "train: a resumed run keeps its configuration, got epochs=3, saved 5; give more epochs to train longer, or leave it out",
      ),
    );
  });
});
