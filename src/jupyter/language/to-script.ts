/**
 * Turns the compiler's output for a cell, an ES module, into a script that can be run in the notebook's one scope:
 *
 * - top-level names become variables of the script, so that every cell and every function sees the latest value;
 * - declarations become assignments; the body runs inside a function, async where it awaits;
 * - imports become awaited real imports; exports are dropped.
 *
 * Only text is cut and joined (`Piece`), so that every position can be followed back to the cell.
 */
import ts from "typescript";
import type { Piece } from "../position-map.js";
import { cellParameter, runtimeGlobal } from "../runtime-global.js";
import { forEachHoistedVariable, variableNames } from "./declared-names.js";
import { parseModule } from "./parse-module.js";
import { findReferences } from "./references.js";

export interface ScriptOptions {
  /** Names that the user declared; others at the top level are the compiler's own and stay local. */
  userNames: ReadonlySet<string>;
  /** Names to be replaced everywhere they mean the notebook's variable. */
  renamed: ReadonlyMap<string, string>;
  /** Names that a declaration without a value must make anew: enums and namespaces. */
  reset?: ReadonlySet<string>;
  /** Module specifiers of imports that bring only types, and are left out. */
  typeOnlyModules?: ReadonlySet<string>;
  /** Strict as a module is, or loose as a plain script, where what is assigned without a declaration is a global. */
  isStrict: boolean;
}

export function toScript(javascript: string, options: ScriptOptions): Piece[] {
  const { userNames, renamed, reset, typeOnlyModules, isStrict } = options;
  const file = parseModule("cell.mjs", javascript);
  const edits = createEdits(javascript);
  const globals = new Set<string>();
  const locals = new Set<string>();
  const declare = (name: string) => (userNames.has(name) ? globals.add(renamed.get(name) ?? name) : locals.add(name));
  const target = (name: string) => renamed.get(name) ?? name;
  const hoisted: ts.FunctionDeclaration[] = [];
  const imports: Piece[] = [];

  for (const statement of file.statements) {
    if (ts.isImportDeclaration(statement)) {
      const specifier = (statement.moduleSpecifier as ts.StringLiteral).text;
      if (!typeOnlyModules?.has(specifier)) imports.push(importPiece(statement, specifier));
      edits.remove(statement);
    } else if (ts.isExportDeclaration(statement)) {
      if (statement.moduleSpecifier) {
        imports.push(`await ${importCall((statement.moduleSpecifier as ts.StringLiteral).text)};`);
      }
      edits.remove(statement);
    } else if (ts.isExportAssignment(statement)) {
      edits.replace(statement.getStart(), statement.expression.getStart(), `${cellParameter}.result((`);
      edits.replace(statement.expression.end, statement.end, "));");
    } else if (ts.isFunctionDeclaration(statement)) {
      if (!statement.name) {
        edits.replace(statement.getStart(), startAfterModifiers(statement), `${cellParameter}.result(`);
        edits.insert(statement.end, ");");
      } else {
        declare(statement.name.text);
        if (userNames.has(statement.name.text)) hoisted.push(statement);
      }
    } else if (ts.isClassDeclaration(statement)) rewriteClass(statement);
    else if (ts.isVariableStatement(statement)) {
      edits.replace(statement.getStart(), statement.declarationList.getStart(), "");
      rewriteVariables(statement.declarationList, statement.end);
    } else forEachHoistedVariable(statement, (list) => rewriteVariables(list, statementEnd(list)));
  }

  function importPiece(statement: ts.ImportDeclaration, specifier: string): string {
    const clause = statement.importClause;
    const call = `await ${importCall(specifier)}`;
    if (!clause) return `${call};`;
    const properties: string[] = [];
    const assign = (imported: string, local: string) => {
      declare(local);
      properties.push(`${JSON.stringify(imported)}:${target(local)}`);
    };
    if (clause.name) assign("default", clause.name.text);
    const bindings = clause.namedBindings;
    if (bindings && ts.isNamedImports(bindings)) {
      for (const { propertyName, name } of bindings.elements) assign((propertyName ?? name).text, name.text);
    }
    if (!bindings || ts.isNamedImports(bindings)) return `({${properties.join(",")}}=${call});`;
    declare(bindings.name.text);
    const namespace = `${target(bindings.name.text)}=${call};`;
    return properties.length === 0
      ? namespace
      : `${namespace}({${properties.join(",")}}=${target(bindings.name.text)});`;
  }

  function rewriteClass(statement: ts.ClassDeclaration): void {
    const start = startAfterModifiers(statement);
    if (!statement.name) {
      edits.replace(statement.getStart(), start, `${cellParameter}.result(`);
      edits.insert(statement.end, ");");
      return;
    }
    declare(statement.name.text);
    edits.replace(statement.getStart(), start, `${target(statement.name.text)}=`);
    edits.insert(statement.end, ";");
  }

  /** `let a = 1, { b } = c;` becomes `a = 1, { b } = c;`, in brackets where it stands as a statement. */
  function rewriteVariables(list: ts.VariableDeclarationList, end: number): void {
    const first = list.declarations[0];
    variableNames(list).forEach(declare);
    const inLoop = ts.isForInStatement(list.parent) || ts.isForOfStatement(list.parent);
    const asStatement = ts.isVariableStatement(list.parent);
    edits.replace(list.getStart(), first.getStart(), asStatement ? "(" : "");
    const isLexical = (list.flags & ts.NodeFlags.BlockScoped) !== 0;
    for (const { name, initializer } of list.declarations) {
      if (initializer || inLoop || !ts.isIdentifier(name)) continue;
      // `let x;` makes x undefined each time it runs; `var x;` leaves it as it is.
      const own = target(name.text);
      edits.replace(name.getStart(), name.end, isLexical || reset?.has(name.text) ? `${own}=undefined` : own);
    }
    if (asStatement) edits.replace(list.end, end, ");");
  }

  if (renamed.size > 0) {
    for (const { node, shorthand } of findReferences(file, new Set(renamed.keys()))) {
      const to = renamed.get(node.text)!;
      edits.replace(node.getStart(), node.end, shorthand ? `${node.text}: ${to}` : to);
    }
  }
  rewriteDynamicImports(file, edits);

  const functions = hoisted.flatMap((statement): Piece[] => {
    const name = statement.name!;
    // The name is left out: inside the function it would stand for this function, and not for a later redefinition.
    const pieces: Piece[] = [
      `${target(name.text)}=`,
      ...edits.take(startAfterModifiers(statement), name.getStart()),
      ...edits.take(name.end, statement.end),
      ";",
    ];
    edits.remove(statement);
    return pieces;
  });
  const body = edits.take(0, javascript.length);
  const isAsync = imports.length > 0 || awaits(file);
  return [
    `${isStrict ? '"use strict";' : ""}${globals.size > 0 ? `var ${[...globals].join(",")};` : ""}`,
    `(${isAsync ? "async " : ""}function(${cellParameter}){`,
    locals.size > 0 ? `var ${[...locals].join(",")};` : "",
    ...functions,
    ...imports,
    ...body,
    "\n})",
  ];
}

