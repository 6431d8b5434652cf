import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants, setPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { createTrainProgress, duration } from "../../src/cli/train-progress.js";
import type { EpochDone, RunEvent, RunStarted, StepDone } from "../../src/training/index.js";

const main = join(__dirname, "..", "..", "src", "cli", "main.js");
const folder = mkdtempSync(join(tmpdir(), "axial-cli-train-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const axial = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { cwd: folder, encoding: "utf8" });
  return { status, stdout, stderr };
};

const small = {
  name: "small",
  stem: { kind: "convolution", filters: 4 },
  norm: "torch",
  stages: [{ blocks: 1, stride: 1, width: 4, filters: 8, operator: { kind: "axial", heads: 2 } }],
};
writeFileSync(join(folder, "small.json"), JSON.stringify(small));
const quick = ["--model", "small.json", "--threads", "1", "--images", "23:11", "--batch", "4", "--size", "8"];

describe("axial-lab train", () => {
  it("teaches by its help: presets, examples, exit codes", () => {
    const { status, stdout } = axial("train", "--help");
    assert.equal(status, 0);
    assert.match(stdout, /Presets:\n {2}quick-start /);
    assert.match(stdout, /Examples:\n {2}npx axial-lab train /);
    assert.match(stdout, /Exit code: 0 done/);
  });

  it("trains, says how each epoch went and what to do next; evaluate agrees with the last validation", () => {
    const { status, stdout, stderr } = axial("train", ...quick, "--epochs", "2", "--out", "a");
    assert.equal(status, 0, stderr);
    const lines = stdout.trim().split("\n");
    assert.match(lines[0], /^model {4}small, 9\d\d parameters$/);
    assert.match(lines[1], /^data {5}generated, 4 classes, 8 px, 5 batches of 4$/);
    assert.match(lines[4], /^epoch 1\/2 {2}train loss \d\.\d{3} .*validation loss .* top-1 .*images\/s .* best$/);
    assert.match(lines[5], /^epoch 2\/2 /);
    assert.match(stdout, /next {5}npx axial-lab evaluate a.best\.safetensors\n$/);

    const log = readFileSync(join(folder, "a", "log.jsonl"), "utf8")
      .trim()
      .split("\n");
    const events = log.map((line) => JSON.parse(line) as RunEvent);
    const last = events.filter((event) => event.event === "epoch").at(-1);
    const evaluated = axial("evaluate", "a", "--threads", "1", "--json");
    assert.equal(evaluated.status, 0, evaluated.stderr);
    const { top1, loss, images } = JSON.parse(evaluated.stdout) as { top1: number; loss: number; images: number };
    assert.deepEqual([top1, loss, images], [last?.validation.top1, last?.validation.loss, 11]);

    const table = axial("evaluate", join("a", "best.safetensors"), "--threads", "1", "--images", "23:17").stdout;
    assert.match(table, /^top-1 .* 17 images in /);
    assert.match(table, /\nyellow {2}.* of 4/);
  });

  it("trains a class for every pixel with --task, writes other logs, and evaluates it", () => {
    const images = ["--images", "7:5", "--batch", "3", "--size", "16", "--threads", "1"];
    const { status, stdout, stderr } = axial(
      "train",
      "--task",
      "semantic-segmentation",
      ...images,
      "--epochs",
      "1",
      "--out",
      "s",
      "--log",
      "csv",
      "tensorboard",
    );
    assert.equal(status, 0, stderr);
    assert.match(stdout, /train loss \d\.\d{3} pixels .* validation loss \d\.\d{3} mean IoU .* pixels /);
    assert.match(stdout, /^best {5}mean IoU .* after epoch 1$/m);
    assert.deepEqual(readdirSync(join(folder, "s")).sort(), [
      "best.safetensors",
      "epochs.csv",
      "events.out.tfevents.0.axial-lab",
      "last.safetensors",
      "log.jsonl",
      "steps.csv",
    ]);
    const evaluated = axial("evaluate", "s", "--threads", "1");
    assert.match(evaluated.stdout, /^mean IoU .* 5 images in .*\n\nbackground {2}.* of \d+/);
    const longer = axial("train", "--resume", "s", "--epochs", "2", "--threads", "1");
    assert.match(longer.stdout, /\nepoch 2\/2 /, longer.stderr);
  });

  it("says why a training failed, and fails itself", () => {
    const { status, stderr } = axial("train", ...quick, "--epochs", "1", "--lr", "1e30", "--out", "failed");
    assert.match(stderr, /^train: the loss must stay finite, got (NaN|Infinity) in step \d/);
    assert.equal(status, 1);
  });

  it("prints one event a line with --json, stops on Ctrl+C with a checkpoint, and resumes to the end", async (t) => {
    if (process.platform === "win32") return t.skip("signals end a process on Windows");
    const running = spawn(process.execPath, [main, "train", ...quick, "--epochs", "20", "--out", "b", "--json"], {
      cwd: folder,
    });
    // However busy the machine: whoever stops the training comes before it does its hundred small steps.
    setPriority(running.pid!, constants.priority.PRIORITY_BELOW_NORMAL);
    const code = new Promise((resolve) => running.on("exit", resolve));
    let output = "";
    for await (const chunk of running.stdout) {
      output += (chunk as Buffer).toString();
      if (output.includes('"event":"step"') && !running.killed) running.kill("SIGINT");
    }
    assert.equal(await code, 130);
    const events = output.trim().split("\n");
    const end = JSON.parse(events[events.length - 1]) as RunEvent;
    assert.ok(end.event === "end" && end.reason === "interrupted");

    const refused = axial("train", "--resume", "b", "--epochs", "3");
    assert.equal(refused.status, 2);
    assert.match(
      refused.stderr,
      /^train: a resumed run keeps its configuration, got epochs=3, saved 20; give more epochs to train longer/,
    );
    const resumed = axial("train", "--resume", "b", "--threads", "1");
    assert.equal(resumed.status, 0, resumed.stderr);
    assert.match(resumed.stdout, /resumed {2}after step \d+ of 100\n/);
    assert.match(resumed.stdout, /\nepoch 20\/20 /);
  });

  const wrong: [args: string[], message: RegExp][] = [
    [["train", "--preset", "nonsense"], /^preset: name must be that of one, got nonsense; use quick-start, .*$/m],
    [["train", "--epochs", "many"], /option '--epochs <count>' argument 'many' is invalid. It must be a number\./],
    [
      ["train", "--epochs", "0", "--out", "c"],
      /^train: epochs must be at least 1, got 0; choose another, or leave it out$/m,
    ],
    [["train", "--images", "5"], /It must be two numbers, as in 4096:512\./],
    [["train", "--model", "resnet-27", "--out", "c"], /no model of this name, got resnet-27/],
    [
      ["train", "--model", "none.json", "--out", "c"],
      /^--model: must be a name or a JSON file with a configuration, got none\.json/m,
    ],
    [
      ["train", "--task", "regression", "--out", "c"],
      /^--task: must be a kind of task, got "regression"; use classification or semantic-segmentation.*$/m,
    ],
    [["train", "--task", "{", "--out", "c"], /^--task: must be a kind or JSON, got \{ \(/m],
    [
      ["train", "--task", "semantic-segmentation", "--model", "small.json", "--out", "c"],
      /^small: logits must be \[B, h, w, 4\]/m,
    ],
    [["train", "--task", '{"kind": "classification", "smoothing": 1}', "--out", "c"], /did you mean labelSmoothing\?/],
    [["train", "--hold-out", "0.2", "--out", "c"], /^--hold-out: the generated data set holds nothing out, got 0\.2/m],
    [["train", "--mixup", "2", "--out", "c"], /^classification: mixup must be between 0 and 1, got 2/m],
    [["train", "--data", "nothing"], /Allowed choices are generated, /],
    [["train", "--from", "a.tgz", "--out", "c"], /^--from: the generated data set has no files, got .*a\.tgz/m],
    [["train", "--resume", "nowhere"], /^safetensors: the file must be readable, got .*nowhere/m],
    [["train", "--resume", "x", "--preset", "quick-start"], /^--preset: a resumed run keeps its configuration/m],
    [["evaluate", "nowhere"], /^safetensors: the file must be readable, got .*nowhere/m],
    [["evaluate"], /missing required argument 'checkpoint'/],
  ];
  for (const [args, message] of wrong) {
    it(`refuses ${args.join(" ")} with one line and exit code 2`, () => {
      const { status, stderr } = axial(...args);
      assert.match(stderr, message);
      assert.equal(status, 2);
    });
  }
});

describe("the progress of a training", () => {
  const start = {
    event: "start",
    config: {
      model: "m",
      data: { description: { name: "d" }, classes: ["a", "b", "c", "d", "e", "f"] },
      epochs: 10,
      batchSize: 32,
      size: { from: 96, to: 128, until: 0.5, multiple: 32 },
      optimizer: { kind: "adamw", weightDecay: 0.05 },
      schedule: { kind: "one-cycle" },
      learningRate: 0.004,
    },
    engine: { backend: "cpu" },
    parameters: 4_890_000,
    stepsPerEpoch: 10,
    steps: 100,
  } as unknown as RunStarted;
  const step: StepDone = {
    event: "step",
    step: 20,
    epoch: 1,
    loss: 1.2345,
    learningRate: 0.0012,
    imagesPerSecond: 16,
    waited: 0,
  };
  const epoch: EpochDone = {
    event: "epoch",
    epoch: 1,
    step: 20,
    seconds: 25,
    imagesPerSecond: 16,
    size: 96,
    training: { loss: 1.5, top1: 0.5 },
    validation: { loss: 1.25, top1: 0.625, top5: 1 },
    learningRate: 0.0012,
    best: true,
    peakHeapBytes: 793 * 2 ** 20,
  };
  const shown = (events: RunEvent[], screen: { isTTY?: boolean; columns?: number }): string => {
    let text = "";
    const progress = createTrainProgress({ ...screen, write: (part) => (text += part) });
    events.forEach((event) => progress.event(event));
    return text;
  };

  it("shows steps on a terminal only, over one another and no wider than it", () => {
    assert.equal(shown([start, step], {}).split("\n").length, 5);
    const wide = shown([start, step], { isTTY: true, columns: 120 });
    // 80 steps of 2 s.
    assert.ok(
      wide.endsWith("\r\u001b[2Kepoch 2/10  step 20/100  loss 1.234  lr 1.2e-3  16 images/s  2:40 left"),
      JSON.stringify(wide),
    );
    assert.ok(shown([start, step], { isTTY: true, columns: 20 }).endsWith("\r\u001b[2Kepoch 2/10  step 20"));
    // What Open MPI gives a rank.
    assert.equal(shown([start, step], { isTTY: true, columns: 0 }), shown([start, step], {}));
  });

  it("counts the validations to come in the time that is left", () => {
    // 25 s, of which 20 in training: 8 more validations of 5 s.
    assert.match(shown([start, step, epoch, step], { isTTY: true, columns: 120 }), /3:20 left$/);
  });

  it("describes the run and each epoch in a line", () => {
    const lines = shown([start, epoch], {}).split("\n");
    assert.equal(lines[0], "model    m, 4.89 M parameters");
    assert.equal(lines[1], "data     d, 6 classes, 96 to 128 px, 10 batches of 32");
    assert.equal(
      lines[4],
      "epoch  2/10  train loss 1.500 top-1 50.0 %  validation loss 1.250 top-1 62.5 % top-5 100.0 %  16 images/s  heap 793 MiB  25 s  best",
    );
  });

  it("writes durations as 59 s, 1:05 and 2:00:07", () => {
    assert.deepEqual([59.4, 65, 7207].map(duration), ["59 s", "1:05", "2:00:07"]);
  });
});
