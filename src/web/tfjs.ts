/**
 * TensorFlow.js as a page here has it: its core with every operation and gradient, and its layers. Without its JavaScript and
 * WebGL backends, its converted models and its data, which are more than half of it.
 */
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
export * from "@tensorflow/tfjs-core";
export * from "@tensorflow/tfjs-layers";
