/** Notebooks of many kinds, as editors, other kernels and habits make them: what running each gives, for `docs/tried.md`. */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { decodeText } from "../../src/core/json.js";
import { parseNotebook, type CodeCell, type Output } from "../../src/notebook/file.js";
import { assertOurLanguage } from "../../src/notebook/language.js";
import { runNotebook } from "../../src/notebook/run.js";
import type { Tried } from "../data/image-kinds.js";

type Row = Pick<Tried, "what" | "result">;
type Json = Record<string, unknown>;

const code = (source: string): Json => ({
  cell_type: "code",
  execution_count: null,
  metadata: {},
  outputs: [],
  source,
});
const file = (sources: readonly string[], language?: string, more: Json = {}): string =>
  JSON.stringify({
    cells: sources.map(code),
    metadata: language === undefined ? {} : { kernelspec: { name: language, display_name: language, language } },
    nbformat: 4,
    nbformat_minor: 4,
    ...more,
  });

/** Files of which only the form matters; they are read and not run. */
const forms: readonly [what: string, text: string | Buffer][] = [
  ["nbformat 4.0 to 4.4: cells without ids", file(["1"])],
  ["a byte order mark, lines that end in CR LF", `\ufeff${file(["1"]).replaceAll(",", ",\r\n")}`],
  ["UTF-16, as `>` of Windows PowerShell writes it", Buffer.from(`\ufeff${file(["1"])}`, "utf16le")],
  ["ids that two cells have, or that are none", file([], undefined, { cells: ["a", "a", "a b", 7].map((id) => ({ ...code("1"), id })) })], // prettier-ignore
  ["outputs of kinds that nobody knows, a traceback in one text", file([], undefined, { cells: [{ ...code("1"), outputs: [{ output_type: "display_data", data: { "application/x-own": "a" }, metadata: null }, { output_type: "error", traceback: "a" }] }] })], // prettier-ignore
  ["no kernel and no language named", file(["1"])],
  ["made for tslab (`typescript`)", file(["1"], "typescript")],
  ["made for ijavascript or jslab (`javascript`)", file(["1"], "javascript")],
  ["raw cells, attachments, metadata of others", file([], "typescript", { cells: [{ cell_type: "raw", source: ["a"], metadata: { jupytext: {} } }, { cell_type: "markdown", source: "![a](attachment:a.png)", metadata: {}, attachments: { "a.png": { "image/png": "AA==" } } }] })], // prettier-ignore
  ["nbformat 5, of a program to come", file(["1"], "typescript", { nbformat: 5 })],
  ["nbformat 3: cells in worksheets", JSON.stringify({ metadata: {}, nbformat: 3, worksheets: [{ cells: [] }] })],
  ["in Python", file(["print(1)"], "python")],
  ["marks of a merge", file(["1"]).replace("{", "<<<<<<< HEAD\n{")],
  ["an empty file", ""],
];

function tryForms(): Row[] {
  return forms.map(([what, text]) => {
    try {
      const notebook = parseNotebook(decodeText(typeof text === "string" ? Buffer.from(text) : text), "n.ipynb");
      assertOurLanguage(notebook, "n.ipynb");
      return { what, result: `read, ${notebook.cells.length} cell${notebook.cells.length === 1 ? "" : "s"}` };
    } catch (error) {
      return { what, result: `refused: ${(error as Error).message}` };
    }
  });
}

/** Files that lie beside the notebook. */
const beside: Readonly<Record<string, string>> = {
  "sum.ts": "declare global { interface Array<T> { total(): number } }\nArray.prototype.total = function (this: number[]) { return this.reduce((a, b) => a + b, 0); };\nexport {};\n", // prettier-ignore
  "node_modules/wrapped/package.json": `{"name":"wrapped","version":"1.0.0","exports":{"import":"./wrapper.mjs","require":"./index.js","types":"./index.d.ts"}}`,
  "node_modules/wrapped/index.js": "module.exports = class Client {}; module.exports.Client = module.exports;",
  "node_modules/wrapped/wrapper.mjs": `import Client from "./index.js"; export { Client }; export default Client;`,
  "node_modules/wrapped/index.d.ts": "declare class Client {}\nexport { Client };\nexport default Client;\n",
};

/** Cells of one notebook, each a kind of its own. */
const cells: Readonly<Record<"typescript" | "javascript", readonly [what: string, source: string][]>> = {
  typescript: [
    ["`await` before a bracket, a sign, a template", "[await [1][0], await -1, await `x`]"],
    ["a type error", 'const wrong: number = "text";'],
    ["types that an import adds for its effects", 'import "./sum";\n[1, 2].total()'],
    ["the same in a later cell", "[1, 2, 3].total()"],
    ["an ES module that hands on a CommonJS class", 'import { Client } from "wrapped";\ntypeof Client'],
    ["`console.trace`", 'console.trace("here")'],
    ["a line for a terminal, `!npm install x`", "!npm install x"],
    ["a magic of IPython, `%time`", "%time 1"],
    ["a cell magic, `%%bash`", "%%bash\nls"],
    ["a handler that throws what was not caught once more", 'process.on("uncaughtException", (error) => { throw error; });\nsetTimeout(() => { throw new Error("late"); }, 1);\nawait new Promise((resolve) => setTimeout(resolve, 50));'], // prettier-ignore
    ["`process.exit` in a cell", "process.exit(1)"],
    ["a cell after it", "'still here'"],
    ["`Deno.jupyter`", "Deno.jupyter.md`**a**`"],
    ["output of a timer after the last cell", 'setTimeout(() => console.log("late"), 100);\n0'],
  ],
  javascript: [
    ["a global that nobody declared", "total = 5;\ntotal"],
    ["another type for the same name", "var a = 1;\na = 'text';\na"],
    ["`module.exports`", "module.exports = { b: 2 };\ntypeof module"],
    ["fields that a constructor adds", "class P { constructor(n) { this.n = n; } }\nnew P(3).n"],
  ],
};

/** The first line of each output. */
const shown = (output: Output): string => {
  if (output.output_type === "error") return `${output.ename}: ${output.evalue}`.split("\n")[0];
  if (output.output_type === "stream") return `${output.name} ${output.text.split("\n")[0]}`;
  const [[type, value]] = Object.entries(output.data);
  return type === "text/plain" ? String(value) : `${type} ${String(value)}`;
};

/** As code in Markdown. */
const quoted = (text: string): string => (text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``);

async function tryCells(language: keyof typeof cells, folder: string): Promise<Row[]> {
  const kinds = cells[language];
  const notebook = parseNotebook(file(kinds.map(([, source]) => source), language), "n.ipynb"); // prettier-ignore
  const { notebook: executed } = await runNotebook(notebook, { folder, allowErrors: true });
  return kinds.map(([what], index) => {
    const outputs = (executed.cells[index] as CodeCell).outputs.map((output) => quoted(shown(output)));
    return {
      what: `${language === "javascript" ? "in JavaScript: " : ""}${what}`,
      result: outputs.join(", ") || "runs",
    };
  });
}

/** Every form, and every cell in a kernel of its language. */
export async function tryNotebooks(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "axial-notebook-kinds-"));
  try {
    for (const [name, text] of Object.entries(beside)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const [typescript, javascript] = await Promise.all([
      tryCells("typescript", folder),
      tryCells("javascript", folder),
    ]);
    return [...tryForms(), ...typescript, ...javascript];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
