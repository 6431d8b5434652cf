/** `axial-lab export`: a trained model as a file for other programs. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type * as tf from "@tensorflow/tfjs";
import { InvalidArgumentError, Option, type Command } from "commander";
import { ConfigError } from "../core/errors.js";
import * as engine from "../engine/index.js";
import { saveOnnx, saveTfjs, saveWeb } from "../export/index.js";
import { configuration, create, names, type ResNetConfig } from "../models/index.js";
import { restore } from "../training/index.js";
import { load, save } from "../weights/index.js";

interface ExportFlags {
  readonly to: keyof typeof endings;
  readonly family?: string;
  readonly out?: string;
  readonly model?: string;
  readonly classes?: number;
  readonly size?: number;
  readonly images?: number;
  readonly bits?: keyof typeof precisions;
  readonly weights?: string;
}

/** How what each form writes is named after the model; of tfjs and web a folder. */
const endings = { onnx: ".onnx", safetensors: ".safetensors", tfjs: "-tfjs", web: "-web" } as const;

/** How many bits a weight of a page may have. */
const precisions = { "32": "F32", "16": "F16", "8": "I8" } as const;

export function register(program: Command): void {
  program
    .command("export")
    .summary("a trained model as a file for other programs")
    .description("Writes the model of a run or checkpoint in a form that other programs load.")
    .argument("<run>", "the folder of a run (its best.safetensors), a checkpoint, or, with --model, anyone's weights")
    .argument("[out]", "where to, as --out")
    .addOption(
      new Option(
        "--to <form>",
        "onnx: a network that onnxruntime runs; tfjs: a folder that TensorFlow.js loads without this package; " +
          "web: a page that classifies photos; safetensors: weights",
      )
        .choices(Object.keys(endings))
        .makeOptionMandatory(),
    )
    .option(
      "--family <name>",
      "of safetensors: whose names and layouts, such as csrhddlam or torchvision (default: ours)",
    )
    .option("--out <file>", "where to (default: beside the run, named after the model)")
    .option("--weights <which>", "trained, ema, or a place in the file (default: what validation measured)")
    .option("--model <name>", `of weights that no run of ours wrote: one of ${names().join(", ")}`)
    .option("--classes <count>", "with --model: how many classes (default 1000)", whole)
    .option("--size <pixels>", "with --model: side of the images that it was trained on (default 224)", whole)
    .addOption(
      new Option("--bits <count>", "of web: of each weight; of 8 those of kernels (default: 16)").choices(
        Object.keys(precisions),
      ),
    )
    .option("--images <pixels>", "of tfjs: side of the images that it will take (default: that of training)", whole)
    .addHelpText(
      "after",
      `
The ONNX file takes batches and images of any size, [batch, height, width, 3], normalised as in training; batch norms are folded.
The layers model of TensorFlow.js is the same with images of one size; it is loaded with tf.loadLayersModel.
The page opens from a disk as it is: drop a photo on it, see its class, click where to see what that place looks at.

Examples:
  npx axial-lab export runs/axial-resnet-26-s-imagenette --to onnx
  npx axial-lab export runs/axial-resnet-26-s-imagenette --to tfjs site/model
  npx axial-lab export runs/axial-resnet-26-s-imagenette --to web page
  npx axial-lab export runs/axial-resnet-26-s-imagenette --to safetensors --family csrhddlam
  npx axial-lab export axial26s.pth --model axial-resnet-26-s --to onnx --out axial26s.onnx

Exit code: 0 done, 2 a wrong option or file, or a model that the form cannot hold; nothing is written then.`,
    )
    .action(run);
}

