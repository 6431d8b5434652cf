/** A trained classifier as a page of its own: a folder that opens from a disk and asks no server for anything. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import type * as tf from "@tensorflow/tfjs";
import { writeFileAtomically } from "../core/atomic-file.js";
import { browserFile } from "../core/browser-file.js";
import { UnsupportedError } from "../core/errors.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";
import { version } from "../core/version.js";
import type { ResNetConfig } from "../models/index.js";
import { documentHtml } from "../notebook/page/document.js";
import { escapeHtml, scriptJson } from "../notebook/page/html.js";
import { encodeNet, type Precision } from "../web/net-file.js";

/** What a page must know of a network beside its weights. */
export interface WebOptions {
  /** The data that the model was built from. */
  readonly network: ResNetConfig;
  /** Side of the images that it was trained on, in pixels. */
  readonly size: number;
  /** Side of the square that validation cut out of an image's middle, as a part of its shorter side. Default 1. */
  readonly crop?: number;
  /** What the outputs stand for. Default: their numbers. */
  readonly classes?: readonly string[];
  /** Of the weights. Default `F16`: half the bytes, each rounded to 11 bits. `I8`: kernels in 8 bits, a quarter of the bytes. */
  readonly precision?: Precision;
}

const keys: KeysOf<WebOptions> = { network: true, size: true, crop: true, classes: true, precision: true };

/**
 * The files of the page: `index.html`; `live.js`, the engine and what the page does; `net.js`, the network as a script sets it,
 * for pages from a disk; `net.safetensors`, the same for `loadNet` of `axial-lab/web`.
 *
 * @throws UnsupportedError for a network that gives something else than one row of logits an image
 * @throws ConfigError for an option that there is not
 */
export function webFiles(model: tf.LayersModel, options: WebOptions): Map<string, readonly Uint8Array[]> {
  assertKnownKeys("export.webFiles", options, keys);
  const { network, size, crop = 1, precision = "F16" } = options;
  const [logits] = model.outputs;
  if (model.outputs.length !== 1 || logits.shape.length !== 2)
    throw new UnsupportedError(
      `export to web: a model must be a classifier of whole images, got outputs of ` +
        `${model.outputs.map(({ shape }) => `[${shape.join(", ")}]`).join(", ")}; nothing was written`,
    );
  const classes = options.classes ?? Array.from({ length: logits.shape[1]! }, (_, index) => String(index));
  const weights = new Map(
    model.weights.map((weight) => [
      weight.originalName,
      { shape: weight.shape as number[], values: weight.read().dataSync<"float32">() },
    ]),
  );
  const net = Buffer.concat(encodeNet({ config: network, classes, size, crop, weights }, precision));
  const base64 = deflateRawSync(net, { level: 9 }).toString("base64");
  const packaged = `globalThis.axialNet=${scriptJson({ name: model.name, base64, deflated: true })};\n`;
  const text = (contents: string) => [new TextEncoder().encode(contents)];
  return new Map([
    ["net.safetensors", [net]],
    ["net.js", text(packaged)],
    ["live.js", text(browserFile("live.js"))],
    ["index.html", text(livePage(model.name, classes, size))],
  ]);
}

/**
 * Writes {@link webFiles} into a folder, each whole or not at all, the page last.
 *
 * @throws UnsupportedError for a network that is no classifier, before anything is written
 * @throws ConfigError for an option that there is not
 */
export async function saveWeb(model: tf.LayersModel, folder: string, options: WebOptions): Promise<void> {
  const files = webFiles(model, options);
  await mkdir(folder, { recursive: true });
  for (const [name, parts] of files) await writeFileAtomically(join(folder, name), [...parts]);
}

function livePage(name: string, classes: readonly string[], size: number): string {
  const listed = new Intl.ListFormat("en").format(classes.map(escapeHtml));
  return documentHtml({
    title: name,
    style: browserFile("live.css"),
    main: `<h1>${escapeHtml(name)}</h1>
<p>A network with axial attention that runs on this page. Give it a photo: it tells the class, and what each place looks at.</p>
<div id="live" class="live"><noscript>This page computes in your browser and needs its scripts.</noscript></div>
<h2>What it knows</h2>
<p>${classes.length} classes: ${listed}. It sees the middle of a photo, ${size} &times; ${size} pixels.</p>
<p>The photo stays in this page, which is forbidden to send anything anywhere.</p>`,
    after: `<footer>Made by axial-lab ${escapeHtml(version)}.</footer>`,
    files: ["net.js", "live.js"],
    scripts: [browserFile("page.js")],
  });
}
