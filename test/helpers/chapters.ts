/** The chapters of the book as files, and what tests look for in them. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { packageFolder } from "../../src/core/version.js";
import { readNotebook, type CodeCell, type Notebook } from "../../src/notebook/file.js";

export const quickStart = "01-quick-start.ipynb";

/** File names, in the order of the book. */
export const chapters = readdirSync(join(packageFolder, "notebooks"))
  .filter((name) => name.endsWith(".ipynb"))
  .sort();

/** `name`: below `notebooks`. */
export const notebookOf = (name: string): Promise<Notebook> => readNotebook(join(packageFolder, "notebooks", name));

export const codeCells = (notebook: Notebook): CodeCell[] =>
  notebook.cells.flatMap((cell) => (cell.cell_type === "code" ? [cell] : []));

/** The bundles of all figures that the cells have shown. */
export const figuresOf = (notebook: Notebook): Record<string, unknown>[] =>
  codeCells(notebook).flatMap(({ outputs }) =>
    outputs.flatMap((output) => (output.output_type === "display_data" && isFigure(output.data) ? [output.data] : [])),
  );
const isFigure = (bundle: object): boolean => Object.keys(bundle).some((type) => /vegalite|plotly|image/.test(type));
