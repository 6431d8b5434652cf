/**
 * The notebook format, 4.5, apart from files: what a notebook holds, checked and brought up to date as it is read, and
 * its text, byte for byte as Jupyter writes it. Runs in a browser too.
 */
import { FileError } from "../core/errors.js";
import { jsonFault, parseJson } from "../core/json.js";
import { nbformatJson, splitLines } from "./nbformat-json.js";

export interface StreamOutput {
  output_type: "stream";
  name: "stdout" | "stderr";
  text: string;
}
export interface DisplayOutput {
  output_type: "display_data";
  data: Record<string, unknown>;
  metadata: Record<string, unknown>;
}
export interface ResultOutput {
  output_type: "execute_result";
  execution_count: number | null;
  data: Record<string, unknown>;
  metadata: Record<string, unknown>;
}
export interface ErrorOutput {
  output_type: "error";
  ename: string;
  evalue: string;
  traceback: string[];
}
export type Output = StreamOutput | DisplayOutput | ResultOutput | ErrorOutput;

interface CellBase {
  /** Unique in the notebook, of letters, digits, `-` and `_`. */
  id: string;
  source: string;
  metadata: Record<string, unknown> & { tags?: string[] };
}
export interface CodeCell extends CellBase {
  cell_type: "code";
  execution_count: number | null;
  outputs: Output[];
}
export interface TextCell extends CellBase {
  cell_type: "markdown" | "raw";
  attachments?: Record<string, unknown>;
}
export type Cell = CodeCell | TextCell;

export interface Notebook {
  cells: Cell[];
  metadata: Record<string, unknown>;
  nbformat: 4;
  nbformat_minor: number;
}

type Json = Record<string, unknown>;

/** `name` is what error messages call the notebook. */
export function parseNotebook(text: string, name: string): Notebook {
  let file: unknown;
  try {
    file = parseJson(text);
  } catch (error) {
    throw new FileError(`notebook: the file must be JSON, got ${name} (${jsonFault(error)}); give an .ipynb file`);
  }
  return notebookOf(file, name);
}

/** The same from JSON that is parsed already, as clients send it. */
export function notebookOf(file: unknown, name: string): Notebook {
  if (!isObject(file) || !Array.isArray(file["cells"])) {
    throw new FileError(`notebook: the file must hold cells, got ${name}; is it a notebook of nbformat 4?`);
  }
  if (file["nbformat"] !== 4) {
    throw new FileError(
      `notebook: nbformat must be 4, got ${JSON.stringify(file["nbformat"])} in ${name}; open and save it in Jupyter first`,
    );
  }
  const seen = new Set<string>();
  const cells = (file["cells"] as unknown[]).map((cell, index) => parseCell(cell, index, name, seen));
  const minor = typeof file["nbformat_minor"] === "number" ? file["nbformat_minor"] : 5;
  return {
    cells,
    metadata: isObject(file["metadata"]) ? file["metadata"] : {},
    nbformat: 4,
    nbformat_minor: Math.max(5, minor),
  };
}

function parseCell(cell: unknown, index: number, name: string, seen: Set<string>): Cell {
  const where = `cell ${index + 1} of ${name}`;
  if (!isObject(cell)) throw new FileError(`notebook: a cell must be an object, got ${JSON.stringify(cell)}; ${where}`);
  const type = cell["cell_type"];
  if (type !== "code" && type !== "markdown" && type !== "raw") {
    throw new FileError(`notebook: cell_type must be code, markdown or raw, got ${JSON.stringify(type)}; ${where}`);
  }
  // Older notebooks have no ids, and copies of cells have the same twice: the place gives one, the same each time.
  let id = typeof cell["id"] === "string" && /^[\w-]{1,64}$/.test(cell["id"]) ? cell["id"] : `cell-${index + 1}`;
  while (seen.has(id)) id = `${id.slice(0, 60)}-${index + 1}`;
  seen.add(id);
  const base = {
    id,
    source: joinLines(cell["source"]),
    metadata: isObject(cell["metadata"]) ? cell["metadata"] : {},
  };
  if (type !== "code") {
    return { cell_type: type, ...base, ...(isObject(cell["attachments"]) ? { attachments: cell["attachments"] } : {}) };
  }
  const outputs = Array.isArray(cell["outputs"]) ? cell["outputs"].map((output) => parseOutput(output, where)) : [];
  const count = cell["execution_count"];
  return { cell_type: "code", ...base, execution_count: typeof count === "number" ? count : null, outputs };
}

