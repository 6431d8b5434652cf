/** Tensors summed over the ranks of an exchange. */
import * as tf from "@tensorflow/tfjs";
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
  const sums = await summed(
    exchange,
    variables.map((variable) => variable.clone()),
  );
  tf.tidy(() => variables.forEach((variable, i) => variable.assign(sums[i]!.div(exchange.size))));
  tf.dispose(sums as tf.Tensor[]);
}

/** Puts the values of rank 0 in place of the others'. */
export async function broadcastVariables(exchange: Exchange, variables: readonly tf.Variable[]): Promise<void> {
  if (exchange.size === 1) return;
  const values = await Promise.all(variables.map((variable) => variable.data<"float32">()));
  await exchange.broadcast(values);
  tf.tidy(() => variables.forEach((variable, i) => variable.assign(tf.tensor(values[i], variable.shape))));
}
