/** `axial-lab data`: brings images onto this machine, and shows what is there. */
import { readdir, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Option, type Command } from "commander";
import {
  augmentationPresets,
  cacheFolder,
  clearPixels,
  contactSheet,
  bringImagenette,
  generated,
  imageFolder,
  imagenetteArchives,
  imagenetteClasses,
  listImages,
  notAnImage,
  type AugmentationPreset,
  type ImageDataset,
  type ImagenetteVariant,
  type Listing,
  type SkippedImage,
  type Split,
} from "../data/index.js";
import { AxialError, FileError } from "../core/errors.js";
import { number } from "./arguments.js";
import { amount, createDataProgress } from "./data-progress.js";
import { register as registerCheck } from "./data-check.js";

export function register(program: Command): void {
  const data = program
    .command("data")
    .summary("download, unpack and inspect images")
    .description("Images to train on: brings them onto this machine and shows what is there.")
    .addHelpText("after", help);

  data
    .command("imagenette")
    .summary("download or unpack Imagenette: 13,394 photographs, 10 classes")
    .description(
      "Brings Imagenette onto this machine: downloads an official archive, or takes a local one, and unpacks it. " +
        "An interrupted download goes on where it stopped; its checksum is verified.",
    )
    .addOption(
      new Option("--size <pixels>", "which archive: shorter side of its images").choices(
        Object.keys(imagenetteArchives),
      ),
    )
    .option("--from <file>", "a local archive (.tgz, .tar) or folder, instead of a download")
    .option("--to <folder>", "where to unpack to (default: the cache folder); train finds it anywhere")
    .option("--keep-archive", "keep the downloaded archive")
    .option("--json", "print the result as JSON")
    .addHelpText("after", imagenetteHelp)
    .action(fetch);

  data
    .command("info <folder>")
    .summary("count the images of a folder by class")
    .description(
      "Shows what a folder of images holds: train/CLASS and val/CLASS, or train/CLASS or CLASS alone, of which a fifth is held " +
        "out for validation.",
    )
    .option("--check", "decode every image, and list those that cannot be read")
    .option("--json", "print the findings as JSON")
    .addHelpText("after", "\nExit code: 0 done, 1 --check found images that cannot be read, 2 no such data set.")
    .action(info);

  registerCheck(data);

  data
    .command("preview")
    .summary("draw a sheet of images as a network is given them")
    .description("Draws images as training sees them, cropped and augmented, on one PNG.")
    .option("--from <folder>", "a folder of images (default: the generated data set)")
    .option("--out <file>", "the PNG", "preview.png")
    .option("--size <pixels>", "side of each image", number, 64)
    .option("--count <images>", "how many", number, 64)
    .option("--seed <number>", "which images, and how they are augmented", number, 0)
    .addOption(new Option("--augmentation <name>").choices(Object.keys(augmentationPresets)).default("fastai"))
    .addOption(new Option("--split <name>").choices(["train", "validation"]).default("train"))
    .action(preview);

  data
    .command("cache")
    .summary("show or clear what is kept between runs")
    .description("Shows where data are kept and how much room they take. AXIAL_LAB_CACHE chooses another folder.")
    .option("--clear", "delete the decoded images; they are made again when needed, downloads stay")
    .option("--json", "print the findings as JSON")
    .action(cache);
}

const help = `
Examples:
  npx axial-lab data imagenette                        download 99 MB, for images up to 160 px
  npx axial-lab data imagenette --from FILE.tgz        unpack a local archive
  npx axial-lab data info ~/images --check             is my own folder in order?
  npx axial-lab data preview --from ~/images --augmentation reference

The generated data set needs no files: npx axial-lab train --data generated`;

const imagenetteHelp = `
Sizes: ${Object.entries(imagenetteArchives)
  .map(([name, { bytes }]) => `${name} (${amount(bytes, "bytes")})`)
  .join(", ")}; default 160.

Examples:
  npx axial-lab data imagenette --size 320
  npx axial-lab data imagenette --from imagenette2-320.tgz --to images --json

Exit code: 0 done, 1 the download failed (the same command goes on with it), 2 wrong archive, folder or option.`;

interface FetchFlags {
  readonly size?: string;
  readonly from?: string;
  readonly to?: string;
  readonly keepArchive?: boolean;
  readonly json?: boolean;
}

async function fetch({ size, from, to, keepArchive, json }: FetchFlags): Promise<void> {
  const progress = createDataProgress(process.stderr);
  const stop = new AbortController();
  const onInterrupt = (): void =>
    stop.abort(
      new AxialError("data: the download must be let finish, got Ctrl-C; the same command goes on where it was"),
    );
  process.once("SIGINT", onInterrupt);
  try {
    const variant = size === undefined ? undefined : ((size === "full" ? size : Number(size)) as ImagenetteVariant);
    const folder = await bringImagenette({
      from,
      ...(variant !== undefined && { variant }),
      ...(to !== undefined && { to: resolve(to) }),
      keepArchive,
      signal: stop.signal,
      onProgress: progress.show,
    });
    progress.end();
    await report(folder, { json });
    if (json !== true) console.log("\nnext: npx axial-lab train --data imagenette");
  } catch (error) {
    progress.end();
    // Without --from there is no input that could be wrong: the network is.
    const isInput = !stop.signal.aborted && !(error instanceof FileError && from === undefined);
    if (isInput || !(error instanceof AxialError)) throw error;
    console.error(error.message);
    process.exitCode = stop.signal.aborted ? 130 : 1;
  } finally {
    process.off("SIGINT", onInterrupt);
  }
}

