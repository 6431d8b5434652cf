/** The model of a widget as anywidget gives it to `render`: https://anywidget.dev/en/afm/ */

/** A state on this side: typed arrays arrive as bytes, at any alignment. */
export type Received<S> = { readonly [K in keyof S]: S[K] extends ArrayBufferView ? DataView : S[K] };

export interface Model<S> {
  get<K extends keyof S>(name: K): Received<S>[K];
  set<K extends keyof S>(name: K, value: S[K]): void;
  /** Sends what was set to the kernel. */
  save_changes(): void;
  on(event: string, listener: () => void): void;
  off(event: string, listener: () => void): void;
}

export interface RenderArgs<S> {
  model: Model<S>;
  el: HTMLElement;
}

/** Sets several parts of the state and sends them in one message. */
export function change<S>(model: Model<S>, changes: Partial<S>): void {
  for (const name of Object.keys(changes) as (keyof S)[]) model.set(name, changes[name] as S[keyof S]);
  model.save_changes();
}

/** Calls back when one of the named parts has changed; the function returned ends that. */
export function onChange<S>(model: Model<S>, names: readonly (keyof S & string)[], listener: () => void): () => void {
  const events = names.map((name) => `change:${name}`);
  for (const event of events) model.on(event, listener);
  return () => {
    for (const event of events) model.off(event, listener);
  };
}

export const floatsOf = (bytes: DataView): Float32Array =>
  new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
