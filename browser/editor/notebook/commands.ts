/** What one can do in a notebook: one list, from which keys, buttons, menu and help sheet are made. */

export type CommandGroup = "Run" | "Cells" | "Move" | "Kernel" | "View" | "File";

export interface Command {
  readonly id: string;
  readonly label: string;
  readonly group: CommandGroup;
  /**
   * Keys where a cell is selected and not edited: `a`, `Shift-m`, `Mod-s` (Ctrl, or the command key), `d d` one after
   * the other.
   */
  readonly keys?: readonly string[];
  /** Keys while a cell is edited. */
  readonly editKeys?: readonly string[];
  /** Changes the notebook, and is not there in a tab that only reads. */
  readonly edits?: boolean;
  /** False: the key is left to the browser or the editor. */
  run(): boolean | void;
}

/** What a key press is called in the list above. */
export function keyName(event: KeyboardEvent): string {
  const { key } = event;
  const modifiers = [
    event.ctrlKey || event.metaKey ? "Mod-" : "",
    event.altKey ? "Alt-" : "",
    // A sign that needs Shift says so by itself.
    event.shiftKey && (key.length > 1 || /\p{L}/u.test(key) || event.ctrlKey || event.metaKey) ? "Shift-" : "",
  ];
  return modifiers.join("") + (key.length === 1 ? (key === " " ? "Space" : key.toLowerCase()) : key);
}

const words: Readonly<Record<string, string>> = {
  Mod: /Mac|iPhone|iPad/.test(navigator.platform) ? "\u2318" : "Ctrl",
  ArrowUp: "\u2191",
  ArrowDown: "\u2193",
  Escape: "Esc",
};

/** A key as people read it: `Ctrl+Shift+S`, `D D`. */
export const readableKey = (keys: string): string =>
  keys
    .split(" ")
    .map((key) =>
      (key.endsWith("--") ? [...key.slice(0, -2).split("-"), "-"] : key.split("-"))
        .map((part) => words[part] ?? (part.length === 1 ? part.toUpperCase() : part))
        .join("+"),
    )
    .join(" ");
