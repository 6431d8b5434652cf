/**
 * Parameters of a notebook, as papermill does it: the cell tagged `parameters` declares them with their defaults; a
 * cell put behind it, tagged `injected-parameters`, declares the given ones again.
 */
import ts from "typescript";
import { ConfigError } from "../core/errors.js";
import type { CodeCell, Notebook } from "./file.js";

const injectedTag = "injected-parameters";

interface Parameter {
  name: string;
  keyword: "const" | "let" | "var";
  /** The annotation in the parameters cell, as it stands there. */
  type: string | null;
  initializer: ts.Expression | null;
}

/**
 * The notebook with these values in place of those that were set before; without values, as it is. `name` is what error
 * messages call it. Values are texts, as a command line has them.
 */
export function setParameters(notebook: Notebook, values: ReadonlyMap<string, string>, name: string): Notebook {
  if (values.size === 0) return notebook;
  const cells = notebook.cells.filter((cell) => !cell.metadata.tags?.includes(injectedTag));
  const index = cells.findIndex((cell) => cell.cell_type === "code" && cell.metadata.tags?.includes("parameters"));
  const given = [...values.keys()].join(", ");
  if (index < 0) {
    throw new ConfigError(
      `notebook: a cell tagged "parameters" must declare what is set, got ${given} and no such cell in ${name}; tag one`,
    );
  }
  const known = new Map(declaredParameters(cells[index].source).map((parameter) => [parameter.name, parameter]));
  const lines = [...values].map(([key, text]) => {
    const parameter = known.get(key);
    if (!parameter) {
      throw new ConfigError(
        `notebook: ${name} has no parameter of that name, got ${key}; it has ${[...known.keys()].join(", ") || "none"}`,
      );
    }
    return declaration(parameter, text);
  });
  const injected: CodeCell = {
    cell_type: "code",
    id: unusedId(injectedTag, cells),
    source: ["// Parameters", ...lines].join("\n"),
    metadata: { tags: [injectedTag] },
    execution_count: null,
    outputs: [],
  };
  return { ...notebook, cells: [...cells.slice(0, index + 1), injected, ...cells.slice(index + 1)] };
}

function declaredParameters(source: string): Parameter[] {
  const file = ts.createSourceFile("parameters.ts", source, ts.ScriptTarget.ESNext, true);
  return file.statements.filter(ts.isVariableStatement).flatMap(({ declarationList: list }) => {
    const keyword = list.flags & ts.NodeFlags.Const ? "const" : list.flags & ts.NodeFlags.Let ? "let" : "var";
    return list.declarations.flatMap(({ name, type, initializer }) =>
      ts.isIdentifier(name)
        ? [{ name: name.text, keyword, type: type?.getText(file) ?? null, initializer: initializer ?? null }]
        : [],
    );
  });
}

function declaration({ name, keyword, type, initializer }: Parameter, text: string): string {
  return `${keyword} ${name}${type === null ? "" : `: ${type}`} = ${literal(name, text, initializer, type)};`;
}

/** The text as a literal of the kind that the default is of. */
function literal(name: string, text: string, initializer: ts.Expression | null, type: string | null): string {
  const kind = kindOf(initializer, type);
  if (kind === "string") return JSON.stringify(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = text;
  }
  if (kind !== null && typeof value !== kind) {
    throw new ConfigError(
      `notebook: parameter ${name} must be a ${kind}, got ${JSON.stringify(text)}; give one of the kind that the notebook declares`,
    );
  }
  return JSON.stringify(value);
}

function kindOf(initializer: ts.Expression | null, type: string | null): "string" | "number" | "boolean" | null {
  if (type === "string" || type === "number" || type === "boolean") return type;
  if (!initializer) return null;
  if (ts.isStringLiteralLike(initializer) || ts.isTemplateExpression(initializer)) return "string";
  if (ts.isNumericLiteral(initializer) || ts.isPrefixUnaryExpression(initializer)) return "number";
  const isBoolean = initializer.kind === ts.SyntaxKind.TrueKeyword || initializer.kind === ts.SyntaxKind.FalseKeyword;
  return isBoolean ? "boolean" : null;
}

function unusedId(wanted: string, cells: Notebook["cells"]): string {
  let id = wanted;
  for (let number = 2; cells.some((cell) => cell.id === id); number++) id = `${wanted}-${number}`;
  return id;
}
