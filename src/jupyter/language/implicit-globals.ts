/**
 * Names that a JavaScript cell assigns without declaring them: variables of the whole notebook from then on, which the
 * compiler does not know of by itself.
 */
import ts from "typescript";
import { findReferences } from "./references.js";

export interface ImplicitGlobal {
  name: string;
  /** A declaration of it, for the compiler alone. */
  declaration: string;
}

/** `isKnown`: declared by this cell or an earlier one, or by Node. */
export function implicitGlobals(file: ts.SourceFile, isKnown: (name: string) => boolean): ImplicitGlobal[] {
  const assigned = new Map<string, ts.Expression | null>();
  visit(file);
  const names = new Set([...assigned.keys()].filter((name) => !isKnown(name)));
  // Not those that mean a parameter or a local variable.
  const global = new Set(findReferences(file, names).flatMap(({ node }) => (isTarget(node) ? [node.text] : [])));
  return [...global].map((name) => {
    const value = assigned.get(name);
    return { name, declaration: `var ${name}${value ? ` = (${value.getText(file)})` : ""};` };
  });

  function visit(node: ts.Node): void {
    if (ts.isIdentifier(node) && isTarget(node)) {
      const value = valueOf(node);
      // What it is assigned first tells its type best, but not before the rest of the cell is there.
      if (!assigned.get(node.text)) assigned.set(node.text, value);
    }
    ts.forEachChild(node, visit);
  }
}

/** The value in `x = value` at the top level of the cell. */
function valueOf({ parent }: ts.Identifier): ts.Expression | null {
  if (!ts.isBinaryExpression(parent) || parent.operatorToken.kind !== ts.SyntaxKind.EqualsToken) return null;
  return ts.isExpressionStatement(parent.parent) && ts.isSourceFile(parent.parent.parent) ? parent.right : null;
}

/** Whether the name is assigned here: `x = …`, `x += …`, `[x] = …`, `({ x } = …)`, `for (x of …)`. */
function isTarget(node: ts.Identifier): boolean {
  let child: ts.Node = node;
  for (let parent = node.parent as ts.Node | undefined; parent; [child, parent] = [parent, parent.parent]) {
    if (ts.isBinaryExpression(parent)) {
      const { kind } = parent.operatorToken;
      return parent.left === child && kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
    }
    if (ts.isForOfStatement(parent) || ts.isForInStatement(parent)) return parent.initializer === child;
    const isPattern =
      ts.isArrayLiteralExpression(parent) ||
      ts.isObjectLiteralExpression(parent) ||
      ts.isSpreadElement(parent) ||
      ts.isSpreadAssignment(parent) ||
      (ts.isShorthandPropertyAssignment(parent) && parent.name === child) ||
      (ts.isPropertyAssignment(parent) && parent.initializer === child) ||
      ts.isParenthesizedExpression(parent);
    if (!isPattern) return false;
  }
  return false;
}
