/** Which images make up which batch of an epoch. */
import { ConfigError } from "../core/errors.js";
import { permutation, randomOf } from "../core/random.js";
import type { BatchOptions, ImageDataset } from "./dataset.js";
import { purpose } from "./purposes.js";

function assertWhole(where: string, name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new ConfigError(
      `${where}: ${name} must be a whole number of at least ${least}, got ${value}; use ${least} or more`,
    );
  }
}

/** Options with their defaults filled in. */
export function resolveBatchOptions(where: string, options: BatchOptions) {
  const train = options.split === "train";
  if (!train && options.split !== "validation") {
    throw new ConfigError(
      `${where}: split must be "train" or "validation", got ${JSON.stringify(options.split)}; choose one`,
    );
  }
  const { skip = 0, augment = train, shuffle = train, dropRemainder = train, shard = { rank: 0, size: 1 } } = options;
  assertWhole(where, "batchSize", options.batchSize, 1);
  assertWhole(where, "size", options.size, 8);
  assertWhole(where, "seed", options.seed, 0);
  assertWhole(where, "epoch", options.epoch, 0);
  assertWhole(where, "skip", skip, 0);
  assertWhole(where, "shard.size", shard.size, 1);
  assertWhole(where, "shard.rank", shard.rank, 0);
  if (shard.rank >= shard.size) {
    throw new ConfigError(
      `${where}: shard.rank must be below shard.size, got ${shard.rank} of ${shard.size}; count ranks from 0`,
    );
  }
  return { ...options, skip, augment, shuffle, dropRemainder, shard };
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

/**
 * The images of each batch of the epoch, the skipped ones left out: every image at most once. Of a shard, its share of each
 * batch: the shares of all shards are disjoint and make the batch, and differ by one image at most; empty ones are left out.
 */
export function planEpoch(where: string, count: number, options: ResolvedBatchOptions): Uint32Array[] {
  const { split, batchSize, seed, epoch, skip, shuffle, dropRemainder, shard } = options;
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
  for (let batch = skip; batch < total; batch++) {
    const whole = order.subarray(batch * batchSize, (batch + 1) * batchSize);
    const from = (rank: number): number => Math.floor((rank * whole.length) / shard.size);
    const share = whole.slice(from(shard.rank), from(shard.rank + 1));
    if (share.length > 0) batches.push(share);
  }
  return batches;
}
