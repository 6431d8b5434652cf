/** The bar above the notebook: its name, whether it is saved, what the kernel does, and the commands used most. */
import type { KernelState } from "../protocol/kernel.js";
import type { Connection } from "../protocol/socket.js";
import type { SaveState } from "../saving/saver.js";
import { el, uniqueId } from "../page/dom.js";
import { icon, type IconName } from "../page/icons.js";
import { pageAddress, folderOf } from "../page/links.js";
import { readableKey, type Command } from "./commands.js";

/** Buttons with a picture; everything else is in the menu. */
const buttons: readonly (readonly [command: string, picture: IconName])[] = [
  ["run-next", "run"],
  ["run-all", "runAll"],
  ["interrupt", "stop"],
  ["restart", "restart"],
  ["insert-below", "add"],
  ["move-up", "up"],
  ["move-down", "down"],
  ["delete", "remove"],
  ["undo", "undo"],
  ["redo", "redo"],
  ["find", "find"],
  ["help", "help"],
];

const saveWords: Readonly<Record<SaveState, string>> = {
  saved: "Saved",
  changed: "Not saved yet",
  saving: "Saving\u2026",
  failed: "Not saved; kept in this browser",
  conflict: "Not saved: the file was changed",
  readOnly: "Read only",
};

export interface KernelShown {
  readonly name: string;
  readonly state: KernelState;
  readonly connection: Connection;
  /** Cells that wait or run. */
  readonly running: number;
}

export class Toolbar {
  readonly element: HTMLElement;
  private readonly saved = el("span", { class: "save-state" });
  private readonly kernel = el("span", { class: "kernel-state" });

  constructor(path: string, commands: readonly Command[], isAllowed: (command: Command) => boolean) {
    const run = (command: Command) => (): void => void (isAllowed(command) && command.run());
    const named = ({ label, keys, editKeys }: Command): string => {
      const key = keys?.[0] ?? editKeys?.[0];
      return key === undefined ? label : `${label} (${readableKey(key)})`;
    };
    const tools = buttons.map(([id, picture]) => {
      const command = commands.find((each) => each.id === id)!;
      const attributes = { type: "button", "aria-label": command.label, title: named(command), "data-command": id };
      // The cell keeps the focus, so that its keys go on to work.
      const keepFocus = (event: Event): void => event.preventDefault();
      return el("button", { ...attributes, mousedown: keepFocus, click: run(command) }, icon(picture));
    });
    const name = path.split("/").at(-1)!;
    this.element = el(
      "header",
      { class: "bar" },
      el(
        "div",
        { class: "title" },
        el("a", { href: pageAddress(folderOf(path)), "aria-label": "Files", title: "Files" }, "\u2190"),
        el("h1", { title: path }, name),
        this.saved,
        this.kernel,
      ),
      el("div", { class: "tools", role: "group", "aria-label": "Commands" }, ...tools, menu(commands, run)),
    );
  }

  showSaved(state: SaveState, reason: string): void {
    this.saved.textContent = saveWords[state];
    this.saved.dataset.state = state;
    this.saved.title = reason;
  }

  showKernel({ name, state, connection, running }: KernelShown): void {
    const busy = running > 0 || state === "busy";
    const word =
      connection === "connecting" && state !== "dead" ? "connecting" : busy && state !== "dead" ? "busy" : state;
    this.kernel.replaceChildren(el("span", { class: "kernel-name" }, `${name}: `), word);
    this.kernel.dataset.state = word;
  }
}

/** All commands, by group. */
function menu(commands: readonly Command[], run: (command: Command) => () => void): HTMLElement {
  const id = uniqueId("menu");
  const list = el("div", { id, popover: "auto", class: "menu", role: "menu", "aria-label": "All commands" });
  const groups = [...new Set(commands.map(({ group }) => group))].filter((group) => group !== "Move");
  for (const group of groups) {
    const items = commands
      .filter((command) => command.group === group)
      .map((command) => {
        const key = command.keys?.[0];
        const item = el(
          "button",
          { type: "button", role: "menuitem", "data-command": command.id },
          el("span", {}, command.label),
          ...(key === undefined ? [] : [el("kbd", {}, readableKey(key))]),
        );
        item.addEventListener("click", () => {
          list.hidePopover();
          run(command)();
        });
        return item;
      });
    list.append(el("div", { role: "group", "aria-label": group }, el("p", {}, group), ...items));
  }
  list.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const all = [...list.querySelectorAll("button")];
    const at = all.indexOf(document.activeElement as HTMLButtonElement) + (event.key === "ArrowDown" ? 1 : -1);
    all[(at + all.length) % all.length].focus();
  });
  list.addEventListener("toggle", (event) => {
    if (event.newState === "open") list.querySelector("button")?.focus();
  });
  const label = "All commands";
  const opener = el("button", { type: "button", popovertarget: id, "aria-label": label, title: label }, icon("more"));
  return el("span", { class: "more" }, opener, list);
}
