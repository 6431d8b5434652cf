/**
 * ResizeBilinear and its gradient under tfjs's names, threaded, where tfjs's WebAssembly uses one thread; the gradient is right for
 * pixels counted from their middles too, which tfjs's is not.
 *
 * Kernel: assembly/resample.ts.
 */
import type * as tf from "@tensorflow/tfjs";
import { bilinearTaps, transposed, type ResizeAttrs, type Taps } from "../../ops/resize-taps.js";
import { defineKernel, output, pointerOf, runSized, type KernelCall, type WasmKernel } from "../kernel.js";

const tableBytes = (taps: Taps): number =>
  4 * (taps.length + 1) + 8 * taps.reduce((sum, { length }) => sum + length, 0);

/** Writes a table as the kernel reads it. */
function writeTable(memory: WebAssembly.Memory, address: number, taps: Taps): void {
  const numbers = new Int32Array(memory.buffer, address, tableBytes(taps) / 4);
  const all = taps.flat();
  let start = 0;
  taps.forEach(({ length }, result) => {
    numbers[result] = start;
    start += length;
  });
  numbers[taps.length] = start;
  const places = numbers.subarray(taps.length + 1);
  all.forEach(({ place }, tap) => (places[tap] = place));
  const weights = new Float32Array(memory.buffer, address + 4 * (taps.length + 1 + start), start);
  all.forEach(({ weight }, tap) => (weights[tap] = weight));
}

const toCacheLine = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** [B, H, W, C] to as many rows and columns as there are lists of taps. */
function resample(call: KernelCall, x: tf.TensorInfo, rows: Taps, columns: Taps): tf.TensorInfo {
  const [batch, height, width, channels] = x.shape;
  const y = output(call, [batch, rows.length, columns.length, channels]);
  if (batch * rows.length * columns.length * channels === 0) return y;
  const lineBytes = toCacheLine(4 * width * channels);
  const [rowBytes, columnBytes] = [rows, columns].map((taps) => toCacheLine(tableBytes(taps)));
  const { pool } = call;
  const rowTaps = pool.scratch(rowBytes + columnBytes + pool.threads * lineBytes);
  const columnTaps = rowTaps + rowBytes;
  writeTable(pool.memory, rowTaps, rows);
  writeTable(pool.memory, columnTaps, columns);
  runSized(call, batch * channels * Math.max(height * width, rows.length * columns.length), "resample", {
    batch,
    height,
    width,
    channels,
    outputHeight: rows.length,
    outputWidth: columns.length,
    rowTaps,
    columnTaps,
    lines: columnTaps + columnBytes,
    lineBytes,
    x: pointerOf(call, x),
    y: pointerOf(call, y),
  });
  return y;
}

export const resampleKernels: readonly WasmKernel[] = [
  defineKernel<{ images: tf.TensorInfo }, ResizeAttrs & { readonly size: readonly [number, number] }>(
    "ResizeBilinear",
    (call) => {
      const { images } = call.inputs;
      const [rows, columns] = call.attrs.size;
      const [, height, width] = images.shape;
      if (images.dtype !== "float32" || height * width === 0) return call.original();
      const { attrs } = call;
      return resample(
        call as unknown as KernelCall,
        images,
        bilinearTaps(height, rows, attrs),
        bilinearTaps(width, columns, attrs),
      );
    },
  ),
  defineKernel<{ dy: tf.TensorInfo; images: tf.TensorInfo }, ResizeAttrs>("ResizeBilinearGrad", (call) => {
    const { dy, images } = call.inputs;
    const [rows, columns] = [1, 2].map((axis) =>
      transposed(bilinearTaps(images.shape[axis], dy.shape[axis], call.attrs), images.shape[axis]),
    );
    return resample(call as unknown as KernelCall, dy, rows, columns);
  }),
];
