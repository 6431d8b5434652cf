/**
 * Body of one thread of TensorFlow.js's WebAssembly backend.
 *
 * tfjs ships its thread's source as text meant for a browser's Blob; Node's workers want a file, and this is it. The text
 * was embedded in a template, so each line feed that a string literal of it holds has lost its backslash.
 */
import vm from "node:vm";

interface WorkerSource {
  readonly wasmWorkerContents: string;
}

void (async (): Promise<void> => {
  const path = require.resolve("@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.worker.js");
  const { wasmWorkerContents } = ((await import(path)) as { default: WorkerSource }).default;
  const source = wasmWorkerContents.replace(/\n/g, "\\n");
  const body = vm.compileFunction(source, ["require", "__filename"]) as (...args: unknown[]) => void;
  body(require, __filename);
})();
