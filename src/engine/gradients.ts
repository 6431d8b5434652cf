/**
 * The memory plan of a training step: gradients of variables as tf.variableGrads gives them, in about half the memory.
 *
 * TensorFlow.js keeps every activation and every gradient of an activation until the whole backward pass is over. Here each
 * operation's are freed as soon as that operation has been differentiated: activations shrink while gradients are made of
 * them, and the allocator hands the memory that has just been freed, still in the cache, to what comes next.
 */
import * as tf from "@tensorflow/tfjs";

import { assertGradients } from "./verified.js";

type GradientMap = Record<string, () => tf.Tensor>;

/** What TensorFlow.js notes of an operation while it records for a gradient; see tfjs-core's tape.ts. */
interface RecordedOperation {
  readonly inputs: Readonly<Record<string, tf.Tensor>>;
  readonly outputs: readonly tf.Tensor[];
  readonly saved?: readonly tf.Tensor[];
  gradient?: (dys: (tf.Tensor | null)[]) => GradientMap;
}

/**
 * Is given a variable's gradient, by the variable's place in the list, as the backward pass makes it: a part for each
 * operation that took the variable, which add up to the gradient in the order in which they come; a part that is the first and
 * the last is the gradient that comes out in the end. It is not the callee's to keep or dispose of. Null, before all others:
 * the loss does not depend on the variable.
 */
export type OnGradientPart = (variable: number, part: tf.Tensor | null, last: boolean) => void;

/**
 * The value of `loss`, a scalar, and its gradients with respect to `variables`, by name. Like tf.variableGrads, which it
 * equals bit for bit; tensors that `loss` makes and does not return are freed, save those that it keeps.
 *
 * @param onPart is handed each gradient as it is made; default: nobody is
 * @throws UnsupportedError on a backend whose gradients are known to be wrong
 */
export function variableGrads(
  loss: () => tf.Scalar,
  variables: tf.Variable[],
  onPart?: OnGradientPart,
): ReturnType<typeof tf.variableGrads> {
  assertGradients("variableGrads");
  const watch =
    onPart &&
    ((recorded: readonly RecordedOperation[], value: tf.Tensor) =>
      partsFor(variables, leadingTo(value, recorded), onPart));
  return freeing(loss, (recorded) => tf.variableGrads(recorded, variables), watch);
}

/**
 * The value of `f` and its gradients with respect to `xs` for the cotangent `dy`, null where `f` does not depend on one. For
 * gradient functions: it runs inside the backward pass of an outer gradient, whose record it leaves alone.
 */
export function gradientsWithin(
  f: () => tf.Tensor,
  xs: tf.Tensor[],
  dy: tf.Tensor,
): { value: tf.Tensor; grads: (tf.Tensor | null)[] } {
  const engine = tf.engine();
  const outerTape = engine.state.activeTape;
  try {
    // The cotangent is the caller's, and is not to be freed with those that are made here.
    return freeing(f, (recorded) => engine.gradients(recorded, xs, dy.clone(), true));
  } finally {
    engine.state.activeTape = outerTape;
  }
}

/** Is given what an operation's gradient functions make, by the name of the input that it is the gradient of. */
type OnResult = (operation: RecordedOperation, input: string, result: tf.Tensor) => void;

/** The operations whose results the value depends on: those that are differentiated. */
function leadingTo(value: tf.Tensor, recorded: readonly RecordedOperation[]): RecordedOperation[] {
  const leading = new Set([value.id]);
  return [...recorded].reverse().filter(({ inputs, outputs }) => {
    if (!outputs.some(({ id }) => leading.has(id))) return false;
    for (const { id } of Object.values(inputs)) leading.add(id);
    return true;
  });
}

/** Finds the gradients of variables among the results of the gradient functions of these operations. */
function partsFor(
  variables: readonly tf.Variable[],
  operations: readonly RecordedOperation[],
  onPart: OnGradientPart,
): OnResult {
  const places = new Map(variables.map(({ id }, place) => [id, place]));
  const left = new Array<number>(variables.length).fill(0);
  for (const { inputs } of operations) {
    for (const { id } of Object.values(inputs)) {
      const place = places.get(id);
      if (place !== undefined) left[place]++;
    }
  }
  for (const [place, uses] of left.entries()) if (uses === 0) onPart(place, null, true);
  return ({ inputs }, input, result) => {
    const place = places.get(inputs[input].id);
    if (place !== undefined) onPart(place, result, --left[place] === 0);
  };
}