async function run(path: string, place: string | undefined, flags: ExportFlags): Promise<void> {
  const { to, family, images } = flags;
  assertFits(flags, place);
  await engine.start({ threads: 1 });
  try {
    const source = flags.model === undefined ? await modelOfRun(path, flags) : await modelOfFile(path, flags);
    const { model, classes, size } = source;
    const out = place ?? flags.out ?? join(isFolder(path) ? path : dirname(path), `${model.name}${endingOf(flags)}`);
    if (existsSync(out) && basename(out) === basename(path))
      throw new ConfigError(`export: out must be another file than the checkpoint, got ${out}; add --out`);
    switch (to) {
      case "onnx":
        await saveOnnx(model, out, { classes });
        break;
      case "tfjs":
        await saveTfjs(model, out, { classes, size: images ?? size });
        break;
      case "web": {
        const precision = precisions[flags.bits ?? "16"];
        const network = networkOf(source, path);
        await saveWeb(model, out, { network, classes, size, crop: source.crop, precision });
        break;
      }
      case "safetensors":
        await save(model, out, { family });
    }
    console.log(`wrote ${out} (${(bytesOf(out) / 1e6).toFixed(1)} MB)`);
    model.dispose();
  } finally {
    await engine.stop();
  }
}

/** Options that belong to one form, or to one kind of source. */
function assertFits(flags: ExportFlags, place: string | undefined): void {
  const { to, family, images, bits, out, model, classes, size } = flags;
  if (family !== undefined && to !== "safetensors")
    throw new ConfigError(
      `export: family belongs to --to safetensors, got --to ${to} --family ${family}; leave one out`,
    );
  if (images !== undefined && to !== "tfjs")
    throw new ConfigError(`export: images belongs to --to tfjs, got --to ${to} --images ${images}; leave one out`);
  if (bits !== undefined && to !== "web")
    throw new ConfigError(`export: bits belongs to --to web, got --to ${to} --bits ${bits}; leave it out`);
  if (place !== undefined && out !== undefined)
    throw new ConfigError(`export: out must be given once, got ${place} and --out ${out}; leave one out`);
  if (model === undefined && (classes !== undefined || size !== undefined))
    throw new ConfigError("export: classes and size belong to --model, got them without; a run knows its own");
}

/** Of a file, or of all files of a folder. */
const bytesOf = (path: string): number =>
  isFolder(path) ? readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0) : statSync(path).size;

const endingOf = ({ to, family }: ExportFlags): string =>
  to === "safetensors" && family !== undefined ? `-${family}${endings[to]}` : endings[to];

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

interface Source {
  readonly model: tf.LayersModel;
  readonly classes?: readonly string[];
  /** Of the images that it was trained on, in pixels. */
  readonly size: number;
  /** Side of validation's square, as a part of the shorter side; undefined where that is not known. */
  readonly crop?: number;
  /** From which a page builds it anew; null where the run's caller built it. */
  readonly network: string | ResNetConfig | null;
}

function networkOf({ network }: Source, path: string): ResNetConfig {
  if (network !== null) return configuration(network);
  throw new ConfigError(
    `export: a page must build the network anew, got ${path}, whose run trained one that its caller built; export it to tfjs`,
  );
}

async function modelOfRun(path: string, { weights }: ExportFlags): Promise<Source> {
  const best = join(path, "best.safetensors");
  if (weights !== undefined && weights !== "trained" && weights !== "ema")
    throw new ConfigError(`export: weights of a run must be trained or ema, got ${weights}; leave it out for the best`);
  const which = weights === "trained" ? "raw" : "validated";
  const { model, config } = await restore(isFolder(path) && existsSync(best) ? best : path, { weights: which });
  return {
    model,
    size: config.size.to,
    network: config.model as string | ResNetConfig | null,
    ...dataOf(config),
  };
}

async function modelOfFile(
  path: string,
  { model: name, classes = 1000, size = 224, weights }: ExportFlags,
): Promise<Source> {
  const model = create(name!, { classes, size });
  await load(model, path, { weights });
  return { model, size, network: name! };
}

/** What the run says of its data, where it has such. */
function dataOf(config: object): Pick<Source, "classes" | "crop"> {
  const { data } = config as { data?: { classes?: readonly string[]; description?: DataDescription } };
  return { classes: data?.classes, crop: data?.description?.augmentation?.validationCrop };
}

/** Of a folder of images or a set that is downloaded; others say other things. */
interface DataDescription {
  readonly augmentation?: { readonly validationCrop?: number };
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError("It must be a whole number above 0.");
  return value;
}
