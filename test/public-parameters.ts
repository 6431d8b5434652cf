/**
 * What the parameters of every public function are declared to be, as src/public/parameters.json keeps it: derived from the
 * types by the compiler, written by `npm run names`, compared by a test.
 */
import { join } from "node:path";
import ts from "typescript";
import { packageFolder } from "../src/core/version.js";
import type { Keys, Kind, ObjectKind } from "../src/public/kinds.js";
import type { Parameters } from "../src/public/misuse.js";
import { publicSymbols } from "./public-names.js";

export const parametersPath = join(packageFolder, "src", "public", "parameters.json");

/** Errors are made by whoever throws them; what they are given is theirs. */
const isError = (name: string): boolean => name.endsWith("Error");

/** What TypeScript's library makes of other types: known by its members, not by its name. */
const utilities = /^(Readonly|Record|Partial|Required|Pick|Omit|NonNullable|Exclude|Extract)$/;

export function publicParameters(): Parameters {
  const { checker, symbols } = publicSymbols();
  const types: Record<string, Kind> = {};
  const named = new Map<ts.Symbol, string>();

  function kindOf(type: ts.Type): Kind {
    if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown | ts.TypeFlags.Never)) return "any";
    if (type.flags & ts.TypeFlags.StringLike) return "text";
    if (type.flags & ts.TypeFlags.NumberLike) return "number";
    if (type.flags & ts.TypeFlags.BooleanLike) return "flag";
    if (type.flags & ts.TypeFlags.Null) return "null";
    if (type.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Void)) return "undefined";
    if (type.isUnion()) return either(type.types.map(kindOf));
    if (type.flags & ts.TypeFlags.TypeParameter) return kindOfBase(type);
    if (type.getCallSignatures().length > 0 || type.getConstructSignatures().length > 0) return "function";
    if (checker.isArrayType(type) || checker.isTupleType(type)) {
      const elements = checker.getTypeArguments(type as ts.TypeReference);
      return { list: either(elements.map(kindOf)) };
    }
    return type.flags & ts.TypeFlags.Object || type.isIntersection() ? objectKind(type) : "any";
  }

  const kindOfBase = (type: ts.Type): Kind => {
    const base = checker.getBaseConstraintOfType(type);
    return base === undefined || base === type ? "any" : kindOf(base);
  };

  function objectKind(type: ts.Type): Kind {
    const symbol = type.aliasSymbol ?? type.getSymbol();
    const file = symbol?.declarations?.[0]?.getSourceFile().fileName ?? "";
    const name = symbol?.getName() ?? "";
    if (file.includes("/node_modules/") && !utilities.test(name)) return foreignKind(type, name, file);
    if (symbol === undefined || name.startsWith("__") || utilities.test(name)) return { keys: keysOf(type) };
    const known = named.get(symbol);
    if (known !== undefined) return `#${known}`;
    // Types of one name in two rooms are two types.
    const own =
      name in types ? `${name} ${[...named.values()].filter((one) => one.startsWith(name)).length + 1}` : name;
    named.set(symbol, own);
    types[own] = "any";
    const kind: ObjectKind = { keys: keysOf(type) };
    types[own] = symbol.flags & ts.SymbolFlags.Class ? { name, ...kind } : kind;
    return `#${own}`;
  }

  /** Of other libraries: the name, and the first members by which its objects are known. */
  function foreignKind(type: ts.Type, name: string, file: string): Kind {
    if (name === "ArrayLike") return "numbers";
    if (/^(Int|Uint|Float)\d+(Clamped)?Array$/.test(name)) return { name, keys: { BYTES_PER_ELEMENT: "any" } };
    if (/typescript\/lib\/lib\.|@types\/node/.test(file.replaceAll("\\", "/")) || name === "")
      return { name, keys: {} };
    const members = checker.getPropertiesOfType(type).filter(({ flags }) => !(flags & ts.SymbolFlags.Optional));
    return { name, keys: Object.fromEntries(members.slice(0, 3).map((member) => [member.getName(), "any"])) };
  }

  function keysOf(type: ts.Type): Keys {
    const members = checker.getPropertiesOfType(type).filter((member) => !member.getName().startsWith("__"));
    return Object.fromEntries(
      members.map((member) => {
        const own = checker.getTypeOfSymbol(member);
        const isOptional = (member.flags & ts.SymbolFlags.Optional) !== 0;
        return [`${member.getName()}${isOptional ? "?" : ""}`, kindOf(own)];
      }),
    );
  }

  function keysOfParameters(signatures: readonly ts.Signature[]): Keys {
    const longest = signatures.reduce((most, { parameters }) => Math.max(most, parameters.length), 0);
    const entries = Array.from({ length: longest }, (_, i): [string, Kind] => {
      const all = signatures.flatMap(({ parameters }) => parameters.slice(i, i + 1));
      const declarations = all.map((one) => one.valueDeclaration as ts.ParameterDeclaration);
      const isRest = declarations.some(({ dotDotDotToken }) => dotDotDotToken !== undefined);
      const isOptional = all.length < signatures.length || declarations.some((one) => checker.isOptionalParameter(one));
      const kinds = all.map((one) => kindOf(checker.getTypeOfSymbol(one)));
      const kind = either(kinds);
      if (isRest) return [`...${all[0].getName()}`, typeof kind === "object" && "list" in kind ? kind.list : "any"];
      const name = all[0].getName().startsWith("__") ? "the argument" : all[0].getName();
      return [`${name}${isOptional ? "?" : ""}`, kind];
    });
    return Object.fromEntries(entries);
  }

  const functions: Record<string, Keys> = {};
  for (const { name, symbol, declaration } of symbols) {
    if (symbol.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias) || isError(name)) continue;
    const type = checker.getTypeOfSymbolAtLocation(symbol, declaration);
    const signatures = [...type.getCallSignatures(), ...type.getConstructSignatures()];
    if (signatures.length > 0) functions[name] = keysOfParameters(signatures);
  }
  return { functions, types };
}

/** One of several kinds, each once. */
function either(kinds: readonly Kind[]): Kind {
  const flat = kinds.flatMap((kind) => (typeof kind === "object" && "either" in kind ? kind.either : [kind]));
  const once = [...new Map(flat.map((kind) => [JSON.stringify(kind), kind])).values()];
  if (once.includes("any")) return "any";
  return once.length === 1 ? once[0] : { either: once };
}

/** The file: a function or type a line. */
export function parametersFile({ functions, types }: Parameters): string {
  const lines = (part: object): string =>
    Object.entries(part)
      .map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)}`)
      .join(",\n");
  return `{\n  "functions": {\n${lines(functions)}\n  },\n  "types": {\n${lines(types)}\n  }\n}\n`;
}