/** What a folder holds. */
async function describe(folder: string) {
  const listing = await listImages("data info", folder);
  return findingsOf(listing, listing.images, listing.skipped);
}

function findingsOf(
  { folder, classFolders, heldOut }: Listing,
  images: Listing["images"],
  skipped: readonly SkippedImage[],
) {
  const countOf = (split: Split, label: number): number =>
    images[split].filter((image) => image.label === label).length;
  return {
    folder,
    train: images.train.length,
    validation: images.validation.length,
    /** The share held out for validation, where no folder holds such images. */
    heldOut,
    classes: classFolders.map((name, label) => ({
      name: imagenetteClasses[name] ?? name,
      folder: name,
      train: countOf("train", label),
      validation: countOf("validation", label),
    })),
    skipped,
  };
}

/** So many of the files that are left out are named, that a set of broken ones does not hide what was found. */
const mostSkipped = 20;

async function report(folder: string, { json, check }: { json?: boolean; check?: boolean }): Promise<void> {
  const found = check === true ? await decodeAll(folder) : await describe(folder);
  if (json === true) {
    console.log(JSON.stringify(found, null, 2));
    return;
  }
  const width = found.classes.reduce((most, { name }) => Math.max(most, name.length), 7);
  const row = (name: string, train: string | number, validation: string | number): string =>
    `${name.padEnd(width)}  ${String(train).padStart(6)}  ${String(validation).padStart(10)}`;
  const lines = [
    found.folder,
    "",
    row("class", "train", "validation"),
    ...found.classes.map(({ name, train, validation }) => row(name, train, validation)),
    row("all", found.train, found.validation),
    ...(found.heldOut === null
      ? []
      : ["", `There are no folders of validation images: ${found.heldOut * 100} % of each class are held out.`]),
    ...(found.skipped.length > 0
      ? ["", found.skipped.length === 1 ? "1 file is left out:" : `${found.skipped.length} files are left out:`]
      : []),
    ...found.skipped.slice(0, mostSkipped).map(({ path, reason }) => `  ${path}: ${reason}`),
    ...(found.skipped.length > mostSkipped
      ? [`  and ${found.skipped.length - mostSkipped} more; --json names them all`]
      : []),
  ];
  console.log(lines.join("\n"));
}

async function info(folder: string, flags: { json?: boolean; check?: boolean }): Promise<void> {
  await report(folder, flags);
}

/** The same after decoding every image, which also fills the cache for 64 px: those that cannot be read are left out. */
async function decodeAll(folder: string) {
  const listing = await listImages("data info", folder);
  const dataset = await imageFolder(folder);
  const progress = createDataProgress(process.stderr);
  try {
    await dataset.prepare({ size: 64, onProgress: progress.show });
  } finally {
    progress.end();
    await dataset.close();
  }
  const { skipped } = dataset;
  const broken = new Set(skipped.map(({ path }) => path));
  const readable = (split: Split) => listing.images[split].filter(({ path }) => !broken.has(path));
  if (skipped.some(({ reason }) => reason !== notAnImage)) process.exitCode = 1;
  return findingsOf(listing, { train: readable("train"), validation: readable("validation") }, skipped);
}

interface PreviewFlags {
  readonly from?: string;
  readonly out: string;
  readonly size: number;
  readonly count: number;
  readonly seed: number;
  readonly augmentation: AugmentationPreset;
  readonly split: Split;
}

async function preview({ from, out, size, count, seed, augmentation, split }: PreviewFlags): Promise<void> {
  const progress = createDataProgress(process.stderr);
  const dataset: ImageDataset = from === undefined ? generated({ seed }) : await imageFolder(from, { augmentation });
  try {
    await dataset.prepare({ size, splits: [split], onProgress: progress.show });
    progress.end();
    const options = { split, size, seed, epoch: 0, batchSize: count, shuffle: true, dropRemainder: false } as const;
    for await (const batch of dataset.batches(options)) {
      await writeFile(out, await contactSheet(batch));
      console.log(`wrote ${out}: ${batch.labels.length} images of ${dataset.name}, ${size} px`);
      break;
    }
  } finally {
    await dataset.close();
  }
}

async function cache({ clear, json }: { clear?: boolean; json?: boolean }): Promise<void> {
  const folder = cacheFolder();
  const freed = clear === true ? await clearPixels(folder) : null;
  const found = {
    folder,
    downloads: await names(join(folder, "imagenette")),
    decoded: await names(join(folder, "pixels")),
    ...(freed && { freed }),
  };
  if (json === true) {
    console.log(JSON.stringify(found, null, 2));
    return;
  }
  const total = found.decoded.reduce((sum, { bytes }) => sum + bytes, 0);
  console.log(`folder     ${folder}`);
  console.log(`downloads  ${found.downloads.map(({ name }) => name).join(", ") || "none"}`);
  console.log(`decoded    ${found.decoded.length} files, ${amount(total, "bytes")}`);
  if (freed) console.log(`freed      ${freed.files} files, ${amount(freed.bytes, "bytes")}`);
}

/** Files and folders in a folder, with the files' sizes; none where it does not exist. */
async function names(folder: string): Promise<{ name: string; bytes: number }[]> {
  const found = await readdir(folder).catch(() => []);
  return Promise.all(found.sort().map(async (name) => ({ name, bytes: (await stat(join(folder, name))).size })));
}
