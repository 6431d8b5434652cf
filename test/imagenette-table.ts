/** The README's table of Imagenette at 128 pixels, made from the logs of runs that are done. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { packageFolder } from "../src/core/version.js";
import { summarize, type ResNetConfig } from "../src/models/index.js";
import { collectRuns, meanWithInterval, readRunLog, scoreText } from "../src/training/index.js";

const results = join(packageFolder, "notebooks", "results");

/** What each run of `notebooks/results/imagenette-128`, and of the folder of longer ones, is. */
const titles: Readonly<Record<string, string>> = {
  "imagenette-128": "3 x 3 convolutions, then axial attention in 4 of 8 blocks",
  "imagenette-128-convolution": "its twin: 3 x 3 convolutions in place of the attention",
};

interface Line {
  readonly title: string;
  readonly epochs: number;
  readonly parameters: number;
  readonly multiplyAdds: number | null;
  readonly scores: readonly number[];
}

/** The recipe that the preset had until commit a680516. */
function before(): Line {
  const runs = [1, 2, 3].map((seed) => {
    const events = readRunLog(join(results, `imagenette-128-seed-${seed}.jsonl`));
    const start = events.find((event) => event.event === "start")!;
    const last = events.filter((event) => event.event === "epoch").at(-1)!;
    return { start, score: last.validation.top1 };
  });
  const { start } = runs[0];
  const { convolutionMacs, attentionMacs } = summarize(start.config.model as ResNetConfig, { classes: 10, size: 128 });
  return {
    title: "before, with Ranger (commit a680516)",
    epochs: start.config.epochs,
    parameters: start.parameters,
    multiplyAdds: convolutionMacs + attentionMacs,
    scores: runs.map(({ score }) => score),
  };
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** The best of Imagenette's leaderboard at 128 pixels. */
const leader = (title: string, epochs: string, parameters: string, score: string): string[] => [
  title,
  epochs,
  parameters,
  "",
  score,
  "",
];

function linesOf(name: string): Line[] {
  const folder = join(results, name);
  const rows = existsSync(folder) ? collectRuns(folder) : [];
  return rows.map((row) => {
    const start = row.runs[0].events.find((event) => event.event === "start")!;
    return { ...row, epochs: start.config.epochs, title: `${titles[row.variant] ?? row.variant} (\`${row.variant}\`)` };
  });
}

const cellsOf = ({ title, epochs, parameters, multiplyAdds, scores }: Line): string[] => [
  title,
  String(epochs),
  `${(parameters / 1e6).toFixed(2)} M`,
  multiplyAdds === null ? "" : `${(multiplyAdds / 1e6).toFixed(0)} M`,
  scoreText({ ...meanWithInterval(scores), scores }),
  scores.map(percent).join(", "),
];

/** A row for every recipe that ran to its end, and the leaderboard's best below those of as many epochs. */
export function imagenette128Table(): string {
  const longer = linesOf("imagenette-128-20-epochs");
  const rows = [
    ...[before(), ...linesOf("imagenette-128")].map(cellsOf),
    leader("the leaderboard's best, an xresnet50-class convolutional network", "5", "about 25 M", "87.43 %"),
    ...longer.map(cellsOf),
    ...(longer.length > 0 ? [leader("the leaderboard's best of as many epochs", "20", "", "91.57 %")] : []),
  ];
  return [
    "| network | epochs | parameters | multiply-adds | top-1 | each run |",
    "| --- | --: | --: | --: | --: | --- |",
    ...rows.map((cells) => `| ${cells.join(" | ")} |`),
  ].join("\n");
}
