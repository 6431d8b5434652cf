/**
 * Options, arguments and configurations are plain objects with known keys; a misspelt key is an error, because ignored it
 * would run something else than was asked for. The keys are a table that the compiler holds to the type:
 *
 *     interface Options { size?: number; norms?: { output?: boolean } }
 *     const keys: KeysOf<Options> = { size: true, norms: { output: true } };
 *     assertKnownKeys("create", options, keys);
 */
import { ConfigError } from "./errors.js";

/** Every key of T: `true`, or the keys of the plain object that is its value. */
export type KeysOf<T> = { readonly [Key in keyof T]-?: true | KeysOf<Exclude<NonNullable<T[Key]>, Plain>> };

/** Values that have no keys of their own to check. */
type Plain = string | number | boolean | symbol | readonly unknown[] | ((...args: never[]) => unknown);

/** As {@link KeysOf}, for whoever walks it. */
interface KeyTable {
  readonly [key: string]: true | KeyTable;
}

/**
 * @param where begins the error: the function, or the layer with its name
 * @param given what the caller wrote; where it may be left out, hand in {} for undefined
 * @param path what the caller knows the object by: a path such as `stages[1].operator`, or words for the whole of it,
 *   "the configuration"; default "the options"
 * @throws ConfigError when it is no plain object, or has a key that is not in the table: it names the nearest one
 */
export function assertKnownKeys<T extends object>(
  where: string,
  given: T,
  keys: KeysOf<NoInfer<T>>,
  path = "the options",
): void {
  walk(where, given, keys, path);
}

function walk(where: string, given: unknown, keys: KeyTable, path: string): void {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw new ConfigError(
      `${where}: ${path} must be an object, got ${shown(given)}; ` +
        `write { ${Object.keys(keys).slice(0, 3).join(", ")}${Object.keys(keys).length > 3 ? ", ..." : ""} }`,
    );
  for (const [key, value] of Object.entries(given)) {
    const full = path.includes(" ") ? key : `${path}.${key}`;
    if (!Object.hasOwn(keys, key))
      throw new ConfigError(
        `${where}: there is no option of this name, got ${full}; ` +
          `did you mean ${nearest(key, Object.keys(keys))}? Known are ${Object.keys(keys).join(", ")}`,
      );
    const inner = keys[key];
    if (inner !== true && value !== undefined && value !== null && typeof value === "object")
      walk(where, value, inner, full);
  }
}

/**
 * @param path what the caller knows the list by, "the runs"
 * @param element how one element is written, "{ name, events }"
 * @throws ConfigError when it is no list
 */
export function assertList(where: string, given: unknown, path: string, element: string): void {
  if (!Array.isArray(given))
    throw new ConfigError(`${where}: ${path} must be a list, got ${shown(given)}; write [${element}, ...]`);
}

/** @throws ConfigError when it is no object; `written` says how one is written */
export function assertObject(where: string, given: unknown, path: string, written: string): void {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw new ConfigError(`${where}: ${path} must be an object, got ${shown(given)}; write ${written}`);
}

/** @throws ConfigError when it is none of the choices; `name` is the parameter's */
export function assertOneOf(where: string, given: unknown, name: string, choices: readonly (string | number)[]): void {
  if (choices.includes(given as string | number)) return;
  throw new ConfigError(
    `${where}: ${name} must be one of ${choices.join(", ")}, got ${shown(given)}; ` +
      (typeof given === "string" ? `did you mean ${nearest(given, choices.map(String))}?` : "choose one"),
  );
}

/** A value for an error message: short, and of one line, whatever it is. */
export function shown(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (ArrayBuffer.isView(value)) return `a ${nameOf(value)}`;
  if (typeof value !== "object" || value === null) return shortened(String(value));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return `a ${nameOf(value)}`;
  try {
    return shortened(JSON.stringify(Array.isArray(value) ? value.slice(0, longestText) : value) ?? "undefined");
  } catch {
    // It holds itself, or a number that JSON has no form for.
    return Array.isArray(value) ? `a list of ${value.length}` : "an object";
  }
}

const longestText = 60;
const shortened = (text: string): string => (text.length > longestText ? `${text.slice(0, longestText - 3)}...` : text);
const nameOf = ({ constructor }: object): string => (typeof constructor === "function" ? constructor.name : "object");

/**
 * The candidate that takes the fewest insertions, deletions and replacements to write, whatever the case; one that the
 * word begins, or that begins the word, comes first, and before it the one that the word abbreviates (`lr`, learningRate).
 * The first of equals.
 */
export function nearest(word: string, candidates: readonly string[]): string {
  const abbreviated = candidates.find((candidate) => initialsOf(candidate) === word.toLowerCase());
  if (abbreviated !== undefined) return abbreviated;
  const distances = candidates.map((candidate) => {
    const [a, b] = [word.toLowerCase(), candidate.toLowerCase()];
    const isBeginning = a.length > 1 && b.length > 1 && (a.startsWith(b) || b.startsWith(a));
    return isBeginning ? Math.abs(a.length - b.length) / (a.length + b.length) : editDistance(a, b);
  });
  return candidates[distances.indexOf(Math.min(...distances))];
}

/** Of a name in camel case with two words or more. */
const initialsOf = (name: string): string | null =>
  /[a-z][A-Z]/.test(name) ? (name[0] + name.replace(/[^A-Z]/g, "")).toLowerCase() : null;

/** Levenshtein distance, by rows. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + Number(a[i - 1] !== b[j - 1])));
    row = next;
  }
  return row[b.length];
}
