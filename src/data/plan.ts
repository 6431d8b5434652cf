/** Which images make up which batch of an epoch. */
import { ConfigError } from "../core/errors.js";
import type { BatchOptions, ImageDataset } from "./dataset.js";
import { permutation, purpose, randomOf } from "./random.js";

function assertWhole(where: string, name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new ConfigError(`${where}: ${name} must be a whole number of at least ${least}, got ${value}`);
  }
}

/** Options with their defaults filled in. */
export function resolveBatchOptions(where: string, options: BatchOptions) {
  const train = options.split === "train";
  if (!train && options.split !== "validation") {
    throw new ConfigError(`${where}: split must be "train" or "validation", got ${JSON.stringify(options.split)}`);
  }
  const { skip = 0, augment = train, shuffle = train, dropRemainder = train } = options;
  assertWhole(where, "batchSize", options.batchSize, 1);
  assertWhole(where, "size", options.size, 8);
  assertWhole(where, "seed", options.seed, 0);
  assertWhole(where, "epoch", options.epoch, 0);
  assertWhole(where, "skip", skip, 0);
  return { ...options, skip, augment, shuffle, dropRemainder };
}

export type ResolvedBatchOptions = ReturnType<typeof resolveBatchOptions>;

/** Batches of one epoch, before any are skipped. */
export function batchesPerEpoch(
  dataset: Pick<ImageDataset, "count">,
  { split, batchSize, dropRemainder = split === "train" }: Pick<BatchOptions, "split" | "batchSize" | "dropRemainder">,
): number {
  const batches = dataset.count(split) / batchSize;
  return dropRemainder ? Math.floor(batches) : Math.ceil(batches);
}

/** The images of each batch of the epoch, the skipped ones left out: every image at most once. */
export function planEpoch(where: string, count: number, options: ResolvedBatchOptions): Uint32Array[] {
  const { split, batchSize, seed, epoch, skip, shuffle, dropRemainder } = options;
  const total = batchesPerEpoch({ count: () => count }, options);
  if (total === 0) {
    throw new ConfigError(
      `${where}: an epoch must hold at least one batch, got ${count} ${split} images, batchSize=${batchSize}` +
        `${dropRemainder ? ", dropRemainder=true" : ""}; use ${count > 0 ? `batchSize=${count} or less` : "another split"}`,
    );
  }
  const order = shuffle
    ? permutation(count, randomOf(purpose.order, seed, epoch))
    : Uint32Array.from({ length: count }, (_, i) => i);
  const batches: Uint32Array[] = [];
  for (let batch = skip; batch < total; batch++) batches.push(order.slice(batch * batchSize, (batch + 1) * batchSize));
  return batches;
}
