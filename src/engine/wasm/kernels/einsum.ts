/** Einsum under TensorFlow.js's name: the operations of ops/einsum.ts. */
import * as tf from "@tensorflow/tfjs";
import { contract } from "../../ops/einsum.js";
import { defineKernel, type WasmKernel } from "../kernel.js";
import { share } from "./identity.js";

export const einsumKernels: readonly WasmKernel[] = [
  defineKernel<readonly tf.Tensor[], { equation: string }>("Einsum", (call) => {
    const result = tf.tidy(() => contract(call.attrs.equation, call.inputs));
    const info = share(call, result);
    result.dispose();
    return info;
  }),
];