/** The end of the statement that holds the list, so that its semicolon is included. */
const statementEnd = (list: ts.VariableDeclarationList): number =>
  ts.isVariableStatement(list.parent) ? list.parent.end : list.end;

function importCall(specifier: string): string {
  return `${runtimeGlobal}.import((s,o)=>import(s,o),${JSON.stringify(specifier)})`;
}

/** Where a declaration begins once `export` and `default` are dropped; `async` stays. */
function startAfterModifiers(node: ts.FunctionDeclaration | ts.ClassDeclaration): number {
  const kept = node.modifiers?.find(
    ({ kind }) => kind !== ts.SyntaxKind.ExportKeyword && kind !== ts.SyntaxKind.DefaultKeyword,
  );
  if (kept) return kept.getStart();
  const last = node.modifiers?.at(-1);
  if (!last) return node.getStart();
  const text = node.getSourceFile().text;
  return last.end + /^\s*/.exec(text.slice(last.end))![0].length;
}

/** Whether the top level awaits, so that it must run in an async function. */
function awaits(node: ts.Node): boolean {
  if (ts.isFunctionLike(node)) return false;
  if (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier)) return true;
  return ts.forEachChild(node, awaits) ?? false;
}

/** `import(x)` goes through the same helper as `import`; `import.meta` is the notebook's. */
function rewriteDynamicImports(node: ts.Node, edits: Edits): void {
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    edits.replace(node.expression.getStart(), node.expression.end, `${runtimeGlobal}.import`);
    edits.insert(node.arguments.pos, "(s,o)=>import(s,o),");
  }
  if (ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword) {
    edits.replace(node.getStart(), node.end, `${runtimeGlobal}.meta`);
  }
  ts.forEachChild(node, (child) => rewriteDynamicImports(child, edits));
}

interface Edits {
  replace(from: number, to: number, text: string): void;
  insert(at: number, text: string): void;
  remove(node: ts.Node): void;
  /** The pieces of a range with its edits. */
  take(from: number, to: number): Piece[];
}

function createEdits(text: string): Edits {
  /** At one position: insertions first, then the widest replacement, which hides those inside it. */
  const rank = ({ from, to }: { from: number; to: number }) => (from === to ? 0 : 1);
  const edits: { from: number; to: number; text: string; order: number }[] = [];
  const add = (from: number, to: number, replacement: string) =>
    void edits.push({ from, to, text: replacement, order: edits.length });
  return {
    replace: add,
    insert: (at, inserted) => add(at, at, inserted),
    remove: (node) => add(node.getStart(), node.end, ""),
    take(from, to) {
      const pieces: Piece[] = [];
      let at = from;
      const inside = edits
        .filter((edit) => edit.from >= from && edit.to <= to)
        .sort((a, b) => a.from - b.from || rank(a) - rank(b) || b.to - a.to || a.order - b.order);
      for (const edit of inside) {
        if (edit.from < at) continue; // inside a range that is already replaced
        if (edit.from > at) pieces.push({ from: at, to: edit.from });
        pieces.push(edit.text);
        at = edit.to;
      }
      if (to > at) pieces.push({ from: at, to: Math.min(to, text.length) });
      return pieces;
    },
  };
}
