import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import * as tf from "@tensorflow/tfjs";
import { randomOf } from "../../src/core/random.js";
import * as engine from "../../src/engine/index.js";
import { ConfigError, FileError } from "../../src/core/errors.js";
import { readCheckpoint, readRunLog, restore, train } from "../../src/training/index.js";
import { readSafetensors, writeSafetensors } from "../../src/weights/index.js";
import { temporaryFolder, tinyData, tinyModel, tinySettings } from "./tiny.js";

before(() => engine.start({ threads: 1 }));
after(() => engine.stop());

/** Everything in a checkpoint that must not depend on when the run was interrupted. */
async function essence(file: string) {
  const { state, config, model, average, optimizer } = await readCheckpoint(file);
  const timeless = { ...state, seconds: 0, sums: { ...state.sums, seconds: 0 } };
  return { config, state: timeless, model, average, optimizer };
}

/** Runs `child-run.js` until it ends, or kills it a little after so many steps. */
async function child(folder: string, { resume, kill }: { resume: boolean; kill?: { step: number; after: number } }) {
  const args = [join(__dirname, "child-run.js"), folder, ...(resume ? ["resume"] : [])];
  const running = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  // What it still waits for when it is killed is read by nobody.
  running.stdin.on("error", () => undefined);
  const ended = new Promise<number | null>((resolve) => running.on("exit", resolve));
  let steps = 0;
  for await (const chunk of running.stdout) {
    const taken = (chunk as Buffer).toString().match(/step/g)?.length ?? 0;
    steps += taken;
    running.stdin.write(Buffer.alloc(taken));
    if (kill && steps >= kill.step) {
      await delay(kill.after);
      running.kill("SIGKILL");
      break;
    }
  }
  return ended;
}

