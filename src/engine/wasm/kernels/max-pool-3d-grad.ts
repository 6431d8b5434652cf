/**
 * The gradient of maxima over windows of volumes, whose places TensorFlow.js's JavaScript kernel takes for others where windows
 * are not as wide as they are high. In JavaScript, on the memory of the engine.
 */
import * as tf from "@tensorflow/tfjs";
import { defineKernel, output, pointerOf, type WasmKernel } from "../kernel.js";

interface PoolAttrs {
  readonly filterSize: [number, number, number] | number;
  readonly strides: [number, number, number] | number;
  readonly pad: "valid" | "same" | number;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

type Inputs = Readonly<Record<"dy" | "input" | "output", tf.TensorInfo>>;

/** Places from `from` on that a window has along an axis, without those past the ends. */
const along = (from: number, window: number, size: number): number[] =>
  Array.from({ length: window }, (_, tap) => from + tap).filter((place) => place >= 0 && place < size);

/** What each window got goes to the first of its places that holds its maximum; a NaN is the maximum where there is one. */
export const maxPool3dGradient: WasmKernel = defineKernel<Inputs, PoolAttrs>("MaxPool3DGrad", (call) => {
  const { dy, input, output: y } = call.inputs;
  const { filterSize, strides, pad, dimRoundingMode } = call.attrs;
  const shape = input.shape as [number, number, number, number, number];
  const info = tf.backend_util.computePool3DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  const dx = output(call, shape);
  const view = (tensor: tf.TensorInfo): Float32Array =>
    new Float32Array(call.pool.memory.buffer, pointerOf(call, tensor), tf.util.sizeFromShape(tensor.shape));
  const [values, maxima, cotangent, gradient] = [input, y, dy, dx].map(view);
  gradient.fill(0);
  const { batchSize, inChannels: channels, inDepth, inHeight, inWidth, padInfo } = info;
  let place = 0;
  for (let b = 0; b < batchSize; b++)
    for (let i = 0; i < info.outDepth; i++)
      for (let j = 0; j < info.outHeight; j++)
        for (let k = 0; k < info.outWidth; k++) {
          const places = along(i * info.strideDepth - padInfo.front, info.filterDepth, inDepth).flatMap((depth) =>
            along(j * info.strideHeight - padInfo.top, info.filterHeight, inHeight).flatMap((row) =>
              along(k * info.strideWidth - padInfo.left, info.filterWidth, inWidth).map(
                (column) => (((b * inDepth + depth) * inHeight + row) * inWidth + column) * channels,
              ),
            ),
          );
          for (let c = 0; c < channels; c++, place++) {
            const first = places.find(
              (at) => Object.is(values[at + c], maxima[place]) || values[at + c] === maxima[place],
            );
            if (first !== undefined) gradient[first + c] += cotangent[place];
          }
        }
  return dx;
});
