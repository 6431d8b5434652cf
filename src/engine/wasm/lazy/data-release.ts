/**
 * What hangs on the memory of a tensor: work that must be done before it is freed, or before it is written to in place (which
 * only the optimisers and averages do, see optimizer-update.ts).
 */
import type * as tf from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";

type DataId = tf.TensorInfo["dataId"];
type Event = "release" | "change";

const watchers = new WeakMap<DataId, Map<() => void, Event>>();

/**
 * Runs `action` once, before any of the data is freed; with "change" also before it is written to in place.
 *
 * @returns runs it now, unless it has run
 */
export function before(event: Event, dataIds: readonly DataId[], action: () => void): () => void {
  const once = (): void => {
    if (!dataIds.some((dataId) => watchers.get(dataId)?.has(once))) return;
    for (const dataId of dataIds) watchers.get(dataId)?.delete(once);
    action();
  };
  for (const dataId of dataIds) {
    const actions = watchers.get(dataId) ?? new Map<() => void, Event>();
    watchers.set(dataId, actions.set(once, event));
  }
  return once;
}

/** To be called by whoever is about to write in place. */
export function announceChange(dataId: DataId): void {
  for (const [action, event] of [...(watchers.get(dataId) ?? [])]) if (event === "change") action();
}

/** Has the backend say when it frees data. */
export function watchReleases(backend: BackendWasm): void {
  const dispose = backend.disposeData.bind(backend);
  backend.disposeData = (dataId, force = false) => {
    const actions = watchers.get(dataId);
    if (actions !== undefined && (force || backend.refCount(dataId) <= 1))
      for (const action of [...actions.keys()]) action();
    return dispose(dataId, force);
  };
}
