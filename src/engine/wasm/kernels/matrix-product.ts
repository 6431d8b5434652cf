/** tf.matMul and tf.fused.matMul on all threads, for every transposition and broadcast. */
import * as tf from "@tensorflow/tfjs";
import type { KernelWork } from "../../kernel-registry.js";
import { defineKernel, output, pointerOf, type KernelCall, type WasmKernel } from "../kernel.js";
import { followProduct, type ActivationAttrs, type ProductFollowers } from "./followers.js";
import { runMatrixProduct, type BatchIndex } from "./matrix-product-plan.js";
import type { Epilogue } from "./product-tasks.js";

interface Operands {
  readonly a: tf.TensorInfo;
  readonly b: tf.TensorInfo;
}
interface Transpositions {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

const batchMatMul = defineKernel<Operands, Transpositions>(
  "BatchMatMul",
  (call) => (isOurs(call) ? multiply(call, {}) : call.original()),
  multiplyAdds,
);

const fusedMatMul = defineKernel<Operands & ProductFollowers, Transpositions & ActivationAttrs>(
  "_FusedMatMul",
  (call) => {
    const { b } = call.inputs;
    if (!isOurs(call)) return call.original();
    const columns = b.shape[b.shape.length - (call.attrs.transposeB ? 2 : 1)];
    return followProduct(call, columns, call.inputs, call.attrs, (epilogue) => multiply(call, epilogue));
  },
  multiplyAdds,
);

/** TensorFlow.js says what is wrong with the shapes of others. */
function isOurs({
  inputs: { a, b },
  attrs: { transposeA, transposeB },
}: KernelCall<Operands, Transpositions>): boolean {
  const sameDepth = matrixShape(a, transposeA)[0] === matrixShape(b, transposeB)[1];
  return sameDepth && a.dtype === "float32" && b.dtype === "float32";
}

function multiplyAdds({ inputs, attrs, outputs }: KernelWork<Operands, Transpositions>): number {
  const [depth] = matrixShape(inputs.a, attrs.transposeA);
  return tf.util.sizeFromShape(outputs[0].shape) * depth;
}

export const matrixProductKernels: readonly WasmKernel[] = [batchMatMul, fusedMatMul];

function multiply(call: KernelCall<Operands, Transpositions>, epilogue: Epilogue): tf.TensorInfo {
  const { a, b } = call.inputs;
  const { transposeA, transposeB } = call.attrs;
  const [depth, rows] = matrixShape(a, transposeA);
  const [columns] = matrixShape(b, transposeB);

  const outerA = a.shape.slice(0, -2);
  const outerB = b.shape.slice(0, -2);
  const outer = tf.broadcast_util.assertAndGetBroadcastShape(outerA, outerB);
  const c = output(call, [...outer, rows, columns]);
  const batch = tf.util.sizeFromShape(outer);
  if (batch * rows * columns === 0) return c;
  const product = { rows, columns, depth, transposeA, transposeB, epilogue };
  const [pointerA, pointerB, pointerC] = [a, b, c].map((tensor) => pointerOf(call, tensor));
  const entriesOfA = batchIndex(outerA, outer);
  const entriesOfB = batchIndex(outerB, outer);
  if (entriesOfA !== null && entriesOfB !== null) {
    runMatrixProduct(call.pool, {
      ...product,
      a: pointerA,
      b: pointerB,
      c: pointerC,
      batch,
      entriesOfA,
      entriesOfB,
    });
    return c;
  }
  for (let entry = 0; entry < batch; entry++) {
    runMatrixProduct(call.pool, {
      ...product,
      a: pointerA + 4 * rows * depth * broadcastEntry(outerA, outer, entry),
      b: pointerB + 4 * depth * columns * broadcastEntry(outerB, outer, entry),
      c: pointerC + 4 * rows * columns * entry,
    });
  }
  return c;
}

/** The last two sizes, the second first, as they lie or transposed. */
function matrixShape({ shape }: tf.TensorInfo, transpose: boolean): [number, number] {
  const [rows, columns] = shape.slice(-2);
  return transpose ? [rows, columns] : [columns, rows];
}

/** Which matrix each entry takes, where the sizes that are not broadcast follow each other; else null. */
function batchIndex(own: number[], outer: number[]): BatchIndex | null {
  const aligned = [...Array<number>(outer.length - own.length).fill(1), ...own];
  const kept = aligned.map((size, axis) => size === outer[axis] && size > 1);
  const first = kept.indexOf(true);
  const end = kept.lastIndexOf(true) + 1;
  if (first < 0) return { divisor: 1, count: 1 };
  if (aligned.slice(first, end).some((size, index) => size !== outer[first + index])) return null;
  return {
    divisor: tf.util.sizeFromShape(outer.slice(end)),
    count: tf.util.sizeFromShape(outer.slice(first, end)),
  };
}

function broadcastEntry(own: number[], outer: number[], entry: number): number {
  let index = 0;
  let step = 1;
  for (let axis = outer.length - 1; axis >= 0; axis--) {
    const size = own[axis - outer.length + own.length] ?? 1;
    if (size > 1) index += (entry % outer[axis]) * step;
    step *= size;
    entry = Math.floor(entry / outer[axis]);
  }
  return index;
}