describe("a checkpoint", () => {
  it("brings a run that was killed at random moments to the same bits as one that was not", async () => {
    const [whole, killed] = [temporaryFolder(), temporaryFolder()];
    assert.equal(await child(whole, { resume: false }), 0);

    const seed = Date.now() % 1e6;
    const random = randomOf(seed);
    let kills = 0;
    await writeFile(join(killed, "last.safetensors.0a1b2c3d.tmp"), "what a kill in the middle of a write leaves");
    for (let attempt = 0; attempt < 4; attempt++) {
      const kill = { step: 1 + random.integer(5), after: random.between(0, 25) };
      const resume = existsSync(join(killed, "last.safetensors"));
      if ((await child(killed, { resume, kill })) !== 0) kills++;
    }
    assert.ok(kills > 0); // the first is, whatever the moments
    assert.equal(await child(killed, { resume: existsSync(join(killed, "last.safetensors")) }), 0);

    for (const file of ["last.safetensors", "best.safetensors"]) {
      assert.deepEqual(await essence(join(killed, file)), await essence(join(whole, file)), `seed ${seed}: ${file}`);
    }
    const losses = (folder: string) =>
      readRunLog(join(folder, "log.jsonl")).flatMap((event) => (event.event === "step" ? [event.loss] : []));
    assert.deepEqual(losses(killed), losses(whole), `seed ${seed}`);
    assert.deepEqual((await readdir(killed)).sort(), ["best.safetensors", "last.safetensors", "log.jsonl"]);
  });

  it("holds the place in the run, the scores and the configuration", async () => {
    const out = temporaryFolder();
    const { config, events } = await train({ ...tinySettings, model: tinyModel(), data: tinyData(), out });
    const { state, config: saved, model, average, optimizer } = await readCheckpoint(out);
    assert.deepEqual(saved, config);
    const scores = events.flatMap((event) => (event.event === "epoch" ? [event.validation.top1] : []));
    assert.deepEqual([state.step, state.epoch, state.batch, state.scores], [15, 3, 0, scores]);
    assert.deepEqual([model.size, average.size, optimizer.size], [8, 8, 2 * 6]);
  });

  it("gives back the model as it was validated, or its weights as such", async () => {
    const [out, model] = [temporaryFolder(), tinyModel()];
    await train({ ...tinySettings, model, data: tinyData(), out, average: { decay: 0.9 } });
    const validated = model.getWeights().map((weight) => weight.dataSync());
    const values = async (weights: "validated" | "raw") => {
      const { model: restored, scores } = await restore(out, { model: tinyModel(), weights });
      assert.equal(scores.length, 3);
      return restored.getWeights().map((weight) => weight.dataSync());
    };
    assert.deepEqual(await values("validated"), validated);
    assert.notDeepEqual(await values("raw"), validated);
    await assert.rejects(restore(out), /^ConfigError: restore: .* give it as model$/);
  });

  it("of a finished run resumes to its end", async () => {
    const [out, model] = [temporaryFolder(), tinyModel()];
    const first = await train({ ...tinySettings, model, data: tinyData(), out });
    const values = model.getWeights().map((weight) => weight.dataSync());
    const again = await train({ model, data: tinyData(), resume: out });
    assert.deepEqual(again.best, first.best);
    assert.deepEqual(
      model.getWeights().map((weight) => weight.dataSync()),
      values,
    );
  });

  it("holds a resumed run to its configuration, data and folder", async () => {
    const [out, model, data] = [temporaryFolder(), tinyModel(), tinyData()];
    await train({ ...tinySettings, model, data, out, schedule: "cosine" });
    await train({ ...tinySettings, model, data, resume: out, schedule: "cosine" });
    await assert.rejects(
      train({ model, data, resume: out, epochs: 2 }),
      new ConfigError(
        "train: a resumed run keeps its configuration, got epochs=2, saved 3; give more epochs to train longer, or leave it out",
      ),
    );
    const other = { ...data, description: { name: "other" } };
    await assert.rejects(train({ model, data: other, resume: out }), /keeps its configuration, got data=.*other/);
    await assert.rejects(train({ model, data, resume: out, out: join(out, "b") }), /a resumed run stays in its folder/);
    await assert.rejects(train({ data, resume: out }), /trained a model of the caller's, got none; give it again/);
    await assert.rejects(
      train({ model: tf.sequential({ layers: [tf.layers.dense({ units: 3, inputShape: [2] })] }), data, resume: out }),
      (error: Error) => error instanceof FileError && /it is of another model$/.test(error.message),
    );
  });

  it("that is missing, foreign, truncated or corrupt is refused with one line", async () => {
    const [out, model, data] = [temporaryFolder(), tinyModel(), tinyData()];
    await train({ ...tinySettings, epochs: 1, model, data, out });
    const file = join(out, "last.safetensors");
    const bytes = await readFile(file);
    const { tensors, metadata } = await readSafetensors(file);
    const values = model.getWeights().map((weight) => weight.dataSync());

    const refused = async (message: RegExp): Promise<void> => {
      await assert.rejects(train({ model, data, resume: file }), (error: Error) => {
        assert.ok(error instanceof FileError, String(error));
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      });
    };
    const flipped = Buffer.from(bytes);
    flipped[bytes.length - 5] ^= 1;
    await writeFile(file, flipped);
    await refused(/must have the sha256 that it says, got another; the file is corrupt$/);
    await writeFile(file, bytes.subarray(0, -4));
    await refused(/the file is foreign, truncated or corrupt$/);
    await writeFile(file, "not a checkpoint");
    await refused(/the file is foreign, truncated or corrupt$/);
    await writeSafetensors(file, { tensors, metadata: {} });
    await refused(
      /must be written by axial-lab train, got another safetensors file; read weights with axial.weights.load$/,
    );
    await writeSafetensors(file, { tensors, metadata: { ...metadata, version: "99" } });
    await refused(/must have version 2, got 99; read it with the axial-lab that wrote it$/);
    await writeSafetensors(file, { tensors, metadata: { ...metadata, run: "{}" } });
    await refused(/must have the sha256 that it says/);
    await assert.rejects(train({ model, data, resume: join(out, "none") }), /the file must be readable, got .*none/);
    assert.deepEqual(
      model.getWeights().map((weight) => weight.dataSync()),
      values,
      "the model is untouched",
    );
  });
});
