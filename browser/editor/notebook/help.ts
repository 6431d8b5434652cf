/** The help sheet: all commands and their keys, from the list that they are made of. */
import { el } from "../page/dom.js";
import { openDialog } from "../page/dialogs.js";
import { readableKey, type Command } from "./commands.js";

/** Keys that belong to the editor. */
const editorKeys: readonly (readonly [keys: string, label: string])[] = [
  ["Tab", "Complete behind a word or a dot, indent elsewhere"],
  ["Shift-Tab", "Say what a name is, or indent less"],
  ["Mod-z", "Undo in this cell"],
  ["Mod-/", "Make lines a comment, or not"],
];

const row = (keys: readonly string[], label: string): HTMLElement =>
  el("tr", {}, el("th", { scope: "row" }, ...keysHtml(keys)), el("td", {}, label));

const keysHtml = (keys: readonly string[]): (Node | string)[] =>
  keys.flatMap((key, i) => [i > 0 ? " or " : "", el("kbd", {}, readableKey(key))]);

const table = (caption: string, rows: HTMLElement[]): HTMLElement =>
  el("table", {}, el("caption", {}, caption), el("tbody", {}, ...rows));

export function showHelp(commands: readonly Command[]): void {
  const groups = new Map<string, HTMLElement[]>();
  for (const { group, keys, label } of commands) {
    if (!keys || keys.length === 0) continue;
    groups.set(group, [...(groups.get(group) ?? []), row(keys, label)]);
  }
  const edited = commands
    .filter(({ editKeys }) => editKeys !== undefined)
    .map(({ editKeys, label }) => row(editKeys!.slice(-1), label));
  const introduction = el(
    "p",
    {},
    "A cell is either selected (its keys are single letters) or edited. Enter edits the selected cell, Escape leaves it.",
  );
  const tables = [...groups].map(([group, rows]) => table(`${group}, with a cell selected`, rows));
  const editing = [...edited, ...editorKeys.map(([key, label]) => row([key], label))];
  const all = el("div", { class: "keys" }, ...tables, table("While a cell is edited", editing));
  openDialog("Keys", [introduction, all]).element.classList.add("wide");
}
