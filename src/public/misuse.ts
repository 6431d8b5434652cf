/**
 * Calls that fail because of what they were given say so. Functions check what their subject needs, sizes and names; that
 * a number is no list, which the compiler tells whoever writes TypeScript, is looked at here, and only once a call has
 * failed: a call that succeeds costs nothing, and whatever a function says itself stays.
 */
import { AxialError, ConfigError, ShapeError } from "../core/errors.js";
import { shown } from "../core/options.js";
import { faultOf, mismatch, type Fault, type Keys, type Kind, type Types } from "./kinds.js";

export interface Parameters {
  /** Of functions and constructors by their public names. */
  readonly functions: Readonly<Record<string, Keys>>;
  readonly types: Types;
}

/**
 * The error of a call that has failed with `error`: one of ours that names the argument which is not what it must be, with
 * the error as its cause; else the error itself, which then is our own fault, or that of a function which was handed in.
 */
export function misuseOf(where: string, args: readonly unknown[], error: unknown, parameters: Parameters): unknown {
  if (!(error instanceof Error) || error instanceof AxialError || isOfTheWorld(error)) return error;
  const cause = { cause: error };
  const refused = ({ rule, got, remedy }: Fault): ConfigError =>
    new ConfigError(`${where}: ${rule}, got ${got}; ${remedy}`, cause);
  for (const [i, [key, kind]] of Object.entries(parameters.functions[where]).entries()) {
    const fault = argumentFault(key, kind, args, i, parameters.types);
    if (fault !== null) return refused(fault);
  }
  if (args.some((arg) => typeof arg === "function" || (isObject(arg) && Object.values(arg).some(isFunction))))
    return error;
  if (error instanceof TypeError || error instanceof RangeError) {
    const fault = emptyFault(args, Object.keys(parameters.functions[where]));
    if (fault !== null) return refused(fault);
  }
  const shapes = shapesIn(args);
  if (shapes.length === 0) return error;
  return new ShapeError(
    `${where}: the shapes must fit each other, got ${shapes.join(" and ")} (${error.message.split("\n")[0]}); ` +
      "see the shapes in its documentation",
    cause,
  );
}

/** Of files, the network, or a signal that stopped it: right whatever the arguments are. */
const isOfTheWorld = (error: Error): boolean =>
  error.name === "AbortError" || ("code" in error && !String(error.code).startsWith("ERR_"));

function argumentFault(key: string, kind: Kind, args: readonly unknown[], i: number, types: Types): Fault | null {
  const name = key.replace(/^\.\.\.|\?$/g, "");
  const values = key.startsWith("...") ? args.slice(i) : args.slice(i, i + 1);
  if (values.length === 0 && !/^\.\.\.|\?$/.test(key)) values.push(undefined);
  for (const value of values) {
    if (value === undefined && key.endsWith("?")) continue;
    const found = mismatch(kind, value, name, types);
    if (found !== null) return faultOf(found, types);
  }
  return null;
}

/** A number that is none, or a list of nothing: what types cannot tell. Looks four levels deep. */
function emptyFault(args: readonly unknown[], names: readonly string[]): Fault | null {
  const look = (value: unknown, path: string, depth: number): Fault | null => {
    if (typeof value === "number" && !Number.isFinite(value))
      return { rule: `${path} must be a finite number`, got: shown(value), remedy: "choose another" };
    if (Array.isArray(value) && value.length === 0)
      return { rule: `${path} must hold something`, got: "[]", remedy: "give at least one" };
    if (!isObject(value) || depth === 4 || ArrayBuffer.isView(value)) return null;
    for (const [key, part] of Object.entries(value).slice(0, 1000)) {
      const found = look(part, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`, depth + 1);
      if (found !== null) return found;
    }
    return null;
  };
  for (const [i, arg] of args.entries()) {
    const found = look(arg, names[i]?.replace(/^\.\.\.|\?$/g, "") ?? `argument ${i + 1}`, 0);
    if (found !== null) return found;
  }
  return null;
}

/** The shapes of the tensors among the arguments and in them. */
function shapesIn(args: readonly unknown[]): string[] {
  return args.filter(isObject).flatMap((arg) => {
    const parts = isTensor(arg) ? [arg] : Object.values(arg).filter(isTensor);
    return parts.map(({ shape }) => `[${shape.join(", ")}]`);
  });
}

const isTensor = (value: unknown): value is { readonly shape: readonly number[] } =>
  isObject(value) && "dataId" in value && "shape" in value;
const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
const isFunction = (value: unknown): boolean => typeof value === "function";
