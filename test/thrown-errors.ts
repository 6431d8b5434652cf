/**
 * Which of our errors a function can end with, read from its source: what it throws itself, and what the functions that it
 * calls do, as far as the compiler knows which they are. What a `catch` keeps does not count, and neither does what begins with
 * `internal:`, which is a fault of ours and no caller's.
 *
 * What it cannot see: functions that arrive as values (a task's, a data set's methods), and which branch arguments take.
 */
import { relative, sep } from "node:path";
import ts from "typescript";
import { packageFolder } from "../src/core/version.js";

/** An error as it stands in the source. */
export interface SourceError {
  /** Its class, such as `ConfigError`. */
  readonly error: string;
  /** What is written of its message, a template's holes as `{}`, and the texts that calls on the way hand on. */
  readonly message: string;
  /** The calls that lead to it: none where the function makes it by itself. */
  readonly path: readonly string[];
  /** Whether it leaves the function; else it is made, and kept or handed on. */
  readonly isThrown: boolean;
}

/** A function, method or constructor. */
type Callable = ts.FunctionLikeDeclaration;

type Add = (one: SourceError) => void;

interface Call {
  readonly name: string;
  readonly callable: Callable;
  /** Texts among the arguments: what a message calls the value that is wrong. */
  readonly words: string;
}

export class SourceErrors {
  private readonly known = new Map<Callable, readonly SourceError[]>();

  constructor(private readonly checker: ts.TypeChecker) {}

  /** Of a declaration: a function, a variable that is one, or a class, whose constructor it is. */
  of(declaration: ts.Node): readonly SourceError[] {
    const callable = callableOf(declaration);
    return callable === null ? [] : this.ofCallable(callable);
  }

  private ofCallable(callable: Callable): readonly SourceError[] {
    const known = this.known.get(callable);
    if (known !== undefined) return known;
    this.known.set(callable, []); // A function that calls itself makes nothing more by that.
    const found = new Map<string, SourceError>();
    const add: Add = (one) => {
      const key = `${one.error} ${one.message} ${one.isThrown}`;
      const before = found.get(key);
      if (before === undefined || before.path.length > one.path.length) found.set(key, one);
    };
    if (callable.body !== undefined) this.walk(callable.body, add);
    const all = [...found.values()];
    this.known.set(callable, all);
    return all;
  }

  private walk(node: ts.Node, add: Add): void {
    if (ts.isTryStatement(node) && node.catchClause !== undefined) {
      const { tryBlock, catchClause, finallyBlock } = node;
      this.walk(tryBlock, throwsWhatItCaught(catchClause) ? add : (one) => add({ ...one, isThrown: false }));
      this.walk(catchClause.block, add);
      if (finallyBlock !== undefined) this.walk(finallyBlock, add);
      return;
    }
    if (ts.isThrowStatement(node) && !ts.isNewExpression(node.expression)) this.rethrown(node, add);
    const called = this.called(node);
    if (called !== null) {
      // What is asked for an error to throw throws all that it makes.
      const throwsAll = ts.isThrowStatement(node.parent);
      const told = called.words === "" ? "" : ` ${called.words}`;
      for (const { message, path, isThrown, error } of this.ofCallable(called.callable))
        add({ error, message: message + told, path: [called.name, ...path], isThrown: isThrown || throwsAll });
    } else if (ts.isNewExpression(node)) this.made(node, add);
    ts.forEachChild(node, (child) => this.walk(child, add));
  }

  /** `new SomeError(...)`: thrown, given to a promise that it ends, or kept. */
  private made(node: ts.NewExpression, add: Add): void {
    const message = messageOf(node);
    if (message.startsWith("internal:")) return;
    const { parent } = node;
    const rejects = ts.isCallExpression(parent) && parent.expression.getText() === "reject";
    for (const error of this.ownErrors(node))
      add({ error, message, path: [], isThrown: ts.isThrowStatement(parent) || rejects });
  }

  /** `throw kept`, where a variable's type says what it holds. */
  private rethrown({ expression }: ts.ThrowStatement, add: Add): void {
    for (const error of this.ownErrors(expression)) add({ error, message: "", path: [], isThrown: true });
  }

  /** The classes of ours that an expression may be of. */
  private ownErrors(expression: ts.Expression): string[] {
    const type = this.checker.getTypeAtLocation(expression);
    return (type.isUnion() ? type.types : [type]).flatMap((one) => {
      const symbol = one.symbol as ts.Symbol | undefined;
      const file = symbol?.declarations?.[0].getSourceFile().fileName;
      return file?.endsWith("src/core/errors.ts") ? [symbol!.name] : [];
    });
  }

  /** The function of ours that a call calls, a `new` makes or an argument hands on; null where it is none, or unknown. */
  private called(node: ts.Node): Call | null {
    const expression = calledExpression(node);
    const found = expression && this.checker.getSymbolAtLocation(expression);
    if (!found) return null;
    const symbol = found.flags & ts.SymbolFlags.Alias ? this.checker.getAliasedSymbol(found) : found;
    for (const declaration of symbol.declarations ?? []) {
      const callable = isOurs(declaration) ? callableOf(declaration) : null;
      if (callable?.body === undefined) continue;
      const given = ts.isCallExpression(node) ? node.arguments : [];
      return { name: symbol.name, callable, words: given.map(messageOf).join(" ").trim() };
    }
    return null;
  }
}

function calledExpression(node: ts.Node): ts.Expression | null {
  if (ts.isCallExpression(node) || ts.isNewExpression(node)) return node.expression;
  const { parent } = node;
  return ts.isIdentifier(node) && ts.isCallExpression(parent) && parent.arguments.includes(node) ? node : null;
}

function callableOf(declaration: ts.Node): Callable | null {
  if (ts.isFunctionLike(declaration)) return "body" in declaration ? declaration : null;
  if (ts.isClassDeclaration(declaration)) return declaration.members.find(ts.isConstructorDeclaration) ?? null;
  if (!ts.isVariableDeclaration(declaration) && !ts.isPropertyAssignment(declaration)) return null;
  const { initializer } = declaration;
  return initializer !== undefined && ts.isArrowFunction(initializer) ? initializer : null;
}

function isOurs(node: ts.Node): boolean {
  const path = relative(packageFolder, node.getSourceFile().fileName).split(sep).join("/");
  return /^(src|widgets)\//.test(path);
}

function throwsWhatItCaught({ variableDeclaration, block }: ts.CatchClause): boolean {
  const name = variableDeclaration?.name.getText();
  let found = false;
  const look = (node: ts.Node): void => {
    if (ts.isThrowStatement(node) && node.expression.getText() === name) found = true;
    ts.forEachChild(node, look);
  };
  look(block);
  return found;
}

/** The texts in an expression in their order, `{}` for what stands between. */
function messageOf(expression: ts.Expression): string {
  const texts: string[] = [];
  const look = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) texts.push(node.text);
    else if (ts.isTemplateExpression(node))
      texts.push([node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join("{}"));
    else ts.forEachChild(node, look);
  };
  look(expression);
  return texts.join(" ").replace(/\s+/g, " ").trim();
}
