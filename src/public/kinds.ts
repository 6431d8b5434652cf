/**
 * What the parameters of public functions are declared to be, as plain data, and whether a value is that. The compiler
 * derives the data from the types (`npm run names`); it holds what can be told at run time and nothing of generics.
 */
import { shown } from "../core/options.js";

/** `#Name` is the entry of that name in the table of types; `numbers` is a list of them, or what is as good as one. */
export type Kind =
  | "any"
  | "number"
  | "text"
  | "flag"
  | "function"
  | "numbers"
  | "null"
  | "undefined"
  | `#${string}`
  | { readonly list: Kind }
  | { readonly either: readonly Kind[] }
  | ObjectKind;

export interface ObjectKind {
  /** Of a class, whose objects are not written out, and are known by having all members. */
  readonly name?: string;
  /** By name; one that ends in a question mark may be left out. */
  readonly keys: Keys;
}

export type Keys = Readonly<Record<string, Kind>>;

/** A value that is not what it is declared to be, and where it was found: `args.panels[0].title`. */
export interface Mismatch {
  readonly path: string;
  readonly kind: Kind;
  readonly value: unknown;
}

export type Types = Readonly<Record<string, Kind>>;

/** Of a long list so many elements are looked at. */
const looked = 1000;

/** The first part of the value that is of another kind, or null. */
export function mismatch(kind: Kind, value: unknown, path: string, types: Types): Mismatch | null {
  if (typeof kind === "string") {
    if (kind.startsWith("#")) return mismatch(types[kind.slice(1)], value, path, types);
    return isSimple(kind, value) ? null : { path, kind, value };
  }
  if ("either" in kind) {
    const found = kind.either.map((one) => mismatch(one, value, path, types));
    if (found.includes(null)) return null;
    // A part that is wrong says more than that the whole is none of the alternatives.
    return found.find((one) => one?.path !== path) ?? { path, kind, value };
  }
  if ("list" in kind) {
    if (!Array.isArray(value)) return { path, kind, value };
    return first(value.slice(0, looked), (one, i) => mismatch(kind.list, one, `${path}[${i}]`, types));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { path, kind, value };
  if (kind.name !== undefined)
    return Object.keys(kind.keys).every((key) => key.endsWith("?") || key in value) ? null : { path, kind, value };
  return first(Object.entries(kind.keys), ([key, own]) => {
    const name = key.replace("?", "");
    const part = (value as Readonly<Record<string, unknown>>)[name];
    return part === undefined && key.endsWith("?") ? null : mismatch(own, part, `${path}.${name}`, types);
  });
}

function first<T>(values: readonly T[], find: (value: T, index: number) => Mismatch | null): Mismatch | null {
  for (const [index, value] of values.entries()) {
    const found = find(value, index);
    if (found !== null) return found;
  }
  return null;
}

function isSimple(kind: string, value: unknown): boolean {
  switch (kind) {
    case "any":
      return true;
    case "text":
      return typeof value === "string";
    case "flag":
      return typeof value === "boolean";
    case "numbers":
      if (Array.isArray(value)) return value.slice(0, looked).every((one) => typeof one === "number");
      return typeof value === "object" && typeof (value as ArrayLike<number> | null)?.length === "number";
    case "null":
      return value === null;
    default:
      return typeof value === kind;
  }
}

const words: Readonly<Record<string, readonly [is: string, remedy: string]>> = {
  number: ["a number", "give one"],
  text: ["text", "give some"],
  flag: ["true or false", "choose one"],
  function: ["a function", "give one"],
  numbers: ["an array of numbers", "write [number, ...]"],
  null: ["null", "give null"],
  undefined: ["left out", "leave it out"],
};

/** What a value must be, and what to do about one that is not. */
function wordsOf(kind: Kind, types: Types): readonly [is: string, remedy: string] {
  if (typeof kind === "string") return kind.startsWith("#") ? wordsOf(types[kind.slice(1)], types) : words[kind];
  if ("list" in kind) return ["a list", "write [...]"];
  if ("either" in kind) {
    const parts = kind.either.filter((one) => one !== "undefined").map((one) => wordsOf(one, types));
    const is = [...new Set(parts.map(([one]) => one))];
    return [is.join(" or "), is.length === 1 ? parts[0][1] : "give one of these"];
  }
  if (kind.name !== undefined) return [`${/^[AEIOU]/.test(kind.name) ? "an" : "a"} ${kind.name}`, "give one"];
  const needed = Object.keys(kind.keys).filter((key) => !key.endsWith("?"));
  const all = needed.length > 0 ? needed : Object.keys(kind.keys).map((key) => key.replace("?", ""));
  return ["an object", `write { ${[...all.slice(0, 4), ...(all.length > 4 ? ["..."] : [])].join(", ")} }`];
}

/** What an error says of an argument. */
export interface Fault {
  readonly rule: string;
  readonly got: string;
  readonly remedy: string;
}

/** The mismatch in words. */
export function faultOf({ path, kind, value }: Mismatch, types: Types): Fault {
  const [is, remedy] = wordsOf(kind, types);
  return { rule: `${path} must be ${is}`, got: shown(value), remedy };
}
