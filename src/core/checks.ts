/** Checks of values that callers give, with errors that say the rule, what was got and what to do. */
import { ConfigError } from "./errors.js";
import { nearest, shown } from "./options.js";

/**
 * @param where begins the error
 * @param values by the names that the caller knows them by
 * @throws ConfigError that names the first that is not a positive integer
 */
export function assertPositiveIntegers(where: string, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values))
    if (!Number.isInteger(value) || value < 1)
      throw new ConfigError(`${where}: ${name} must be a positive integer, got ${shown(value)}; use 1 or more`);
}

/**
 * @param where begins the error
 * @param name what the caller knows the value by
 * @throws ConfigError when the value is none of those allowed, with the nearest; undefined, for a default, passes
 */
export function assertOneOf(
  where: string,
  name: string,
  value: unknown,
  allowed: readonly (string | number | null)[],
): void {
  if (value === undefined || (allowed as readonly unknown[]).includes(value)) return;
  const written = allowed.map((one) => JSON.stringify(one));
  const listed = written.length === 1 ? written[0] : `${written.slice(0, -1).join(", ")} or ${written.at(-1)}`;
  const words = allowed.map(String);
  const remedy = typeof value === "string" ? `use ${written[words.indexOf(nearest(value, words))]}` : "choose one";
  throw new ConfigError(`${where}: ${name} must be ${listed}, got ${shown(value)}; ${remedy}`);
}
