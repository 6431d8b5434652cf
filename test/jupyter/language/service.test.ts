import assert from "node:assert/strict";
import { describe, it } from "node:test";
import ts from "typescript";
import type { NotebookLanguage } from "../../../src/jupyter/notebook-language.js";
import { createNotebookService } from "../../../src/jupyter/language/service.js";
import { packageFolder } from "../../../src/core/version.js";

/** Runs cells, and gives what TypeScript says of each. */
function notebookOf(language: NotebookLanguage = "typescript", documentation = true) {
  const service = createNotebookService({ folder: packageFolder, packageFolder, language, documentation });
  const messages = (code: string, above: readonly string[] = []): string[] => {
    service.open(code, "mentioned", above);
    return service.service
      .getSemanticDiagnostics(service.current)
      .filter(({ start = 0 }) => start < code.length)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "));
  };
  const run = (code: string): string[] => {
    const found = messages(code);
    service.commit();
    return found;
  };
  return { ...service, messages, run };
}

describe("TypeScript over a notebook", () => {
  it("knows the types of more cells than had room at first, each from those above it", () => {
    const { run, messages } = notebookOf();
    assert.deepEqual(run("const x0 = 7 as const;"), []);
    for (let i = 1; i < 37; i++) assert.deepEqual(run(`const x${i} = [x${i - 1}];`), []);
    assert.deepEqual(messages(`x36${"[0]".repeat(36)} satisfies 7; x0 satisfies 7;`), []);
    assert.match(messages("x1 satisfies string")[0], /^Type '7\[\]' does not satisfy/);
  });

  it("leaves a cell what it saw when a later one declares the name anew, or hides an import", () => {
    const { run, messages } = notebookOf();
    run('let a = 3; import { join as f } from "node:path";');
    run("const g = () => f(String(a)); type Kept = typeof a;");
    run('let a = "text"; const f = 5;');
    run("const h = a + f;");
    assert.deepEqual(messages("g() satisfies string; (0 as Kept) satisfies number; h satisfies string"), []);
    assert.match(messages("f satisfies string")[0], /^Type 'number' does not satisfy/);
  });

  it("keeps the types that a cell brings besides those that it names, when others hide it", () => {
    const { run, messages } = notebookOf();
    run("declare global { interface Array<T> { seventh: T } } const hidden = 1;");
    run("const hidden = [2];");
    assert.deepEqual(messages("hidden.seventh satisfies number"), []);
  });

  it("reads docblocks for who looks names up, and without them checks the same, JavaScript's types in them included", () => {
    const documented = '/** Doubles. */ const twice = (x: number) => 2 * x; twice("text");';
    const typed = "/** @type {number} */ const five = 'five';";
    for (const documentation of [true, false]) {
      const notebook = notebookOf("typescript", documentation);
      assert.match(notebook.messages(documented)[0], /^Argument of type 'string' is not assignable/);
      notebook.open(documented);
      const found = notebook.service.getQuickInfoAtPosition(notebook.current, documented.indexOf("twice"))!;
      assert.equal(ts.displayPartsToString(found.documentation), documentation ? "Doubles." : "");
      assert.match(notebookOf("javascript", documentation).messages(typed)[0], /^Type 'string' is not assignable/);
    }
  });

  it("checks a statement that calls what an earlier cell declared, narrowed or assigned", () => {
    const { run, messages } = notebookOf();
    run("const twice = (x: number) => 2 * x; let later = twice; const five = 5 as const; const tag = Symbol();");
    run("const eight = 8;");
    run("const sized = (length = eight) => length;"); // of any length, as where eight stands in the same cell
    run("const isText: (x: unknown) => asserts x is string = () => {}; let either: string | number = Math.random();");
    assert.match(messages("twice('text')")[0], /^Argument of type 'string' is not assignable/);
    assert.match(messages("later('text'); later = five")[0], /^Argument of type 'string' is not assignable/);
    assert.match(messages("later = five")[0], / is not assignable to type '\(x: number\) => number'/);
    assert.match(messages("five()")[0], /not callable/);
    assert.match(messages("five = 5")[0], /^Cannot assign to 'five' because it is an import/);
    const narrowed = "isText(either); either satisfies string; either = 3; either satisfies number; five satisfies 5";
    assert.deepEqual(messages(`${narrowed}; ({ [tag]: 1 })[tag] satisfies number; twice(7); later(7); sized(16)`), []);
  });

  it("forgets all when the notebook starts anew", () => {
    const notebook = notebookOf();
    const { run, messages } = notebook;
    for (let i = 0; i < 19; i++) run(`const y${i} = ${i};`);
    notebook.reset();
    assert.match(messages("y0 + y18")[0], /Cannot find name 'y0'/);
    run("const y0 = 'anew';");
    assert.deepEqual(messages("y0 satisfies string"), []);
    assert.match(messages("y18")[0], /Cannot find name 'y18'/);
  });

  it("shows a cell what those above it would declare, for as long as they have not been run", () => {
    const { run, messages } = notebookOf();
    run("const first = 1;");
    const above = ["const second = first; import * as path from 'node:path';", "const third = path.sep;"];
    assert.deepEqual(messages("second + third", above), []);
    assert.match(messages("second")[0], /Cannot find name/);
  });

  it("takes implicit globals of JavaScript for names", () => {
    const { run, messages } = notebookOf("javascript");
    run("counted = 5; const fixed = 2");
    run("twice = counted * 2");
    assert.deepEqual(messages("twice.toFixed(fixed).trim()"), []);
  });
});
