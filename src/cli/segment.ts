/** `axial-lab segment`: a trained panoptic network on one photograph. */
import { extname } from "node:path";
import { InvalidArgumentError, type Command } from "commander";
import { writeFileAtomically } from "../core/atomic-file.js";
import { ConfigError } from "../core/errors.js";
import { decodeImage } from "../data/decode.js";
import * as engine from "../engine/index.js";
import { drawSegmentation } from "../panoptic/draw.js";
import { segment, type Segmentation } from "../panoptic/segment.js";
import { segmentNumbersPng } from "../panoptic/coco-results.js";
import { restore } from "../training/index.js";
import { commandTask } from "./tasks.js";

interface SegmentFlags {
  readonly model: string;
  readonly out?: string;
  readonly size?: number;
  readonly window?: { readonly height: number; readonly width: number };
  readonly json?: boolean;
  readonly threads?: number;
}

export function register(program: Command): void {
  program
    .command("segment <image>")
    .summary("find the objects and surfaces of a photograph with a trained panoptic model")
    .description("Runs a panoptic model on one image and lists its segments with class, score and area.")
    .requiredOption("--model <run>", "a checkpoint, or the folder of a run (its last.safetensors)")
    .option(
      "--out <file>",
      "where to write: a .png drawing over the photograph, a .json of segments with masks, or a .ids.png of segment numbers",
    )
    .option("--size <pixels>", "most pixels of the image's shorter side (default: that of the run)", pixels)
    .option(
      "--window <height>x<width>",
      "go over the image in overlapping windows of so many pixels, for images larger than those of training",
      windowSize,
    )
    .option("--threads <count>", "threads to compute on (default: all logical cores)", pixels)
    .option("--json", "print the segments as JSON, with their masks as run lengths")
    .addHelpText(
      "after",
      "\nExit code: 0 done, 2 a wrong option or file.\n\nExamples:\n" +
        "  npx axial-lab segment street.jpg --model runs/axial-deeplab-camvid --out street.png\n" +
        "  npx axial-lab segment panorama.jpg --model runs/axial-deeplab-camvid --size 1024 --window 241x321 --out panorama.png",
    )
    .action(run);
}

async function run(
  path: string,
  { model: from, out, size, window, json = false, threads }: SegmentFlags,
): Promise<void> {
  if (out !== undefined && ![".png", ".json"].includes(extname(out)))
    throw new ConfigError(`--out: must end in .png or .json, got ${out}; choose one`);
  await engine.start(threads === undefined ? {} : { threads });
  const { model, config, task } = await restore(from, { createTask: (saved) => commandTask(saved.kind).create(saved) });
  const { things } = config.data.description;
  if (task.config.kind !== "panoptic" || !Array.isArray(things))
    throw new ConfigError(
      `--model: must be of a panoptic run, got one for ${task.config.kind} in ${from}; train one with --task panoptic`,
    );
  const image = await decodeImage(path, size ?? config.size.to);
  const startedAt = performance.now();
  const found = await segment(model, image, {
    classes: config.data.classes,
    things: things as number[],
    slidingWindow: window,
    ...(task.config.postProcessing as object),
  });
  const seconds = (performance.now() - startedAt) / 1000;
  if (json) console.log(JSON.stringify(jsonOf(found), null, 1));
  else console.log(table(found, seconds));
  if (out !== undefined) await writeFileAtomically(out, [await fileOf(out, image, found)]);
  model.dispose();
  await engine.stop();
}

const jsonOf = ({ map, segments }: Segmentation) => ({ height: map.height, width: map.width, segments });

async function fileOf(
  out: string,
  image: { readonly width: number; readonly height: number; readonly bytes: Uint8Array },
  found: Segmentation,
): Promise<Uint8Array> {
  if (out.endsWith(".json")) return new TextEncoder().encode(`${JSON.stringify(jsonOf(found))}\n`);
  if (!out.endsWith(".ids.png")) return drawSegmentation(image, found);
  const numbers = new Map(found.segments.map(({ label }, index) => [label, index + 1]));
  return segmentNumbersPng(found.map, (label) => numbers.get(label) ?? 0);
}

function table({ map, segments }: Segmentation, seconds: number): string {
  const pixelCount = map.height * map.width;
  const width = segments.reduce((most, { name }) => Math.max(most, name.length), 5);
  const rows = [...segments]
    .sort((a, b) => b.area - a.area)
    .map(({ name, isThing, score, area }) => {
      const share = `${((100 * area) / pixelCount).toFixed(1)} %`;
      return `${name.padEnd(width)}  ${isThing ? "thing" : "stuff"}  score ${score.toFixed(2)}  ${share.padStart(7)}`;
    });
  return [`${map.width} x ${map.height} pixels, ${segments.length} segments in ${seconds.toFixed(2)} s`, ...rows].join(
    "\n",
  );
}

function windowSize(text: string): { height: number; width: number } {
  const [height, width, ...more] = text.split("x").map(pixels);
  if (width === undefined || more.length > 0) throw new InvalidArgumentError("It must be two numbers, as in 241x321.");
  return { height, width };
}

function pixels(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("It must be a positive whole number.");
  return value;
}
