/** Registers TensorFlow.js's WebAssembly backend with our kernels on it, whatever started its module, and ends it. */
import * as tf from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { UnsupportedError } from "../../core/errors.js";
import { gradients } from "../ops/index.js";
import { installKernels } from "./install.js";
import { wasmKernels } from "./kernels/index.js";
import type { KernelPool } from "./pool.js";
import { ignoringTraps } from "./tfjs-traps.js";

/** Under "wasm", before all others. */
export async function registerWasm(create: () => tf.KernelBackend | Promise<tf.KernelBackend>): Promise<BackendWasm> {
  if (tf.findBackendFactory("wasm") !== null) tf.removeBackend("wasm");
  tf.registerBackend("wasm", create, 3);
  if (!(await tf.setBackend("wasm"))) throw new Error("tfjs could not start it");
  return tf.backend() as BackendWasm;
}

/** Makes whatever uses a tensor of a backend that has ended say so, in the place of an error from within it. */
function refuseUse(backend: BackendWasm): void {
  const refuse = (): never => {
    throw new UnsupportedError(
      `engine: a tensor must be used while the engine runs that it was made on, got one of an engine that has been stopped; ` +
        `read its values before engine.stop(), and make it anew`,
    );
  };
  const ended = {
    readSync: refuse,
    read: refuse,
    dispose: () => undefined,
    disposeData: () => true,
    refCount: () => 1,
  };
  Object.assign(backend, ended, { incRef: () => undefined });
}

export interface BackendParts {
  readonly create: () => BackendWasm;
  readonly pool: KernelPool;
  readonly stopModule: () => Promise<void>;
  /** Called when TensorFlow.js itself disposes of the backend (`tf.engine().reset()`): the engine has stopped. */
  readonly ended: () => void;
}

export async function runBackend({
  create,
  pool,
  stopModule,
  ended,
}: BackendParts): Promise<{ stop(): Promise<void> }> {
  const backend = await registerWasm(create);
  const uninstall = installKernels({ backend, pool }, wasmKernels, gradients);
  let stopped: Promise<unknown> | null = null;
  const dispose = backend.dispose.bind(backend);
  /** In the midst of TensorFlow.js's own disposal, which deletes the backend but would go on to start it again. */
  backend.dispose = () => {
    uninstall();
    ignoringTraps(dispose);
    refuseUse(backend);
    if (tf.findBackendFactory("wasm") !== null) tf.removeBackend("wasm");
    stopped = Promise.all([pool.stop(), stopModule()]);
    ended();
  };
  return {
    stop: async () => {
      if (stopped === null) tf.removeBackend("wasm");
      await stopped;
    },
  };
}
