import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RunEvent } from "../../src/training/events.js";
import { liveTrainingCurves, smoothed, trainingCurvesSpec, type LogEvent } from "../../widgets/training-curves.js";
import { themed } from "../../widgets/vega.js";
import { drawStrictly, textsOf } from "../helpers/figures.js";

// What training writes is what the curves read: this line does not compile otherwise.
const read = (events: readonly RunEvent[]): readonly LogEvent[] => events;

const step = (number: number, loss: number): LogEvent => ({
  event: "step",
  step: number,
  loss,
  learningRate: 0.1 / number,
});
const epoch = (number: number, top1: number): LogEvent => ({
  event: "epoch",
  epoch: number - 1,
  step: 3 * number,
  training: { loss: 1.234567, top1: top1 + 0.05 },
  validation: { loss: 1.5, top1 },
});
const events: LogEvent[] = [
  { event: "start" },
  ...[2.3, 2.1, 1.9].map((loss, i) => step(i + 1, loss)),
  epoch(1, 0.41),
  ...[1.7, 1.5, 1.3].map((loss, i) => step(i + 4, loss)),
  epoch(2, 0.53),
  { event: "end" },
];

describe("training curves", () => {
  it("read the events that training writes", () => {
    assert.deepEqual(read([]), []);
  });

  it("put steps and epochs into two small tables, rounded", () => {
    const { datasets } = trainingCurvesSpec([{ name: "a", events }], { smoothing: 1 }) as {
      datasets: Record<string, Record<string, unknown>[]>;
    };
    assert.deepEqual(datasets.steps.slice(0, 2), [
      { run: "a", split: "training", step: 1, loss: 2.3, smooth: 2.3, rate: 0.1 },
      { run: "a", split: "training", step: 2, loss: 2.1, smooth: 2.1, rate: 0.05 },
    ]);
    assert.deepEqual(datasets.epochs.slice(0, 2), [
      { run: "a", split: "training", epochs: 1, step: 3, loss: 1.235, score: 0.46 },
      { run: "a", split: "validation", epochs: 1, step: 3, loss: 1.5, score: 0.41 },
    ]);
  });

  it("draw the measure that the log says decides, where it is measured", () => {
    const log: LogEvent[] = [
      { event: "start", score: { measure: "bitsPerDimension", best: "lowest" } },
      step(1, 5),
      { event: "epoch", epoch: 0, step: 1, training: { loss: 5 }, validation: { loss: 4, bitsPerDimension: 4.25 } },
      { event: "epoch", epoch: 1, step: 1, training: { loss: 4 }, validation: { loss: 4, bitsPerDimension: 4.5 } },
    ];
    const { datasets, title } = trainingCurvesSpec([{ name: "a", events: log }]) as {
      datasets: Record<string, Record<string, unknown>[]>;
      title: { subtitle: string };
    };
    assert.equal(title.subtitle, "Best validation bitsPerDimension: 4.25");
    assert.deepEqual(
      datasets.epochs.map((row) => row.score),
      [undefined, 4.25, undefined, 4.5],
    );
  });

  it("label the accuracies of a run that hardly changes apart", async () => {
    const flat = [epoch(1, 0.41), epoch(2, 0.412), epoch(3, 0.411)].map((event) => ({
      ...event,
      training: { loss: 1, top1: 0.413 },
    }));
    const texts = textsOf(
      await drawStrictly(themed(trainingCurvesSpec([{ name: "a", events: [step(1, 2), ...flat] }]))),
    );
    assert.deepEqual(
      texts.filter((text) => /^[\d.]+%$/.test(text)),
      ["41%", "41.05%", "41.1%", "41.15%", "41.2%", "41.25%", "41.3%"],
    );
  });

  it("label no accuracy below 0 or above 1 when there is one only", async () => {
    const only = { ...epoch(1, 0.25), training: { loss: 1, top1: 0.25 } };
    const texts = textsOf(await drawStrictly(themed(trainingCurvesSpec([{ name: "a", events: [step(1, 2), only] }]))));
    assert.deepEqual(
      texts.filter((text) => /^[-−\d.]+%$/.test(text)),
      ["0%", "20%", "40%", "60%", "80%"],
    );
  });

  it("average steps in groups when there are more than points", () => {
    const { datasets } = trainingCurvesSpec([{ name: "a", events }], { points: 2, smoothing: 1 }) as {
      datasets: Record<string, Record<string, unknown>[]>;
    };
    assert.deepEqual(
      datasets.steps.map((row) => [row.step, row.loss]),
      [
        [3, 2.1],
        [6, 1.5],
      ],
    );
  });

  it("take the best epoch among those that gave a number", () => {
    const subtitle = (...tops: number[]) =>
      (
        trainingCurvesSpec([{ name: "a", events: tops.map((top, i) => epoch(i + 1, top)) }]).title as {
          subtitle: string;
        }
      ).subtitle;
    assert.equal(subtitle(NaN, 0.55, 0.6), "Best validation top-1: 60.0%");
    assert.equal(subtitle(0.55, NaN, Infinity, 0.5), "Best validation top-1: 55.0%");
    assert.equal(subtitle(NaN, NaN), "Best validation top-1: not a number");
  });

  it("draw a constant rate on an axis that ends at it", async () => {
    const constant = [1, 2, 3].map((number) => ({ event: "step", step: number, loss: 2, learningRate: 0.01 }) as const);
    const spec = trainingCurvesSpec([{ name: "a", events: constant }]) as {
      vconcat: { encoding: { y: { scale: { domain: number[] } } } }[];
    };
    assert.deepEqual(spec.vconcat[2].encoding.y.scale.domain, [0, 0.01]);
    await drawStrictly(themed(spec));
  });

  it("tell runs of one name apart", async () => {
    const svg = await drawStrictly(themed(trainingCurvesSpec(["run", "run", "run"].map((name) => ({ name, events })))));
    const texts = textsOf(svg);
    assert.ok(
      ["run", "run (2)", "run (3)"].every((name) => texts.includes(name)),
      String(texts),
    );
  });

  it("say in words what they show", () => {
    assert.equal(
      trainingCurvesSpec([{ name: "a", events }]).description,
      "Loss, top-1 and learning rate over training steps. a: training loss 2.3 at step 1, 1.3 at step 6; validation top-1 53.0% at the end.",
    );
  });

  it("name the splits of one run, and the runs and splits of several", async () => {
    const one = textsOf(await drawStrictly(themed(trainingCurvesSpec([{ name: "a", events }], { title: "My run" }))));
    assert.ok(
      ["My run", "Best validation top-1: 53.0%", "training", "validation"].every((text) => one.includes(text)),
      String(one),
    );
    const two = textsOf(
      await drawStrictly(
        themed(
          trainingCurvesSpec([
            { name: "left", events },
            { name: "right", events: events.slice(0, 5) },
          ]),
        ),
      ),
    );
    assert.ok(
      ["left", "right", "Best validation top-1: left 53.0%, right 41.0%"].every((text) => two.includes(text)),
      String(two),
    );
  });

  it("break the scores of many runs into lines that the figure has room for", () => {
    const runs = Array.from({ length: 11 }, (_, i) => ({ name: `a network with a long name ${i}`, events }));
    const { subtitle } = trainingCurvesSpec(runs).title as { subtitle: string[] };
    assert.ok(subtitle.length > 3 && subtitle.every((line) => line.length <= 89), subtitle.join("\n"));
    const whole = subtitle.join(" ");
    for (const { name } of runs) assert.ok(whole.includes(`${name} 53.0%`), name);
  });

  it("grow while a run goes on, and end with pictures", async () => {
    const shown: Record<string, unknown>[] = [];
    const live = liveTrainingCurves({ interval: 0, display: (bundle) => shown.push(bundle) });
    events.slice(0, 4).forEach((event) => live.onEvent(event));
    await live.end();
    const steps = shown.map(
      (bundle) =>
        (bundle["application/vnd.vegalite.v5+json"] as { datasets: { steps: unknown[] } }).datasets.steps.length,
    );
    assert.deepEqual(steps, [0, 1, 2, 3, 3]);
    assert.deepEqual(
      shown.map((bundle) => "image/png" in bundle),
      [false, false, false, false, true],
    );
  });
});

describe("smoothed", () => {
  it("leaves a constant and a span of one step as they are", () => {
    assert.deepEqual(
      smoothed([7, 7, 7], 5).map((value) => Number(value.toFixed(12))),
      [7, 7, 7],
    );
    assert.deepEqual(smoothed([2, 3, 5], 1), [2, 3, 5]);
  });

  it("is the mean of the averages from either side", () => {
    // a = 1/2: forwards 0, 4/1.5... worked by hand: 0, (0/2 + 6/2) / (3/4) = 4; backwards 6, (6/4) / (3/4) = 2.
    assert.deepEqual(smoothed([0, 6], 2), [1, 5]);
  });

  it("passes over a loss that is not a number", () => {
    assert.deepEqual(smoothed([0, NaN, 6], 2), [1, NaN, 5]);
  });

  it("turns with its sequence", () => {
    const values = [3, 1, 4, 1, 5, 9, 2];
    const turned = smoothed([...values].reverse(), 3).reverse();
    smoothed(values, 3).forEach((value, i) => assert.ok(Math.abs(value - turned[i]) < 1e-12));
  });
});
