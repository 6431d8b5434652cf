/**
 * The public names of the package, each with the first sentence of its docblock, as docs/names.md shows them: a change to
 * a name or to what it says is a change that a reviewer sees.
 * `npm run names` writes the page, a test compares.
 */
import { join, relative } from "node:path";
import ts from "typescript";
import { packageFolder } from "../src/core/version.js";

export interface PublicName {
  /** As it is written after `import * as axial`, without `axial.`. */
  readonly name: string;
  readonly kind: "class" | "function" | "value" | "type";
  /** The first sentence of its docblock; empty where it has none. */
  readonly says: string;
  /** The file that declares it, from the package's folder. */
  readonly file: string;
}

interface PublicSymbol {
  readonly name: string;
  readonly symbol: ts.Symbol;
  readonly declaration: ts.Declaration;
}

export interface PublicSymbols {
  readonly checker: ts.TypeChecker;
  readonly symbols: readonly PublicSymbol[];
}

/** Everything that `src/index.ts` exports, through its namespaces, as the compiler knows it. */
export function publicSymbols(): PublicSymbols {
  return (known ??= readSymbols());
}

let known: PublicSymbols | undefined;

function readSymbols(): PublicSymbols {
  const index = join(packageFolder, "src", "index.ts");
  const { config } = ts.readConfigFile(join(packageFolder, "tsconfig.json"), (path) => ts.sys.readFile(path)) as {
    config: object;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, packageFolder);
  const program = ts.createProgram([index], options);
  const checker = program.getTypeChecker();
  const walk = (module: ts.Symbol, prefix: string): PublicSymbol[] =>
    checker.getExportsOfModule(module).flatMap((exported): PublicSymbol[] => {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      if (symbol.flags & ts.SymbolFlags.Module) return walk(symbol, `${prefix}${exported.name}.`);
      return [{ name: prefix + exported.name, symbol, declaration: symbol.declarations![0] }];
    });
  const root = checker.getSymbolAtLocation(program.getSourceFile(index)!)!;
  return { checker, symbols: walk(root, "").sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

/** The names with what is said of them. */
export function publicNames(): PublicName[] {
  const { checker, symbols } = publicSymbols();
  return symbols.map(({ name, symbol, declaration }) => ({
    name,
    kind: kindOf(symbol),
    says: firstSentence(ts.displayPartsToString(symbol.getDocumentationComment(checker))),
    file: relative(packageFolder, declaration.getSourceFile().fileName).replaceAll("\\", "/"),
  }));
}

function kindOf(symbol: ts.Symbol): PublicName["kind"] {
  if (symbol.flags & ts.SymbolFlags.Class) return "class";
  if (symbol.flags & ts.SymbolFlags.Function) return "function";
  return symbol.flags & ts.SymbolFlags.Variable ? "value" : "type";
}

/** Up to the first full stop or colon at the end of a word, without links' braces, in one line. */
function firstSentence(text: string): string {
  const plain = text
    .replace(/\{@link ([^}]*)\}/g, "$1")
    .split(/\n\s*\n/)[0]
    .replace(/\s+/g, " ");
  return /^.*?[.:](?=\s|$)/.exec(plain)?.[0].replace(/:$/, ".") ?? plain;
}

export const namesPath = join(packageFolder, "docs", "names.md");

/** The page docs/names.md. */
export function namesPage(names: readonly PublicName[]): string {
  const rooms = new Map<string, PublicName[]>();
  for (const one of names) {
    const room = one.name.includes(".") ? one.name.split(".")[0] : "";
    rooms.set(room, [...(rooms.get(room) ?? []), one]);
  }
  const parts = [...rooms].map(([room, own]) => {
    const rows = own.map(({ name, kind, says }) => `| \`${name}\` | ${kind} | ${says.replaceAll("|", "\\|")} |`);
    return [
      `## ${room === "" ? "axial" : `axial.${room}`}`,
      "",
      "| name | kind | what it is |",
      "| --- | --- | --- |",
      ...rows,
      "",
    ].join("\n");
  });
  return [
    "# Public names",
    "",
    'What `import * as axial from "axial-lab"` holds. Written by `npm run names`; a test compares.',
    "",
    ...parts,
  ].join("\n");
}