/** What `differentiate` makes of `f`, each operation's activations and gradients being freed once they have been used. */
function freeing<T extends tf.Tensor, R>(
  f: () => T,
  differentiate: (recorded: () => T) => R,
  watch?: (recorded: readonly RecordedOperation[], value: tf.Tensor) => OnResult,
): R {
  const pass: BackwardPass = { cleanup: { previous: () => undefined }, handedOn: new Set() };
  let recorded: readonly RecordedOperation[] = [];
  try {
    return differentiate(() => {
      const { activeTape, gradientDepth } = tf.engine().state;
      // A gradient of a gradient needs what the inner one used.
      if (gradientDepth > 1) return f();
      recorded = activeTape as RecordedOperation[];
      const value = keepingWithoutRecord(f);
      const onResult = watch?.(recorded, value);
      for (const operation of recorded) freeOnceUsed(operation, pass, onResult);
      return value;
    });
  } catch (error) {
    // TensorFlow.js keeps what operations have saved until they are differentiated: here they never will be.
    for (const { saved } of recorded) if (saved !== undefined) tf.dispose([...saved]);
    throw error;
  } finally {
    pass.cleanup.previous();
  }
}

interface BackwardPass {
  /** Frees what the last operation leaves. */
  readonly cleanup: { previous: () => void };
  /** Tensors of which a gradient was handed on. TensorFlow.js adds a second one to the first, and forgets to free it. */
  readonly handedOn: Set<number>;
}

/**
 * Runs `work` while what operations save is shared memory and no operation itself. TensorFlow.js saves a clone of each tensor,
 * which it records and looks at like any other operation, for gradients of gradients: half of all operations of a network.
 */
function keepingWithoutRecord<T>(work: () => T): T {
  const tape = tf.engine();
  const cloning = tape as unknown as { clone?(x: tf.Tensor): tf.Tensor };
  const recorded = cloning.clone!.bind(tape);
  cloning.clone = (x) => {
    const { gradientDepth, tensorInfo } = tape.state;
    const { backend } = tensorInfo.get(x.dataId)!;
    // What is saved for a gradient within `work` may be differentiated itself.
    if (gradientDepth > 1 || x.dtype === "string" || x.dtype === "complex64") return recorded(x);
    backend.incRef(x.dataId);
    return tape.makeTensorFromTensorInfo({ dataId: x.dataId, shape: x.shape, dtype: x.dtype }, backend);
  };
  try {
    return work();
  } finally {
    delete cloning.clone; // the class's own is seen again
  }
}

/**
 * Makes an operation free what it saved, and the gradients of its results, once it has been differentiated. Its gradient
 * functions are called after `gradient` returns, so that is when the next operation's turn comes.
 */
function freeOnceUsed(operation: RecordedOperation, { cleanup, handedOn }: BackwardPass, onResult?: OnResult): void {
  const { gradient, inputs, saved = [] } = operation;
  if (gradient === undefined) return;
  operation.gradient = (dys) => {
    cleanup.previous();
    // Tensors that must not be handed on as they are: they are about to be freed, or have been handed on before.
    const spent = new Set<tf.Tensor | null>([...dys, ...saved]);
    const added: tf.Tensor[] = [];
    cleanup.previous = () => {
      cleanup.previous = () => undefined;
      tf.dispose([...saved, ...dys.filter((dy) => dy !== null), ...added]);
    };
    const results = Object.entries(gradient(dys)).map(([input, compute]) => {
      const handOn = (): tf.Tensor => {
        const result = compute();
        const own = spent.has(result) ? result.clone() : result;
        spent.add(own);
        onResult?.(operation, input, own);
        if (handedOn.has(inputs[input].id)) added.push(own);
        handedOn.add(inputs[input].id);
        return own;
      };
      return [input, handOn] as const;
    });
    return Object.fromEntries(results);
  };
}
