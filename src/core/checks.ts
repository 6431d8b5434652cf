/** Checks of numbers that callers give, with errors that say the rule, what was got and what to do. */
import { ConfigError } from "./errors.js";

/**
 * @param where begins the error
 * @param values by the names that the caller knows them by
 * @throws ConfigError that names the first that is not a positive integer
 */
export function assertPositiveIntegers(where: string, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values))
    if (!Number.isInteger(value) || value < 1)
      throw new ConfigError(`${where}: ${name} must be a positive integer, got ${String(value)}; use 1 or more`);
}
