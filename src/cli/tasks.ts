/** The tasks that the command line knows: how each is made, what it starts with, and how an evaluation of it reads. */
import { Option } from "commander";
import { ConfigError } from "../core/errors.js";
import type { Dataset, Split } from "../data/dataset.js";
import { generated, generatedLabelMaps, imageFolder, type AugmentationPreset } from "../data/index.js";
import {
  generatedPanoptic,
  panopticFolder,
  panopticSegmentation,
  type PanopticAugmentation,
  type PanopticEvaluation,
  type PanopticSegmentationOptions,
} from "../panoptic/index.js";
import {
  createTask,
  taskKinds,
  type ClassificationEvaluation,
  type Evaluation,
  type PresetName,
  type SegmentationEvaluation,
  type Task,
  type TaskConfig,
} from "../training/index.js";
import { duration, percent } from "./train-progress.js";

/** What the command line says of the photographs of a folder. */
interface FolderOptions {
  readonly augmentation?: AugmentationPreset;
  readonly holdOut?: number;
}

interface CommandTask {
  readonly create: (config: TaskConfig) => Task;
  /** What `train` starts from where nothing else is said. */
  readonly preset: PresetName;
  /** The data set `generated`. */
  readonly generated: (counts: Partial<Record<`${Split}Count`, number>>) => Dataset;
  /** The data set of a folder; absent where the task has none. */
  readonly folder?: (path: string, options: FolderOptions) => Promise<Dataset>;
  readonly describe: (evaluation: Evaluation) => string[];
}

const tasks: Readonly<Record<string, CommandTask>> = {
  classification: {
    create: createTask,
    preset: "quick-start",
    generated,
    folder: imageFolder,
    describe: (evaluation) => describeClasses(evaluation as ClassificationEvaluation),
  },
  "semantic-segmentation": {
    create: createTask,
    preset: "quick-start-segmentation",
    generated: generatedLabelMaps,
    describe: (evaluation) => describeSegmentation(evaluation as SegmentationEvaluation),
  },
  panoptic: {
    create: (config) => panopticSegmentation(config as PanopticSegmentationOptions),
    preset: "quick-start-panoptic",
    generated: generatedPanoptic,
    folder(path, { augmentation, holdOut }) {
      if (holdOut !== undefined) {
        throw new ConfigError(
          `--hold-out: panoptic images hold nothing out, got ${holdOut}; their folder says what validation is on`,
        );
      }
      return panopticFolder(path, { augmentation: panopticAugmentationOf(augmentation) });
    },
    describe: (evaluation) => describePanoptic(evaluation as PanopticEvaluation),
  },
};

/** What `--augmentation` means for panoptic images; the default is as deeplab2. */
function panopticAugmentationOf(name: AugmentationPreset = "fastai"): Partial<PanopticAugmentation> {
  switch (name) {
    case "fastai":
      return {};
    case "light":
      return { scale: [0.8, 1.5] };
    case "none":
      return { scale: [1, 1], flip: 0, lighting: 0 };
    case "alternating":
    case "reference":
      throw new ConfigError(
        `--augmentation: panoptic images know fastai, light and none, got ${name}; it is of images with a class alone`,
      );
  }
}

export const taskOption = new Option(
  "--task <task>",
  `what the model is to do: ${Object.keys(tasks).join(", ")}, or JSON such as '{"kind": "${taskKinds[1]}", ...}' with its options`,
).argParser(parseTask);

/** A kind, or JSON with a kind and options. */
function parseTask(text: string): TaskConfig {
  if (!text.trimStart().startsWith("{")) return { kind: text };
  try {
    return JSON.parse(text) as TaskConfig;
  } catch (error) {
    throw new ConfigError(
      `--task: must be a kind or JSON, got ${text} (${(error as Error).message}); quote it for the shell as '{"kind": "classification"}'`,
    );
  }
}

/** What the command line knows of a kind of task. */
export function commandTask(kind: string): CommandTask {
  if (Object.hasOwn(tasks, kind)) return tasks[kind];
  throw new ConfigError(
    `--task: must be a kind of task, got ${JSON.stringify(kind)}; use ${Object.keys(tasks).join(" or ")}`,
  );
}

function describeClasses(evaluation: ClassificationEvaluation): string[] {
  const { loss, top1, top5, perClass, confusion } = evaluation;
  const five = perClass.length > 5 ? `  top-5 ${percent(top5)}` : "";
  return [
    `top-1 ${percent(top1)}${five}  loss ${loss.toFixed(4)}  ${speedOf(evaluation)}`,
    "",
    ...classLines(
      perClass.map(({ name, images, top1: share }) => ({ name, count: images, share })),
      confusion,
    ),
  ];
}

function describeSegmentation(evaluation: SegmentationEvaluation): string[] {
  const { loss, meanIou, pixelAccuracy, perClass, confusion } = evaluation;
  return [
    `mean IoU ${percent(meanIou)}  pixels ${percent(pixelAccuracy)}  loss ${loss.toFixed(4)}  ${speedOf(evaluation)}`,
    "",
    ...classLines(
      perClass.map(({ name, pixels, iou }) => ({ name, count: pixels, share: iou })),
      confusion,
    ),
  ];
}

function describePanoptic(evaluation: PanopticEvaluation): string[] {
  const { all, things, stuff, averagePrecision, meanIou, loss, perClass } = evaluation;
  const share = (value: number | null | undefined) => (value === null || value === undefined ? "none" : percent(value));
  const width = perClass.reduce((most, { name }) => Math.max(most, name.length), 0);
  return [
    `PQ ${share(all?.pq)} (things ${share(things?.pq)}, stuff ${share(stuff?.pq)})  AP ${share(averagePrecision)}  ` +
      `mean IoU ${percent(meanIou)}  loss ${loss.toFixed(4)}  ${speedOf(evaluation)}`,
    "",
    ...perClass.map(
      ({ name, pq, sq, rq, iou }) =>
        `${name.padEnd(width)}  PQ ${percent(pq).padStart(7)}  SQ ${percent(sq).padStart(7)}  RQ ${percent(rq).padStart(7)}  IoU ${share(iou).padStart(7)}`,
    ),
  ];
}

const speedOf = ({ images, seconds }: Evaluation): string =>
  `${images} images in ${duration(seconds)} (${(images / seconds).toFixed(0)} images/s)`;

/** For each class its share of how many, and the class that it was most often taken for. */
function classLines(
  classes: readonly { name: string; count: number; share: number | null }[],
  confusion: readonly (readonly number[])[],
): string[] {
  const width = classes.reduce((most, { name }) => Math.max(most, name.length), 0);
  return classes.map(({ name, count, share }, k) => {
    const wrong = confusion[k].map((n, other) => ({ n: other === k ? 0 : n, name: classes[other].name }));
    const [most] = wrong.sort((a, b) => b.n - a.n);
    const taken = most.n > 0 ? `  most often taken for ${most.name} (${most.n})` : "";
    const value = share === null ? "none" : percent(share);
    return `${name.padEnd(width)}  ${value.padStart(7)} of ${count}${taken}`;
  });
}
