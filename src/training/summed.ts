/** Tensors summed over the ranks of an exchange. */
import { createHash } from "node:crypto";
import * as tf from "@tensorflow/tfjs";
import { AxialError } from "../core/errors.js";
import type { Exchange } from "../exchange/exchange.js";

/**
 * The sums over all ranks of tensors of the same shapes; null stays null. Disposes of what they were where it makes new
 * ones; a single rank gets its own back.
 */
export async function summed(
  exchange: Exchange,
  tensors: readonly (tf.Tensor | null)[],
): Promise<readonly (tf.Tensor | null)[]> {
  if (exchange.size === 1) return tensors;
  const values = await Promise.all(tensors.map(async (tensor) => tensor && (await tensor.data<"float32">())));
  await exchange.sum(values.filter((array) => array !== null));
  return tensors.map((tensor, i) => {
    const array = values[i];
    if (tensor === null || array === null) return null;
    const { shape } = tensor;
    tensor.dispose();
    return tf.tensor(array, shape);
  });
}

/** Puts the mean over all ranks in place of the variables' values: what running statistics are synchronised with. */
export async function averageOverRanks(exchange: Exchange, variables: readonly tf.Variable[]): Promise<void> {
  if (exchange.size === 1) return;
  const means = await meansOverRanks(exchange, variables);
  variables.forEach((variable, i) => variable.assign(means[i]));
  tf.dispose(means);
}

/** Puts the values of rank 0 in place of the others'. */
export async function broadcastVariables(exchange: Exchange, variables: readonly tf.Variable[]): Promise<void> {
  if (exchange.size === 1) return;
  const values = await Promise.all(variables.map((variable) => variable.data<"float32">()));
  await exchange.broadcast(values);
  tf.tidy(() => variables.forEach((variable, i) => variable.assign(tf.tensor(values[i], variable.shape))));
}

/** Sums of a few numbers in the middle of a pass. */
export const summedAtOnce =
  (exchange: Exchange) =>
  (values: Float64Array): void =>
    exchange.sumAtOnce([values]);

/** The means over all ranks; the variables stay as they are. The caller disposes of them. */
export async function meansOverRanks(exchange: Exchange, variables: readonly tf.Variable[]): Promise<tf.Tensor[]> {
  const copies = variables.map((variable) => variable.clone());
  const sums = (await summed(exchange, copies)) as tf.Tensor[];
  if (exchange.size === 1) return sums;
  const means = tf.tidy(() => sums.map((sum) => sum.div(exchange.size)));
  tf.dispose(sums);
  return means;
}

/**
 * Makes sure that variables hold the same bits on every rank, by their hashes.
 *
 * @throws AxialError on all ranks where they do not, naming those that differ from rank 0
 */
export async function assertSameOnAllRanks(
  exchange: Exchange,
  variables: readonly tf.Variable[],
  what: string,
): Promise<void> {
  if (exchange.size === 1) return;
  const hash = createHash("sha256");
  for (const variable of variables) {
    const { buffer, byteOffset, byteLength } = await variable.data<"float32">();
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  const own = Float64Array.from(hash.digest()); // a byte each, which no sum or broadcast changes
  const first = own.slice();
  await exchange.broadcast([first]);
  const differs = new Float64Array(exchange.size);
  differs[exchange.rank] = own.every((byte, i) => byte === first[i]) ? 0 : 1;
  await exchange.sum([differs]);
  const ranks = [...differs.keys()].filter((rank) => differs[rank] > 0);
  if (ranks.length === 0) return;
  throw new AxialError(
    `train: ${what} must be the same on all ranks, got others than rank 0's on ${ranks.join(", ")}; ` +
      `start all with the same program, engine and processor, and go on from the last checkpoint`,
  );
}
