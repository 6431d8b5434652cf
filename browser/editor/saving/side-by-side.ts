/** Two forms of a notebook beside each other, cell by cell; for each that differs the reader chooses one, both or none. */
import { compareCells, type CellPair } from "../../../src/notebook/editing/compare.js";
import { newCellId } from "../../../src/notebook/editing/document.js";
import type { Cell } from "../../../src/notebook/nbformat.js";
import { button, el, uniqueId } from "../page/dom.js";
import { openDialog } from "../page/dialogs.js";

type Side = "mine" | "theirs" | "both" | "neither";

const names: Readonly<Record<Side, string>> = { mine: "Mine", theirs: "Theirs", both: "Both", neither: "Neither" };

/** What is meant where nobody chooses: nothing that one of both has is left out. */
const firstChoice = ({ mine, theirs }: CellPair): Side =>
  mine === null ? "theirs" : theirs === null ? "mine" : "mine";

function cellsOf({ mine, theirs }: CellPair, side: Side): Cell[] {
  if (side === "neither") return [];
  const chosen = [side === "theirs" ? null : mine, side === "mine" ? null : theirs].filter((cell) => cell !== null);
  // Two cells of one id are two cells.
  return chosen.map((cell, i) => (i > 0 && cell.id === chosen[0].id ? { ...cell, id: newCellId() } : cell));
}

function form(cell: Cell | null): HTMLElement {
  if (cell === null) return el("p", { class: "none" }, "No such cell");
  const { length } = cell.cell_type === "code" ? cell.outputs : [];
  const note = length === 0 ? [] : [el("p", { class: "note" }, length === 1 ? "1 output" : `${length} outputs`)];
  return el("div", {}, el("pre", { tabindex: 0 }, cell.source), ...note);
}

/** Shows both; `onChosen` gets the cells in order. Closed without a choice, nothing is chosen. */
export function showSideBySide(
  mine: readonly Cell[],
  theirs: readonly Cell[],
  onChosen: (cells: Cell[]) => void,
  onClose: () => void,
): void {
  const pairs = compareCells(mine, theirs);
  const sides = pairs.map(firstChoice);
  const rows: HTMLElement[] = [];
  let same = 0;
  const tellSame = (): void => {
    if (same > 0)
      rows.push(el("p", { class: "same" }, same === 1 ? "1 cell is the same" : `${same} cells are the same`));
    same = 0;
  };
  pairs.forEach((pair, i) => {
    if (pair.same) return void same++;
    tellSame();
    const name = uniqueId("side");
    const choices = (Object.keys(names) as Side[])
      .filter((side) => side !== "both" || (pair.mine !== null && pair.theirs !== null))
      .filter((side) => (side !== "mine" || pair.mine !== null) && (side !== "theirs" || pair.theirs !== null))
      .map((side) => {
        const radio = el("input", { type: "radio", name, value: side, checked: side === sides[i] });
        radio.addEventListener("change", () => (sides[i] = side));
        return el("label", {}, radio, names[side]);
      });
    rows.push(
      el(
        "fieldset",
        { class: "pair" },
        el("legend", {}, `Cell ${i + 1}`),
        el("div", { class: "side" }, el("h3", {}, "Mine"), form(pair.mine)),
        el("div", { class: "side" }, el("h3", {}, "Theirs, on the disk"), form(pair.theirs)),
        el("div", { class: "choices" }, ...choices),
      ),
    );
  });
  tellSame();
  let chosen = false;
  const save = button(
    "Save what is chosen",
    () => {
      chosen = true;
      dialog.close();
      onChosen(pairs.flatMap((pair, i) => (pair.same ? [pair.mine!] : cellsOf(pair, sides[i]))));
    },
    { class: "primary" },
  );
  const dialog = openDialog("Mine and theirs", [...rows, el("div", { class: "choices" }, save)], () => {
    if (!chosen) onClose();
  });
  dialog.element.classList.add("wide");
}
