/**
 * What `import ... from "axial-lab"` is in Node: the names of src/index.ts, each function with what {@link misuseOf} says
 * of a call that fails for what it was given. Types are those of src/index.ts.
 */
import * as index from "../index.js";
import { misuseOf, type Parameters } from "./misuse.js";
import table from "./parameters.json";

const parameters = table as unknown as Parameters;

type AnyFunction = (...args: never[]) => unknown;

/** The function, or class, with misuse told as such; all else of it is its own. */
function explained<T extends AnyFunction>(name: string, own: T): T {
  const told = (args: readonly unknown[], error: unknown): unknown => misuseOf(name, args, error, parameters);
  return new Proxy(own, {
    apply(target, self, args: unknown[]) {
      try {
        const result: unknown = Reflect.apply(target, self, args);
        return result instanceof Promise
          ? result.catch((error: unknown) => {
              throw told(args, error);
            })
          : result;
      } catch (error) {
        throw told(args, error);
      }
    },
    construct(target, args: unknown[], newTarget) {
      try {
        return Reflect.construct(target, args, newTarget) as object;
      } catch (error) {
        throw told(args, error);
      }
    },
  });
}

/** The same names, the functions among them explained, those of rooms included. */
function explainedNames<T extends object>(names: T, prefix = ""): T {
  const entries = Object.entries(names).map(([name, value]: [string, unknown]) => {
    const full = prefix + name;
    if (full in parameters.functions) return [name, explained(full, value as AnyFunction)];
    return [name, prefix === "" && typeof value === "object" ? explainedNames(value!, `${name}.`) : value];
  });
  return Object.freeze(Object.fromEntries(entries)) as T;
}

const { export: exporting, ...names } = explainedNames(index);

export const { AxialError, ConfigError, FileError, ShapeError, UnsupportedError } = names;
export const { data, engine, exchange, functions, layers, models, notebook, panoptic, training, weights, widgets } =
  names;
export const { attentionAt, attentionField, attentionHeads, correlation, crissCrossField, inspect } = names;
export const { largestDifference, offsetNorms, offsetSimilarity, positionTables, receptiveField, seenPlaces } = names;
export { exporting as export };
