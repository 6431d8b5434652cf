/** `axial-lab zoo`: the named models with what they cost, beside what the papers print. */
import { largest } from "../core/extremes.js";
import type { Command } from "commander";
import {
  names,
  paperFigures,
  rowsWithoutModel,
  summarize,
  type ModelOptions,
  type PaperFigures,
  type ResNetConfig,
  type Summary,
} from "../models/index.js";
import { readModel } from "./read-model.js";

interface ZooOptions {
  readonly size: number;
  readonly classes: number;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command("zoo")
    .summary("list the models: parameters, multiply-adds, memory, the papers' figures")
    .description(
      "Lists every named model with its parameters, its multiply-adds for one image (convolutions and linear layers, then the\n" +
        "matrix products of attention), the activations that a training step keeps for one image, and, where a paper has the\n" +
        "model, the paper's figures. With a name: the same for each of its layers.",
    )
    .argument("[model]", "one model, by name or from a JSON file with a configuration: layer by layer")
    .option("--size <pixels>", "side of the square images", Number, 224)
    .option("--classes <count>", "classes of the classifier", Number, 1000)
    .option("--json", "print exact numbers as JSON instead of a table")
    .addHelpText(
      "after",
      "\nExit code: 0 listed, 2 no such model or a wrong option.\n\n" +
        "Examples:\n  npx axial-lab zoo\n  npx axial-lab zoo axial-resnet-26-s --size 64 --classes 10\n  npx axial-lab zoo mine.json --classes 10\n  npx axial-lab zoo --json",
    )
    .action((model: string | undefined, { json = false, ...options }: ZooOptions) => {
      const chosen = model === undefined ? names() : [readModel("zoo", model)];
      const rows = chosen.map((one) => describe(one, options));
      const plain = rows.map(({ summary, ...row }) => (model === undefined ? row : { ...row, layers: summary.layers }));
      if (json) console.log(JSON.stringify(model === undefined ? plain : plain[0], null, 1));
      else console.log(model === undefined ? zooTable(rows) : layerTable(rows[0]));
    });
}

interface ZooRow {
  readonly model: string;
  readonly size: number;
  readonly classes: number;
  readonly parameters: number;
  readonly convolutionMultiplyAdds: number;
  readonly attentionMultiplyAdds: number;
  readonly trainingActivationBytes: number;
  readonly paper: PaperFigures | null;
  readonly summary: Summary;
}

function describe(
  model: string | ResNetConfig,
  { size, classes }: Required<Pick<ModelOptions, "size" | "classes">>,
): ZooRow {
  const summary = summarize(model, { size, classes });
  const name = typeof model === "string" ? model : model.name;
  return {
    model: name,
    size,
    classes,
    parameters: summary.parameters,
    convolutionMultiplyAdds: summary.convolutionMacs,
    attentionMultiplyAdds: summary.attentionMacs,
    trainingActivationBytes: 4 * summary.activations,
    paper: typeof model === "string" && size === 224 && classes === 1000 ? (paperFigures.get(name) ?? null) : null,
    summary,
  };
}

const millions = (count: number, digits = 1) => `${(count / 1e6).toFixed(digits)}M`;
const billions = (count: number, digits = 1) => `${(count / 1e9).toFixed(digits)}B`;
const mebibytes = (numbers: number) => `${((4 * numbers) / 2 ** 20).toFixed(0)} MiB`;

function zooTable(rows: readonly ZooRow[]): string {
  const notes: string[] = [];
  const cells = rows.map(({ model, paper, summary }) => {
    const { parameters, convolutionMacs, attentionMacs, activations } = summary;
    const difference = paper?.difference ?? null;
    const mark = difference === null ? "" : ` [${notes.push(`${model}: ${difference}`)}]`;
    const multiplyAdds = paper?.multiplyAdds ?? null;
    return [
      model,
      millions(parameters),
      billions(convolutionMacs + attentionMacs),
      billions(convolutionMacs, 2),
      billions(attentionMacs, 2),
      mebibytes(activations),
      paper === null ? "" : `${paper.parameters}M`,
      multiplyAdds === null ? "" : `${multiplyAdds}B`,
      paper === null ? "" : `${paper.top1} %${mark}`,
    ];
  });
  const header = ["model", "params", "M-Adds", "conv", "attention", "training", "paper:", "M-Adds", "top-1"];
  return [
    table([header, ...cells]),
    "",
    "M-Adds: multiply-adds for one image, of convolutions and linear layers (conv) and inside attention. training: activations kept",
    `for one image. Images of ${rows[0].size} x ${rows[0].size} pixels, ${rows[0].classes} classes.`,
    ...notes.map((note, index) => `[${index + 1}] ${note}.`),
    ...(notes.length > 0 ? rowsWithoutModel.map((row) => `Not in the zoo, from Axial-DeepLab's Table 1: ${row}.`) : []),
  ].join("\n");
}

function layerTable({ model, size, summary }: ZooRow): string {
  const line = (name: string, output: string, cost: Summary["backbone"]) => [
    name,
    output,
    String(cost.parameters),
    millions(cost.convolutionMacs, 2),
    millions(cost.attentionMacs, 2),
    `${((4 * cost.activations) / 1024).toFixed(0)} KiB`,
  ];
  return [
    `${model}, ${size} x ${size} pixels`,
    table([
      ["layer", "output", "parameters", "conv M-Adds", "attention", "training"],
      ...summary.layers.map((layer) => line(layer.name, layer.output.join(" x "), layer)),
      line("total", "", summary),
    ]),
  ].join("\n");
}

/** Columns of equal width, the first to the left, the others to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => largest(rows.map((row) => row[column].length)));
  return rows
    .map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  "))
    .map((row) => row.trimEnd())
    .join("\n");
}
