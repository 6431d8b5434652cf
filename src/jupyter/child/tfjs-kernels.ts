/**
 * Lets interrupts through between TensorFlow.js kernels and not inside them: a kernel stopped half-way would leave the
 * threads that share its memory, and the memory itself, in an unknown state.
 */

interface Engine {
  runKernel: (...args: unknown[]) => unknown;
}

/** TensorFlow.js keeps its one engine of a process under this global, whatever copy of it is loaded. */
const engineGlobal = "_tfengine";

export function protectKernels(protect: <T>(run: () => T) => T): void {
  let engine: Engine | undefined;
  Object.defineProperty(globalThis, engineGlobal, {
    configurable: true,
    enumerable: false,
    get: () => engine,
    set(value: Engine | undefined) {
      engine = value;
      if (!value) return;
      const runKernel = value.runKernel.bind(value);
      value.runKernel = (...args) => protect(() => runKernel(...args));
    },
  });
}
