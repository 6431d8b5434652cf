/** The names that a cell declares at its top level, as TypeScript sees them and as JavaScript does. */
import ts from "typescript";

export type NameKind = "variable" | "constant" | "function" | "class" | "enum" | "namespace" | "import" | "type";

export interface DeclaredName {
  name: string;
  kind: NameKind;
}

/** Names that later cells can see: types included, later declarations of a name first merged, then winning. */
export function declaredNames(file: ts.SourceFile): DeclaredName[] {
  const names = new Map<string, DeclaredName>();
  const add = (name: string, kind: NameKind) => {
    // A type beside a value of the same name (interface and class, namespace and function) adds no new name.
    if (kind === "type" && names.has(name)) return;
    names.set(name, { name, kind });
  };
  for (const statement of file.statements) {
    if (ts.isFunctionDeclaration(statement) && statement.name) add(statement.name.text, "function");
    else if (ts.isClassDeclaration(statement) && statement.name) add(statement.name.text, "class");
    else if (ts.isEnumDeclaration(statement)) add(statement.name.text, "enum");
    else if (ts.isModuleDeclaration(statement) && ts.isIdentifier(statement.name)) {
      if (!(statement.flags & ts.NodeFlags.GlobalAugmentation)) add(statement.name.text, "namespace");
    } else if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) {
      add(statement.name.text, "type");
    } else if (ts.isImportDeclaration(statement)) importedNames(statement).forEach((name) => add(name, "import"));
    else if (ts.isImportEqualsDeclaration(statement)) add(statement.name.text, "import");
    else if (ts.isVariableStatement(statement)) {
      const kind = statement.declarationList.flags & ts.NodeFlags.BlockScoped ? blockKind(statement) : "variable";
      for (const name of variableNames(statement.declarationList)) add(name, kind);
    } else forEachHoistedVariable(statement, (list) => variableNames(list).forEach((name) => add(name, "variable")));
  }
  return [...names.values()];
}

/** Names that a cell exports itself. */
export function exportedNames(file: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  for (const statement of file.statements) {
    if (ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause)) {
      for (const { name } of statement.exportClause.elements) names.add(name.text);
    }
    const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
    const has = (kind: ts.SyntaxKind) => modifiers?.some((modifier) => modifier.kind === kind) ?? false;
    if (!has(ts.SyntaxKind.ExportKeyword) || has(ts.SyntaxKind.DefaultKeyword)) continue;
    if (ts.isVariableStatement(statement)) variableNames(statement.declarationList).forEach((name) => names.add(name));
    else if ("name" in statement) names.add((statement.name as ts.Identifier).text);
  }
  return names;
}

const blockKind = (statement: ts.VariableStatement): NameKind =>
  // `const` and `using` share a bit that `let` has not.
  statement.declarationList.flags & ts.NodeFlags.Const || statement.declarationList.flags & ts.NodeFlags.Using
    ? "constant"
    : "variable";

export function variableNames(list: ts.VariableDeclarationList): string[] {
  return list.declarations.flatMap(({ name }) => boundNames(name));
}

export function boundNames(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : boundNames(element.name)));
}

/** Calls back for each `var` list below a statement that belongs to the statement's own function. */
export function forEachHoistedVariable(node: ts.Node, visit: (list: ts.VariableDeclarationList) => void): void {
  if (ts.isFunctionLike(node) || ts.isClassLike(node) || ts.isModuleDeclaration(node)) return;
  if (ts.isVariableDeclarationList(node) && !(node.flags & ts.NodeFlags.BlockScoped)) visit(node);
  ts.forEachChild(node, (child) => forEachHoistedVariable(child, visit));
}

function importedNames({ importClause: clause }: ts.ImportDeclaration): string[] {
  const bindings = clause?.namedBindings;
  const named = !bindings ? [] : ts.isNamespaceImport(bindings) ? [bindings] : [...bindings.elements];
  return [clause, ...named].flatMap((each) => each?.name?.text ?? []);
}
