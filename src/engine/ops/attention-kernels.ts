/**
 * The kernels of attention in a window, along an axis (axial-attention.ts) and in an image (local-attention.ts), on the
 * threaded WebAssembly backend, and their gradients.
 *
 * Inputs are lists: [qkv, scales, ...tables], and for the gradient kernels the gradients with respect to the outputs
 * after them.
 */
import * as tf from "@tensorflow/tfjs";
import {
  axisOf,
  backwardVectors,
  bytesOf,
  forwardVectors,
  imagesOf,
  partsFor,
  pointerTo,
  runParts,
  sortInputs,
  type AttentionAttrs,
  type AttentionCall,
  type AttentionInputs,
  type Geometry,
} from "./attention-geometry.js";
import { axisPairs, backwardWork, forwardWork, imagePairs } from "./attention-work.js";
import { defineKernel, output, type WasmKernel } from "./wasm-kernel.js";

/** One attention: its name in tfjs and in the kernel module, and how it reads its inputs. */
interface Attention {
  readonly kernelName: string;
  readonly wasmName: string;
  readonly geometryOf: (call: AttentionCall, inputs: AttentionInputs) => Geometry;
  /** Pairs of query and key, of all heads. */
  readonly pairsOf: typeof axisPairs;
}

const attentions: readonly Attention[] = [
  { kernelName: "AxialAttention", wasmName: "axialAttention", geometryOf: axisOf, pairsOf: axisPairs },
  { kernelName: "LocalAttention", wasmName: "localAttention", geometryOf: imagesOf, pairsOf: imagePairs },
];

/** Outputs: content, and position if there are value encodings; or their sum. */
const forward = ({ kernelName, wasmName, geometryOf, pairsOf }: Attention): WasmKernel =>
  defineKernel<AttentionCall["inputs"], AttentionAttrs>(
    kernelName,
    (call) => {
      const { attrs, pool } = call;
      const inputs = sortInputs(call);
      const geometry = geometryOf(call, inputs);
      const shape = [...inputs.qkv.shape.slice(0, 3), attrs.heads * attrs.valueDepth];
      const outputs = [output(call, shape), ...(attrs.tables.value && attrs.sum !== true ? [output(call, shape)] : [])];
      const scratchBytes = bytesOf(forwardVectors(geometry));
      const parts = partsFor(call, geometry.pairs * (3 * attrs.keyDepth + 2 * attrs.valueDepth));
      runParts(call, parts, wasmName, [
        ...geometry.args(pool.scratch(parts * scratchBytes), scratchBytes),
        ...[pointerTo(call, outputs[0]), pointerTo(call, outputs[1])],
      ]);
      return outputs;
    },
    (work) => forwardWork(pairsOf(work), work.attrs),
  );

/** Outputs: the gradients with respect to qkv, scales and tables. */
const backward = ({ kernelName, wasmName, geometryOf, pairsOf }: Attention): WasmKernel =>
  defineKernel<AttentionCall["inputs"], AttentionAttrs>(
    `${kernelName}Grad`,
    (call) => {
      const { attrs, pool } = call;
      const { rest: dOutputs, ...inputs } = sortInputs(call);
      const geometry = geometryOf(call, inputs);
      const like = (tensor: tf.TensorInfo): tf.TensorInfo => output(call, tensor.shape);
      const dQkv = like(inputs.qkv);
      const dScales = output(call, [3, attrs.heads]);
      const dTables = inputs.tables.map((table) => table && like(table));

      const { offsets, tableRows, skippedRows } = geometry;
      const sumRows = inputs.tables.some((table) => table !== undefined) ? offsets : 0;
      const scratchBytes = bytesOf(backwardVectors(geometry, sumRows));
      const sumBytes = bytesOf(sumRows * geometry.rowDepth + Math.ceil((3 * attrs.heads) / 2));
      const parts = partsFor(call, 3 * geometry.pairs * (3 * attrs.keyDepth + 2 * attrs.valueDepth));
      const scratch = pool.scratch(parts * (scratchBytes + sumBytes));
      const sums = scratch + parts * scratchBytes;
      runParts(call, parts, `${wasmName}Grad`, [
        ...geometry.args(scratch, scratchBytes),
        ...[dOutputs[0], dOutputs[attrs.sum === true ? 0 : 1], dQkv].map((tensor) => pointerTo(call, tensor)),
        ...[sums, sumBytes],
      ]);
      pool.runAlone("attentionGradSum", [
        ...[sums, sumBytes, parts, attrs.heads, attrs.keyDepth, attrs.valueDepth, sumRows, tableRows, skippedRows],
        ...[...dTables, dScales].map((tensor) => pointerTo(call, tensor)),
      ]);
      return [dQkv, dScales, ...dTables.filter((gradient) => gradient !== undefined)];
    },
    (work) => backwardWork(pairsOf(work), work.attrs),
  );

export const attentionKernels: readonly WasmKernel[] = [...attentions.map(forward), ...attentions.map(backward)];

export const attentionGradients: readonly tf.GradConfig[] = attentions.map(({ kernelName }) => ({
  kernelName,
  saveAllInputs: true,
  gradFunc: (dOutputs, saved, attrs) => {
    const inputs = [...saved, ...(Array.isArray(dOutputs) ? dOutputs : [dOutputs])] as unknown as tf.NamedTensorMap;
    const gradients = tf.engine().runKernel<tf.Tensor[]>(`${kernelName}Grad`, inputs, attrs);
    return gradients.map((gradient) => () => gradient) as unknown as ReturnType<tf.GradFunc>;
  },
}));
