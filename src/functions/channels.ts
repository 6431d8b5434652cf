/** Where the channels of a tensor are. */
import type * as tf from "@tensorflow/tfjs";
import { ConfigError } from "../core/errors.js";

/**
 * The axis of the channels counted from the start. `where` begins the error.
 *
 * @throws ConfigError when there is no such axis, or it is that of the batch
 */
export function channelAxisOf(channelAxis: number, rank: number, where: string): number {
  const axis = channelAxis < 0 ? channelAxis + rank : channelAxis;
  if (!Number.isInteger(axis) || axis < 1 || axis >= rank)
    throw new ConfigError(
      `${where}: channelAxis must name an axis other than the batch's, got ${channelAxis} of ${rank} axes; ` +
        `use 1 to ${rank - 1}, or -1 for the last`,
    );
  return axis;
}

/** Moves the channels from axis `index` to the end. */
export function channelsLast(x: tf.Tensor, index: number): tf.Tensor {
  if (index === x.rank - 1) return x;
  const others = x.shape.map((_, axis) => axis).filter((axis) => axis !== index);
  return x.transpose([...others, index]);
}

/** Moves the channels from the end to axis `index`. */
export function channelsAt(x: tf.Tensor, index: number): tf.Tensor {
  if (index === x.rank - 1) return x;
  const order = x.shape.map((_, axis) => axis).slice(0, -1);
  order.splice(index, 0, x.rank - 1);
  return x.transpose(order);
}
