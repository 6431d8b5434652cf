/** Elements of the page, made in one expression. */

type Attributes = Readonly<Record<string, string | boolean | number | ((event: Event) => void)>>;

/**
 * An element with attributes and children. A boolean attribute is there or not; a function is a listener of the event
 * that the name says.
 */
export function el<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (typeof value === "boolean") element.toggleAttribute(key, value);
    else element.setAttribute(key, String(value));
  }
  element.append(...children);
  return element;
}

/** A button with words on it. */
export const button = (label: string, onClick: () => void, attributes: Attributes = {}): HTMLButtonElement =>
  el("button", { type: "button", click: onClick, ...attributes }, label);

/** A number that grows by use, for ids that labels refer to. */
let serial = 0;
export const uniqueId = (prefix: string): string => `${prefix}-${++serial}`;

/** Calls at most once in so many milliseconds, the last time too. Timers of hidden pages run slower, and still run. */
export function throttled(pause: number, action: () => void): { (): void; now(): void } {
  let timer = 0;
  let last = -Infinity;
  const run = (): void => {
    clearTimeout(timer);
    timer = 0;
    last = performance.now();
    action();
  };
  const later = (): void => {
    if (timer === 0) timer = window.setTimeout(run, Math.max(0, last + pause - performance.now()));
  };
  return Object.assign(later, { now: () => void (timer !== 0 && run()) });
}
