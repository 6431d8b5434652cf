/** The check of every task that its data set teaches what it needs. */
import { ConfigError } from "../../core/errors.js";
import type { Dataset } from "../../data/dataset.js";

export function assertTargets(kind: string, { name, targets }: Dataset, needed: string): void {
  if (targets === needed) return;
  throw new ConfigError(
    `${kind}: the data set must hold images with ${needed}, got ${targets} in ${name}; use another`,
  );
}
