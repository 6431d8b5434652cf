/**
 * State of a widget on its way over a comm: JSON, with bytes beside it and the path of each (`buffer_paths` of the
 * Jupyter widgets messaging protocol, version 2).
 */

export type Path = (string | number)[];

export interface Packed {
  state: Record<string, unknown>;
  paths: Path[];
  buffers: Uint8Array[];
}

const bytesOf = (value: unknown): Uint8Array | null =>
  ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : null;

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** Takes typed arrays out of a state, at any depth: out of objects they vanish, in lists they leave null. */
export function packState(state: Readonly<Record<string, unknown>>): Packed {
  const paths: Path[] = [];
  const buffers: Uint8Array[] = [];
  const take = (value: unknown, path: Path): { kept: unknown; taken: boolean } => {
    const bytes = bytesOf(value);
    if (bytes) {
      paths.push(path);
      buffers.push(bytes);
      return { kept: null, taken: true };
    }
    if (Array.isArray(value)) return { kept: value.map((item, i) => take(item, [...path, i]).kept), taken: false };
    if (!isPlain(value)) return { kept: value, taken: false };
    const entries = Object.entries(value).map(([key, item]) => [key, take(item, [...path, key])] as const);
    return {
      kept: Object.fromEntries(entries.filter(([, { taken }]) => !taken).map(([key, { kept }]) => [key, kept])),
      taken: false,
    };
  };
  return { state: take({ ...state }, []).kept as Record<string, unknown>, paths, buffers };
}

/** Buffer paths as they came from outside; what is no path becomes one that leads nowhere, in its place. */
export const pathsOf = (paths: unknown): Path[] =>
  Array.isArray(paths) ? paths.map((path: unknown) => (Array.isArray(path) ? (path as Path) : [])) : [];

const isContainer = (value: unknown): value is object => Array.isArray(value) || isPlain(value);

/** What a container itself holds, not its prototype: paths come from outside. */
const ownValue = (container: unknown, key: string | number): unknown =>
  isContainer(container) && Object.hasOwn(container, key)
    ? (container as Record<string | number, unknown>)[key]
    : undefined;

/** The inverse: puts bytes back where their paths say. Paths that lead nowhere are passed over. */
export function unpackState({
  state,
  paths,
  buffers,
}: Omit<Packed, "buffers"> & { readonly buffers: readonly ArrayBufferView[] }): Record<string, unknown> {
  const whole = structuredClone(state);
  paths.forEach((path, i) => {
    const last = path.at(-1);
    let target: unknown = whole;
    for (const step of path.slice(0, -1)) target = ownValue(target, step);
    if (last !== undefined && isContainer(target) && i < buffers.length)
      Object.defineProperty(target, last, { value: buffers[i], enumerable: true, writable: true, configurable: true });
  });
  return whole;
}
