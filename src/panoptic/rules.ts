/** Rules by name: where the public codes differ, a preset or rules of your own. */
import { ConfigError } from "../core/errors.js";

/** @throws ConfigError when there are no rules of that name. */
export function rulesOf<Rules extends object>(
  where: string,
  table: Readonly<Record<string, Rules>>,
  choice: string | Rules,
): Rules {
  if (typeof choice === "object") return choice;
  if (Object.hasOwn(table, choice)) return table[choice];
  throw new ConfigError(`${where}: rules must be one of ${Object.keys(table).join(", ")}, got ${choice}; or give each`);
}
