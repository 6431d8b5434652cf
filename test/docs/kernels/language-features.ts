/** What TypeScript in cells asks of a kernel: the language itself, the editor, and how values are shown. */
import { gives, ok, text, type Feature } from "./feature.js";

const esmPackage = {
  "node_modules/only-esm/package.json": JSON.stringify({
    name: "only-esm",
    version: "1.0.0",
    type: "module",
    exports: { ".": { types: "./i.d.ts", import: "./i.js" } },
  }),
  "node_modules/only-esm/i.js": "export const answer = 42;",
  "node_modules/only-esm/i.d.ts": "export declare const answer: number;",
};

const language = "jupyter/kernel/language.test.ts";
const services = "jupyter/kernel/services.test.ts";
const display = "jupyter/kernel/display.test.ts";

export const languageFeatures: readonly Feature[] = [
  {
    group: "Language",
    name: "type errors stop a cell, with the compiler's message",
    test: [language, "shows type errors as compiler messages with the line, and does not run"],
    async probe(kernel) {
      const outcome = await kernel.run("const n: number = 'three';\nconsole.log('ran');");
      const told = outcome.printed + JSON.stringify(outcome.error ?? {});
      return !outcome.printed.includes("ran\n") && told.includes("not assignable");
    },
  },
  {
    group: "Language",
    name: "a name is declared again in a later cell",
    test: [language, "declares a name of another type again"],
    async probe(kernel) {
      await kernel.run("const again = 1;");
      return gives("const again = 'b';\nconsole.log(again + again)", /bb/)(kernel);
    },
  },
  {
    group: "Language",
    name: "functions see helpers that are defined anew",
    test: [language, "lets a function see the later definition of another"],
    async probe(kernel) {
      await kernel.run("function helper() { return 1; }\nfunction user() { return helper(); }");
      await kernel.run("function helper() { return 7; }");
      return text(await kernel.run("console.log('is', user())")).includes("is 7");
    },
  },
  {
    group: "Language",
    name: "a variable that a function of an earlier cell changes",
    test: [language, "shares a variable between a function and later cells"],
    async probe(kernel) {
      await kernel.run("let count = 0;\nfunction up() { count++; return count; }");
      await kernel.run("count = 10;");
      return text(await kernel.run("up(); console.log('is', count)")).includes("is 11");
    },
  },
  {
    group: "Language",
    name: "`for await` and nested `await` at the top level",
    test: [language, "loops over an async generator"],
    probe: gives(
      "for await (const n of [Promise.resolve(5)]) console.log('got', n);\nconsole.log(await (await Promise.resolve(async () => 'deep'))());",
      /got 5[^]*deep/,
    ),
  },
  {
    group: "Language",
    name: "`using`",
    test: [language, "disposes what it uses"],
    probe: gives(
      "function f() { using thing = { [Symbol.dispose]() { console.log('closed'); } }; return thing; }\nf();",
      /closed/,
    ),
  },
  {
    group: "Language",
    name: "`export` and type annotations as in a module",
    test: [language, "exports what it declares"],
    async probe(kernel) {
      return (
        ok(await kernel.run("export const shared: number = 4;")) &&
        text(await kernel.run("console.log('is', shared)")).includes("is 4")
      );
    },
  },
  {
    group: "Language",
    name: "packages that are ES modules only, from the notebook's folder, with their types",
    test: [language, "imports an ESM-only package with types from its exports"],
    files: esmPackage,
    probe: gives("import { answer } from 'only-esm';\nconst n: number = answer;\nconsole.log('is', n);", /is 42/),
  },
  {
    group: "Editor",
    name: "completion of members, by type",
    test: [services, "complete a member of a variable of an earlier cell"],
    async probe(kernel) {
      await kernel.run("const record = { colour: 1, column: 2 };");
      const { matches } = await kernel.ask("complete_request", { code: "record.col", cursor_pos: 10 });
      return ["colour", "column"].every((name) => (matches as string[]).some((match) => match.includes(name)));
    },
  },
  {
    group: "Editor",
    name: "cursor positions are characters, also behind an emoji",
    test: [services, "count positions in characters and not in UTF-16 units"],
    async probe(kernel) {
      await kernel.run("const record = { colour: 1, column: 2 };");
      const reply = await kernel.ask("complete_request", { code: "'😀'; record.col", cursor_pos: 15 });
      return reply["cursor_end"] === 15 && (reply["matches"] as string[]).some((match) => match.includes("colour"));
    },
  },
  {
    group: "Editor",
    name: "inspection with type and documentation",
    test: [services, "inspect a function with its documentation"],
    async probe(kernel) {
      await kernel.run("/** Twice the number. */\nfunction twice(n: number): number { return 2 * n; }");
      const reply = await kernel.ask("inspect_request", { code: "twice", cursor_pos: 3, detail_level: 0 });
      const told = JSON.stringify(reply["data"] ?? "");
      return told.includes("n: number") && told.includes("Twice the number");
    },
  },
  {
    group: "Editor",
    name: "`is_complete` with the indent of the next line",
    test: [services, "function f() {"],
    async probe(kernel) {
      const open = await kernel.ask("is_complete_request", { code: "function f() {" });
      const whole = await kernel.ask("is_complete_request", { code: "1 + 1" });
      return open["status"] === "incomplete" && open["indent"] === "  " && whole["status"] === "complete";
    },
  },
  {
    group: "Values",
    name: "that say how they are shown: `Symbol.for('Jupyter.display')`",
    test: [display, "that say themselves how they are shown are shown so"],
    async probe(kernel) {
      const { data } = await kernel.run("({ [Symbol.for('Jupyter.display')]: () => ({ 'text/html': '<b>own</b>' }) })");
      return data["text/html"] === "<b>own</b>";
    },
  },
  {
    group: "Values",
    name: "arrays of objects as a table",
    test: [display, "that are arrays of objects are shown as a table"],
    async probe(kernel) {
      const { data } = await kernel.run("[{ name: 'a', size: 3 }, { name: 'b', size: 5 }]");
      return /<table/.test(data["text/html"] ?? "");
    },
  },
];
