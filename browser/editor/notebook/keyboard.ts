/** Keys of the notebook, in command mode and everywhere; keys of an editor are bound in the editor. */
import type { KeyBinding } from "@codemirror/view";
import { keyName, type Command } from "./commands.js";

/** The second of two keys comes within this time, in milliseconds. */
const pairTime = 800;

/** Fields and the like have their own use for keys. */
const takesText = (target: Element): boolean =>
  target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable='true']") !== null;

/** What a focused button, link or scrolled text does with a key by itself. */
function takesKey(target: Element, key: string): boolean {
  if (target.closest("button, a, summary, label") && (key === "Enter" || key === "Space")) return true;
  if (target.matches(".cm-scroller")) return key === "ArrowLeft" || key === "ArrowRight";
  return target.closest(".outputs [tabindex='0']") !== null && /^(Arrow|Page|Home|End|Space)/.test(key);
}

/** Listens to the whole page; `isAllowed` says whether a command may run now. */
export function listenToKeys(commands: readonly Command[], isAllowed: (command: Command) => boolean): void {
  const byKey = new Map(commands.flatMap((command) => (command.keys ?? []).map((key) => [key, command] as const)));
  const firsts = new Set([...byKey.keys()].filter((key) => key.includes(" ")).map((key) => key.split(" ")[0]));
  /** Keys with the control key hold while a cell is edited too, where it has none of its own. */
  const everywhere = new Set(
    [...byKey].filter(([key, { group }]) => key.startsWith("Mod-") && group !== "Run").map(([key]) => key),
  );
  let first: { key: string; time: number } | null = null;

  document.addEventListener("keydown", (event) => {
    const target = event.target as Element;
    const key = keyName(event);
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (takesText(target) ? !everywhere.has(key) : takesKey(target, key)) return;
    const pair = first && event.timeStamp - first.time < pairTime ? byKey.get(`${first.key} ${key}`) : undefined;
    const command = pair ?? byKey.get(key);
    first = !pair && firsts.has(key) ? { key, time: event.timeStamp } : null;
    if (!command || !isAllowed(command)) {
      if (first) event.preventDefault();
      return;
    }
    if (command.run() !== false) event.preventDefault();
  });
}

/** The same list as an editor binds it. */
export const editKeys = (
  commands: () => readonly Command[],
  isAllowed: (command: Command) => boolean,
  keys: readonly string[],
): KeyBinding[] =>
  keys.map((key) => ({
    key,
    run() {
      const command = commands().find((each) => each.editKeys?.includes(key));
      return command !== undefined && isAllowed(command) && command.run() !== false;
    },
  }));
