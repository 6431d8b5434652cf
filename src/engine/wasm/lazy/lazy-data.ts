/**
 * Data that is computed when its address is first asked for. In the backend's table such data has an id and an address that
 * are computed when they are read, so that every kernel, of tfjs's own too, finds the values there.
 */
import * as tf from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { before } from "./data-release.js";

/** What the backend's table has of a tensor; an address of 0 is none. */
interface DataRecord {
  id: number;
  memoryOffset: number;
}

export interface LazyValue {
  /** Gives the values. Called once, or never. */
  readonly compute: () => tf.Tensor;
  /** Called once: after `compute`, or instead of it where the data is freed unread. */
  readonly finish: () => void;
}

/** By the data that waits; computes it. */
const waiting = new WeakMap<tf.TensorInfo["dataId"], () => void>();
/** How many there are, so that every kernel's call need not look up its inputs. */
let waitingCount = 0;

function stopWaiting(dataId: tf.TensorInfo["dataId"]): void {
  if (waiting.delete(dataId)) waitingCount--;
}

/** Whether this is still to be computed. */
export const isWaiting = ({ dataId }: tf.TensorInfo): boolean => waiting.has(dataId);

/** Data whose memory belongs, or will belong, to another tensor. */
const borrowed = new WeakSet<tf.TensorInfo["dataId"]>();

/** Whether this is, or was, data that is computed later: it must not be written to in place. */
export const hasBorrowedMemory = ({ dataId }: tf.TensorInfo): boolean => borrowed.has(dataId);

/** The output of a kernel without memory, until {@link computeLater} says where its values come from. */
export function lazyOutput(backend: BackendWasm, shape: number[]): tf.TensorInfo {
  return backend.makeOutput(shape, "float32", 0);
}

/** Makes the data of `tensor`, which comes from {@link lazyOutput}, what `compute` gives. */
export function computeLater(backend: BackendWasm, { dataId }: tf.TensorInfo, { compute, finish }: LazyValue): void {
  const record: DataRecord = backend.dataIdMap.get(dataId);
  const { id } = record;
  let value: tf.Tensor | null = null;
  const computed = (): DataRecord => {
    if (value === null) {
      value = tf.keep(compute());
      stopWaiting(dataId);
      finish();
    }
    return backend.dataIdMap.get(value.dataId);
  };
  const property = (name: keyof DataRecord) => ({ get: () => computed()[name], configurable: true, enumerable: true });
  Object.defineProperties(record, { id: property("id"), memoryOffset: property("memoryOffset") });
  borrowed.add(dataId);
  waiting.set(dataId, () => void computed());
  waitingCount++;
  before("release", [dataId], () => {
    // The memory is the value's own to free, if there is a value.
    const own = { writable: true, configurable: true, enumerable: true };
    Object.defineProperties(record, { id: { ...own, value: id }, memoryOffset: { ...own, value: 0 } });
    stopWaiting(dataId);
    if (value === null) finish();
    else value.dispose();
  });
}

/** Computes what waits among a kernel's inputs, before the kernel reserves scratch memory that computing would use too. */
export function computeInputs(inputs: Readonly<Record<string, tf.TensorInfo | undefined>> | tf.TensorInfo[]): void {
  if (waitingCount === 0) return;
  for (const tensor of Object.values<tf.TensorInfo | undefined>(inputs))
    if (tensor !== undefined) waiting.get(tensor.dataId)?.();
}
