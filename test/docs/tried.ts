/**
 * Writes `docs/tried.md`: what happens with files and folders as other programs make them.
 *
 *     npm run tried
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { packageFolder } from "../../src/core/version.js";
import { tryFolders, tryImages, type Tried } from "../data/image-kinds.js";
import { tryNotebooks } from "../notebook/notebook-kinds.js";
import { tryCheckpoints, type CheckpointResult } from "../weights/checkpoints/kinds.js";

export const triedPath = join(packageFolder, "docs", "tried.md");

/** One table of the page; a new kind of file is a new entry here. */
interface Section {
  readonly title: string;
  readonly about: string;
  readonly head: readonly [string, string];
  readonly rows: () => Promise<readonly Pick<Tried, "what" | "result">[]>;
}

const sections: readonly Section[] = [
  {
    title: "Checkpoints",
    about:
      "Made by PyTorch, Lightning, fastcore and NumPy ([script](../test/weights/checkpoints/kinds.py)), each loaded by " +
      "`axial.weights.load` into the layer whose weights it holds, and every number compared.",
    head: ["what", "what happens"],
    rows: async () => {
      await tf.setBackend("cpu");
      return (await tryCheckpoints()).map((result) => ({ what: result.what, result: described(result) }));
    },
  },
  {
    title: "Images",
    about: "Each under a name that says nothing of its kind.",
    head: ["what", "what happens"],
    rows: tryImages,
  },
  {
    title: "Folders of images",
    about: "As `train --data folder --from FOLDER` and `axial.data.imageFolder` see them.",
    head: ["what", "what happens"],
    rows: tryFolders,
  },
  {
    title: "Notebooks",
    about: "As `npx axial-lab notebook run` meets them: what is in the file, and what its cells put out.",
    head: ["what", "what happens"],
    rows: tryNotebooks,
  },
];

function described({ report, error, isRight }: CheckpointResult): string {
  if (!isRight) return "WRONG";
  if (report === null) return `refused: ${error!.replace(/^weights\.load: /, "")}`;
  const others = report.otherPlaces.map((place) => `\`${place}\``);
  return [
    `whole, from ${report.place === "" ? "the top" : `\`${report.place}\``}`,
    ...(others.length > 0 ? [`also at ${others.join(", ")}`] : []),
    ...(report.unexpected.length > 0 ? [`${report.unexpected.join(", ")} reported`] : []),
  ].join("; ");
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");

/** The whole page. */
export async function tried(): Promise<string> {
  const lines = [
    "# Tried on real files",
    "",
    "What happens with files as other programs and people make them. Every row is run by the tests; `npm run tried` writes this",
    "page anew. What is refused on purpose, and why: [refused.md](refused.md).",
  ];
  for (const { title, about, head, rows } of sections) {
    lines.push("", `## ${title}`, "", about, "", `| ${head.join(" | ")} |`, "| --- | --- |");
    for (const { what, result } of await rows()) lines.push(`| ${cell(what)} | ${cell(result)} |`);
  }
  return `${lines.join("\n")}\n`;
}

export const written = (): string => readFileSync(triedPath, "utf8").replaceAll("\r\n", "\n");

if (require.main === module) void tried().then((page) => writeFileSync(triedPath, page));
