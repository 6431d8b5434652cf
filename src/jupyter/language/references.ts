/**
 * Finds the identifiers of a JavaScript file that mean given top-level names, leaving out those that mean something
 * nearer (a parameter, a local, a class's own name) and those that are no references (property names, labels).
 */
import ts from "typescript";
import { boundNames, forEachHoistedVariable, variableNames } from "./declared-names.js";

export interface Reference {
  node: ts.Identifier;
  /** `{ x }`: the name is a property as well, which must stay. */
  shorthand: boolean;
}

export function findReferences(file: ts.SourceFile, names: ReadonlySet<string>): Reference[] {
  const references: Reference[] = [];

  function visit(node: ts.Node, hidden: ReadonlySet<string>): void {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
    if (ts.isIdentifier(node)) {
      if (names.has(node.text) && !hidden.has(node.text) && isReference(node)) {
        references.push({ node, shorthand: isShorthand(node) });
      }
      return;
    }
    const own = ownNames(node);
    const inner = own.length > 0 ? new Set([...hidden, ...own]) : hidden;
    ts.forEachChild(node, (child) => {
      // A function declaration's own name stands in the scope around it.
      const outside = ts.isFunctionDeclaration(node) && child === node.name;
      visit(child, outside ? hidden : inner);
    });
  }

  ts.forEachChild(file, (statement) => visit(statement, new Set()));
  return references;
}

/** Names that a node makes for what is inside it. */
function ownNames(node: ts.Node): string[] {
  if (ts.isFunctionLike(node)) {
    const names = node.parameters.flatMap(({ name }) => boundNames(name));
    if (ts.isFunctionExpression(node) && node.name) names.push(node.name.text);
    const body = (node as ts.FunctionLikeDeclaration).body;
    if (body)
      forEachHoistedVariableInside(body, (list) => {
        for (const name of variableNames(list)) names.push(name);
      });
    return names;
  }
  if (ts.isClassLike(node)) return node.name ? [node.name.text] : [];
  if (ts.isBlock(node) || ts.isCaseBlock(node)) {
    const statements = ts.isBlock(node) ? node.statements : node.clauses.flatMap((clause) => [...clause.statements]);
    return statements.flatMap((statement) => {
      if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) {
        return statement.name ? [statement.name.text] : [];
      }
      return ts.isVariableStatement(statement) ? blockScoped(statement.declarationList) : [];
    });
  }
  if (ts.isForStatement(node) || ts.isForInStatement(node) || ts.isForOfStatement(node)) {
    const { initializer } = node;
    return initializer && ts.isVariableDeclarationList(initializer) ? blockScoped(initializer) : [];
  }
  if (ts.isCatchClause(node)) return node.variableDeclaration ? boundNames(node.variableDeclaration.name) : [];
  return [];
}

const forEachHoistedVariableInside = (body: ts.Node, visit: (list: ts.VariableDeclarationList) => void): void =>
  void ts.forEachChild(body, (child) => forEachHoistedVariable(child, visit));

const blockScoped = (list: ts.VariableDeclarationList): string[] =>
  list.flags & ts.NodeFlags.BlockScoped ? variableNames(list) : [];

function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name !== node;
  if (ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent) || ts.isPropertyDeclaration(parent)) {
    return parent.name !== node;
  }
  if (ts.isGetAccessor(parent) || ts.isSetAccessor(parent)) return parent.name !== node;
  if (ts.isBindingElement(parent)) return parent.propertyName !== node;
  if (ts.isLabeledStatement(parent) || ts.isBreakOrContinueStatement(parent)) return false;
  return !ts.isMetaProperty(parent) && !(ts.isClassLike(parent) && parent.name === node);
}

/** `{ x }` in a literal, or `{ x } = …` and `{ x = 1 } = …` in a pattern. */
function isShorthand(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isShorthandPropertyAssignment(parent)) return parent.name === node;
  return (
    ts.isBindingElement(parent) &&
    parent.name === node &&
    ts.isObjectBindingPattern(parent.parent) &&
    parent.propertyName === undefined &&
    parent.dotDotDotToken === undefined
  );
}
