/** What every chapter has, as it lies in the repository; nothing is run here. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join, normalize } from "node:path";
import { describe, it } from "node:test";
import { packageFolder } from "../../src/core/version.js";
import { chapters, codeCells, figuresOf, notebookOf, quickStart } from "../helpers/chapters.js";

/** Kept without outputs: a reader's own run makes them. */
const unrun: readonly string[] = [quickStart];
/** Lines of a cell that are read at a glance, and of none more than this. */
const [usual, most] = [6, 9];

describe("a chapter of the book", () => {
  for (const name of chapters)
    it(`${name} has a title, what it teaches in a sentence, and links that lead to files`, async () => {
      const { cells } = await notebookOf(name);
      assert.match(cells[0].source, /^# [^\n]+\n\n[A-Z][^\n]+\.$/);
      const links = cells.flatMap((cell) =>
        cell.cell_type === "markdown" ? [...cell.source.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map((match) => match[1]) : [],
      );
      const files = links.filter((link) => !/^[a-z]+:/.test(link));
      assert.ok(files.length >= 4);
      for (const file of files) assert.ok(existsSync(normalize(join(packageFolder, "notebooks", file))), file);
    });

  for (const name of chapters)
    it(`${name} has three exercises, whose solutions are folded`, async () => {
      const { cells } = await notebookOf(name);
      const asked = cells.flatMap(({ source }) =>
        [...source.matchAll(/^\*\*(\d)\.\*\* /gm)].map(([, number]) => number),
      );
      assert.deepEqual(asked, ["1", "2", "3"]);
      const solutions = cells.filter(({ metadata }) => metadata.tags?.includes("solution"));
      assert.ok(solutions.length >= 3, `${solutions.length} solutions`);
      for (const { metadata } of solutions)
        assert.deepEqual(metadata.jupyter, { outputs_hidden: true, source_hidden: true });
    });

  for (const name of chapters)
    it(`${name} has short cells`, async () => {
      const lengths = codeCells(await notebookOf(name)).map(({ source }) => source.split("\n").length);
      assert.ok(lengths.sort((a, b) => a - b)[lengths.length >> 1] <= usual, `median of ${lengths.join(" ")}`);
      assert.ok(lengths.at(-1)! <= most, `longest of ${lengths.join(" ")}`);
    });

  for (const name of chapters.filter((name) => !unrun.includes(name)))
    it(`${name} lies here as a whole run left it, its pictures small`, async () => {
      const notebook = await notebookOf(name);
      const cells = codeCells(notebook);
      assert.deepEqual(
        cells.map((cell) => cell.execution_count),
        cells.map((_, i) => i + 1),
      );
      for (const { outputs, id } of cells)
        for (const output of outputs) assert.notEqual(output.output_type, "error", id);
      for (const figure of figuresOf(notebook)) {
        const bytes = Buffer.from(figure["image/png"] as string, "base64").length;
        assert.ok(bytes < 80_000, `${bytes} bytes: ${String(figure["text/plain"])}`);
      }
    });

  it("has all of its outputs or none", async () => {
    for (const name of unrun)
      for (const cell of codeCells(await notebookOf(name)))
        assert.deepEqual([cell.outputs, cell.execution_count], [[], null], `${name} ${cell.id}`);
  });
});
