/** Networks in a page: loading one, asking it for the class of a photo, seeing what it looks at. */
import * as tf from "@tensorflow/tfjs";
import { FileError } from "../core/errors.js";
import { inspect, type Inspection } from "../inspection/index.js";
import { create } from "../models/index.js";
import { start } from "./engine.js";
import { bytesOf, inflated } from "./inflate.js";
import { decodeNet } from "./net-file.js";
import { preparePhoto, type Photo, type PreparedPhoto } from "./photo.js";

export interface Net {
  readonly model: tf.LayersModel;
  readonly classes: readonly string[];
  /** Side of the images that it was trained on, in pixels. */
  readonly size: number;
  /** Side of the square of a photo that it is given, as a part of the photo's shorter side. */
  readonly crop: number;
  /** Frees its weights. */
  dispose(): void;
}

/** A network's file as text, for pages that may fetch none. */
export interface NetText {
  readonly base64: string;
  /** Whether the bytes are deflated, without a header. Default false. */
  readonly deflated?: boolean;
}

/** The class of a photo, as the network has it. */
export interface Classified {
  /** Every class with its probability, the likeliest first. */
  readonly ranked: readonly { readonly name: string; readonly probability: number }[];
  /** Of the network alone, without decoding the photo. */
  readonly milliseconds: number;
  readonly photo: PreparedPhoto;
}

/** What the network sees of a photo: see {@link inspect}. */
export interface Look extends Inspection {
  readonly photo: PreparedPhoto;
}

/**
 * A network that `axial-lab export --to web` wrote, and starts the engine where none runs.
 *
 *     const net = await loadNet("model/net.safetensors");
 *
 * @param source its address, its bytes, or its bytes as text, as `net.js` has them
 * @throws FileError where there is no such file, or it is none of ours
 */
export async function loadNet(source: string | URL | Uint8Array | NetText): Promise<Net> {
  await start();
  const where = typeof source === "string" || source instanceof URL ? String(source) : "the network";
  const { config, classes, size, crop, weights } = decodeNet(await read(source), where);
  const model = create(config, { classes: classes.length, size });
  try {
    tf.tidy(() => {
      for (const weight of model.weights) {
        const stored = weights.get(weight.originalName);
        if (stored?.shape.join() !== weight.shape.join())
          throw new FileError(
            `web.loadNet: ${where} must hold ${weight.originalName} [${weight.shape.join(", ")}], ` +
              `got ${stored === undefined ? "none" : `[${stored.shape.join(", ")}]`}; write it anew with npx axial-lab export`,
          );
        weight.write(tf.tensor(stored.values, [...stored.shape]));
      }
    });
  } catch (error) {
    model.dispose();
    throw error;
  }
  return { model, classes, size, crop, dispose: () => void model.dispose() };
}

async function read(source: string | URL | Uint8Array | NetText): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (typeof source === "object" && "base64" in source)
    return source.deflated === true ? inflated(source.base64) : bytesOf(source.base64);
  const response = await fetch(source).catch((error: unknown) => {
    throw new FileError(
      `web.loadNet: ${String(source)} must be an address that the page may fetch, got ${String(error)}; ` +
        `a page opened from a disk may fetch none, give { base64 } there`,
    );
  });
  if (!response.ok)
    throw new FileError(`web.loadNet: ${String(source)} must be there, got status ${response.status}; name another`);
  return new Uint8Array(await response.arrayBuffer());
}

/**
 * The class of a photo: its middle as validation cut it, at the size of the network's training.
 *
 *     const { ranked } = await classify(file, net);
 *     console.log(ranked[0].name, ranked[0].probability);
 *
 * @throws ConfigError where the file is no picture that the browser can read
 */
export async function classify(photo: Photo, net: Net): Promise<Classified> {
  const prepared = await preparePhoto(photo, net.size, net.crop);
  const startedAt = performance.now();
  const probabilities = tf.tidy(() => {
    const batch = tf.tensor4d(prepared.values as Float32Array, [1, ...prepared.shape]);
    const [logits] = [net.model.predict(batch)].flat();
    return tf.softmax(logits).dataSync<"float32">();
  });
  const milliseconds = performance.now() - startedAt;
  const ranked = net.classes
    .map((name, index) => ({ name, probability: probabilities[index] }))
    .sort((a, b) => b.probability - a.probability);
  return { ranked, milliseconds, photo: prepared };
}

/**
 * The attention weights of every layer on a photo, and what each place receives: see {@link inspect}.
 *
 * @throws ConfigError where the file is no picture that the browser can read, and for a network without attention layers
 */
export async function look(photo: Photo, net: Net): Promise<Look> {
  const prepared = await preparePhoto(photo, net.size, net.crop);
  return { ...(await inspect(net.model, prepared)), photo: prepared };
}
