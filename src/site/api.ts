/** What the package exports, read from its own declarations: for each name its form, its docblock, its members. */
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { packageFolder } from "../core/version.js";

export type ApiKind = "class" | "function" | "value" | "type";

export interface ApiTag {
  /** `param`, `returns`, `throws`, ... */
  readonly tag: string;
  /** Of a parameter. */
  readonly name: string;
  readonly text: string;
}

export interface ApiMember {
  readonly name: string;
  /** As it is declared, without its body. */
  readonly form: string;
  readonly doc: string;
  readonly tags: readonly ApiTag[];
}

export interface ApiName extends ApiMember {
  readonly kind: ApiKind;
  /** The file that declares it, from the package's folder. */
  readonly file: string;
  readonly members: readonly ApiMember[];
}

/** The names of one namespace, such as `axial.layers`. */
export interface ApiRoom {
  /** Empty for the names of the package itself. */
  readonly name: string;
  /** The sentence at the head of its index. */
  readonly says: string;
  readonly names: readonly ApiName[];
}

/** All rooms of `src/index.ts`, and `axial-lab/web` as "web". Takes the sources, which only a checkout has. */
export function readApi(): readonly ApiRoom[] {
  return (known ??= read());
}

let known: readonly ApiRoom[] | undefined;

function read(): ApiRoom[] {
  const [index, web] = ["index.ts", join("web", "index.ts")].map((file) => join(packageFolder, "src", file));
  if (!existsSync(index)) throw new Error(`site: the API is read from the sources, got none in ${packageFolder}`);
  const { config } = ts.readConfigFile(join(packageFolder, "tsconfig.json"), (path) => ts.sys.readFile(path)) as {
    config: object;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, packageFolder);
  const program = ts.createProgram([index, web], options);
  const checker = program.getTypeChecker();
  const exportsOf = (file: string) =>
    checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)!)!);
  const own = (symbol: ts.Symbol): ts.Symbol =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const isRoom = (symbol: ts.Symbol) => (own(symbol).flags & ts.SymbolFlags.Module) !== 0;
  const named = (symbols: readonly ts.Symbol[]) =>
    symbols
      .filter((symbol) => !isRoom(symbol))
      .map((symbol) => apiName(checker, symbol.name, own(symbol)))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  const all = exportsOf(index);
  const rooms = all.filter(isRoom).map((room) => ({
    name: room.name,
    says: headOf(own(room).declarations![0].getSourceFile()),
    names: named(checker.getExportsOfModule(own(room))),
  }));
  const head = (file: string) => headOf(program.getSourceFile(file)!);
  return [
    { name: "", says: head(index), names: named(all) },
    ...rooms,
    { name: "web", says: head(web), names: named(exportsOf(web)) },
  ];
}

/** The first paragraph at the head of a file, without what an index says of itself, and without its name before a colon. */
function headOf({ text }: ts.SourceFile): string {
  const [, comment] = /^\/\*\*([^]*?)\*\//.exec(text) ?? ["", ""];
  const [first] = comment
    .replace(/^\s*\* ?/gm, "")
    .trim()
    .split(/\n\s*\n/);
  const said = first
    .replace(/\s+/g, " ")
    .replace(/ Re-exports only\.$/, "")
    .replace(/^`?(axial[\w./-]*)`?: /, "");
  return said[0].toUpperCase() + said.slice(1);
}

function apiName(checker: ts.TypeChecker, name: string, symbol: ts.Symbol): ApiName {
  const [declaration] = symbol.declarations!;
  const file = relative(packageFolder, declaration.getSourceFile().fileName).replaceAll("\\", "/");
  return { ...described(checker, name, symbol), kind: kindOf(symbol), file, members: membersOf(checker, declaration) };
}

function described(checker: ts.TypeChecker, name: string, symbol: ts.Symbol): ApiMember {
  return {
    name,
    form: formOf(symbol.declarations![0]),
    doc: plainLinks(ts.displayPartsToString(symbol.getDocumentationComment(checker))),
    // Without the checker: what an override inherits from TensorFlow.js is not ours to print.
    tags: symbol.getJsDocTags().map(({ name: tag, text = [] }) => {
      const parameter = text.find(({ kind }) => kind === "parameterName")?.text ?? "";
      const rest = text.filter(({ kind }) => kind !== "parameterName");
      return { tag, name: parameter, text: plainLinks(ts.displayPartsToString(rest)).trim() };
    }),
  };
}

/** Links to other names as code. */
const plainLinks = (text: string): string => text.replace(/\{@link\s+([^}|]*?)\s*(?:\|[^}]*)?\}/g, "`$1`");

function kindOf(symbol: ts.Symbol): ApiKind {
  if (symbol.flags & ts.SymbolFlags.Class) return "class";
  if (symbol.flags & ts.SymbolFlags.Function) return "function";
  return symbol.flags & ts.SymbolFlags.Variable ? "value" : "type";
}

/** What is declared, as it is written, up to its body. */
function formOf(declaration: ts.Declaration): string {
  const source = declaration.getSourceFile();
  const text = (from: number, to: number): string =>
    source.text
      .slice(from, to)
      .replace(/^(export|declare|default)\s+/g, "")
      .trim();
  const from = declaration.getStart(source);
  if (ts.isClassDeclaration(declaration) || ts.isInterfaceDeclaration(declaration))
    return text(from, declaration.members.pos - 1);
  if (ts.isFunctionLike(declaration) && "body" in declaration && declaration.body !== undefined)
    return text(from, (declaration.body as ts.Node).getStart(source)).replace(/=>$/, "");
  if (ts.isVariableDeclaration(declaration)) {
    const { initializer, type } = declaration;
    const isFunction = initializer !== undefined && ts.isArrowFunction(initializer);
    const to = isFunction ? initializer.body.getStart(source) : (type?.end ?? declaration.name.end);
    return `const ${text(from, to)}`.replace(/\s*=>$/, "");
  }
  return text(from, declaration.end).replace(/;$/, "");
}

/** Public members that the declaration itself has, in their order. */
function membersOf(checker: ts.TypeChecker, declaration: ts.Declaration): ApiMember[] {
  if (!ts.isClassDeclaration(declaration) && !ts.isInterfaceDeclaration(declaration)) return [];
  return [...declaration.members].flatMap((member): ApiMember[] => {
    const modifiers = ts.getCombinedModifierFlags(member);
    if (modifiers & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) return [];
    // What a layer must have for TensorFlow.js, and says nothing of itself.
    if (modifiers & ts.ModifierFlags.Override && ts.getJSDocCommentsAndTags(member).length === 0) return [];
    const name = ts.isConstructorDeclaration(member) ? "constructor" : member.name?.getText();
    if (name === undefined) return [];
    const symbol = (member as { symbol?: ts.Symbol }).symbol;
    return symbol === undefined ? [] : [{ ...described(checker, name, symbol), form: formOf(member) }];
  });
}
