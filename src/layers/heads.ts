/** What layers of plain multi-head attention say of their heads, and what follows from it. */
import { assertPositiveIntegers } from "../core/checks.js";
import { ConfigError } from "../core/errors.js";
import type { KeysOf } from "../core/options.js";

export interface HeadArgs {
  /** Channels of input and output. */
  filters: number;
  /** N. Default 8. */
  heads?: number;
  /** Dq, channels of query and key per head. Default filters / heads. */
  keyDepth?: number;
  /** Dv, channels of value per head. Default `keyDepth`. */
  valueDepth?: number;
}

export const headKeys: KeysOf<HeadArgs> = { filters: true, heads: true, keyDepth: true, valueDepth: true };

/**
 * The heads and their depths. `where` begins the error.
 *
 * @throws ConfigError when one is no positive integer, or the key depth neither given nor a whole share of the filters
 */
export function headDepths(args: HeadArgs, where: string) {
  const { filters, heads = 8 } = args;
  const { keyDepth = filters / heads, valueDepth = keyDepth } = args;
  assertPositiveIntegers(where, { filters, heads });
  if (args.keyDepth === undefined && !Number.isInteger(keyDepth))
    throw new ConfigError(
      `${where}: filters must be a multiple of heads, got filters=${filters}, heads=${heads}; ` +
        `use filters=${Math.ceil(filters / heads) * heads} or set keyDepth`,
    );
  assertPositiveIntegers(where, { keyDepth, valueDepth });
  return { heads, keyDepth, valueDepth };
}
