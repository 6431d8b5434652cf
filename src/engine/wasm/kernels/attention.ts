/**
 * What the kernels of attention along an axis (axial-attention.ts, nd-axial-attention.ts, global-attention.ts) and in a window
 * of an image (local-attention.ts, value-mixture-attention.ts) have in common, forward and backward.
 *
 * Inputs are lists: [qkv, scales, ...tables], and for the gradient the gradients with respect to the outputs after them.
 */
import type * as tf from "@tensorflow/tfjs";
import type { AttentionAttrs } from "../../ops/attention.js";
import {
  bytesOf,
  partsFor,
  pointerTo,
  runParts,
  sortInputs,
  type AttentionCall,
  type AttentionInputs,
  type Geometry,
} from "./attention-geometry.js";
import { backwardVectors, forwardVectors, gradSumVectors } from "../attention-scratch.js";
import { backwardWork, forwardWork, type axisPairs } from "./attention-work.js";
import { defineKernel, output, type WasmKernel } from "../kernel.js";

/** One attention: its name in tfjs and in the kernel module, and how it reads its inputs. */
interface Attention {
  readonly kernelName: string;
  readonly wasmName: "axialAttention" | "localAttention";
  readonly geometryOf: (call: AttentionCall, inputs: AttentionInputs) => Geometry;
  /** Pairs of query and key, of all heads. */
  readonly pairsOf: typeof axisPairs;
}

/** Outputs: content, and position if there are value encodings; or their sum. */
const forward = ({ kernelName, wasmName, geometryOf, pairsOf }: Attention): WasmKernel =>
  defineKernel<AttentionCall["inputs"], AttentionAttrs>(
    kernelName,
    (call) => {
      const { attrs, pool } = call;
      const inputs = sortInputs(call);
      const geometry = geometryOf(call, inputs);
      const shape = [...inputs.qkv.shape.slice(0, -1), attrs.heads * attrs.valueDepth];
      const outputs = [output(call, shape), ...(attrs.tables.value && attrs.sum !== true ? [output(call, shape)] : [])];
      const { steps, unit, offsets, fullKeyDepth, fullValueDepth } = geometry;
      const scratchBytes = bytesOf(forwardVectors(steps, unit, offsets, fullKeyDepth, fullValueDepth));
      const parts = partsFor(call, geometry.pairs * (3 * attrs.keyDepth + 2 * attrs.valueDepth));
      runParts(call, parts, wasmName, {
        ...geometry.args(pool.scratch(parts * scratchBytes), scratchBytes),
        content: pointerTo(call, outputs[0]),
        position: pointerTo(call, outputs[1]),
      });
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

      const { steps, unit, offsets, fullKeyDepth, fullValueDepth, rowDepth, tableRows, skippedRows } = geometry;
      const sumRows = inputs.tables.some((table) => table !== undefined) ? offsets : 0;
      const scratchBytes = bytesOf(backwardVectors(steps, unit, offsets, sumRows, fullKeyDepth, fullValueDepth));
      const sumBytes = bytesOf(gradSumVectors(sumRows, rowDepth, attrs.heads));
      const parts = partsFor(call, 3 * geometry.pairs * (3 * attrs.keyDepth + 2 * attrs.valueDepth));
      const scratch = pool.scratch(parts * (scratchBytes + sumBytes));
      const sums = scratch + parts * scratchBytes;
      runParts(call, parts, `${wasmName}Grad`, {
        ...geometry.args(scratch, scratchBytes),
        dContent: pointerTo(call, dOutputs[0]),
        dPosition: pointerTo(call, dOutputs[attrs.sum === true ? 0 : 1]),
        dQkv: pointerTo(call, dQkv),
        sums,
        sumBytes,
      });
      const [dQueryTable, dKeyTable, dValueTable] = dTables.map((tensor) => pointerTo(call, tensor));
      const { heads, keyDepth, valueDepth } = attrs;
      pool.runAlone("attentionGradSum", {
        sums,
        sumBytes,
        shares: parts,
        heads,
        keyDepth,
        valueDepth,
        offsets: sumRows,
        tableRows,
        skipped: skippedRows,
        dQueryTable,
        dKeyTable,
        dValueTable,
        dScales: pointerTo(call, dScales),
      });
      return [dQkv, dScales, ...dTables.filter((gradient) => gradient !== undefined)];
    },
    (work) => backwardWork(pairsOf(work), work.attrs),
  );

/** The kernel and its gradient. */
export const attentionKernels = (attention: Attention): readonly WasmKernel[] => [
  forward(attention),
  backward(attention),
];