function parseOutput(output: unknown, where: string): Output {
  if (!isObject(output))
    throw new FileError(`notebook: an output must be an object, got ${JSON.stringify(output)}; ${where}`);
  const data = isObject(output["data"]) ? mapValues(output["data"], joinBundleValue) : {};
  const metadata = isObject(output["metadata"]) ? output["metadata"] : {};
  switch (output["output_type"]) {
    case "stream":
      return {
        output_type: "stream",
        name: output["name"] === "stderr" ? "stderr" : "stdout",
        text: joinLines(output["text"]),
      };
    case "display_data":
      return { output_type: "display_data", data, metadata };
    case "execute_result": {
      const count = output["execution_count"];
      return {
        output_type: "execute_result",
        execution_count: typeof count === "number" ? count : null,
        data,
        metadata,
      };
    }
    case "error":
      return {
        output_type: "error",
        ename: joinLines(output["ename"]) || "Error",
        evalue: joinLines(output["evalue"]),
        traceback: [output["traceback"] ?? []].flat().map(String),
      };
    default:
      throw new FileError(
        `notebook: output_type must be one of nbformat 4, got ${JSON.stringify(output["output_type"])}; ${where}`,
      );
  }
}

/** The file's text, byte for byte as Jupyter writes it: see `nbformat-json.ts`. */
export function formatNotebook(notebook: Notebook): string {
  const cells = notebook.cells.map((cell) => ({
    ...cell,
    metadata: without(cell.metadata, ["trusted"]),
    source: splitLines(cell.source),
    ...(cell.cell_type === "code"
      ? { outputs: cell.outputs.map(formatOutput) }
      : cell.attachments && { attachments: mapValues(cell.attachments, formatAttachment) }),
  }));
  // What Jupyter knows of a notebook while it is open, and leaves out of the file.
  const metadata = without(notebook.metadata, ["orig_nbformat", "orig_nbformat_minor", "signature"]);
  return nbformatJson({ ...notebook, cells, metadata }) + "\n";
}

function formatOutput(output: Output): Json {
  if (output.output_type === "stream") return { ...output, text: splitLines(output.text) };
  if (output.output_type === "error") return { ...output };
  return { ...output, data: mapValues(output.data, splitBundleValue) };
}

const formatAttachment = (bundle: unknown): unknown =>
  isObject(bundle) ? mapValues(bundle, splitBundleValue) : bundle;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const mapValues = (object: Json, change: (value: unknown, key: string) => unknown): Json =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));

/** Text is one text here and an array of lines in the file. */
const joinLines = (text: unknown): string =>
  Array.isArray(text) ? text.join("") : typeof text === "string" ? text : "";

const isJsonType = (type: string): boolean => /^application\/(.*\+)?json$/.test(type);
const joinBundleValue = (value: unknown, type: string): unknown =>
  !isJsonType(type) && Array.isArray(value) && value.every((line) => typeof line === "string") ? value.join("") : value;
/** Of a bundle only these are kept as lines; a picture is one text. */
const isKeptAsLines = (type: string): boolean =>
  type.startsWith("text/") || type === "image/svg+xml" || type === "application/javascript";
const splitBundleValue = (value: unknown, type: string): unknown =>
  typeof value === "string" && isKeptAsLines(type) ? splitLines(value) : value;

const without = (object: Json, keys: readonly string[]): Json =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
