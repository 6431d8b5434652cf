/** Which of the families, and of the places in a file, a model's weights are loaded from. */
import { ConfigError, FileError } from "../core/errors.js";
import { familiesOf, type Family, type WeightOwner } from "./checkpoint-families.js";
import { isEquallyGood, placementsOf, type Placement } from "./placement.js";
import type { TensorFile } from "./tensor-file.js";

/** What a caller may wish: see `LoadOptions`. */
interface Wishes {
  readonly family?: string;
  readonly weights?: string;
}

/** The names of the families that a model's weights can be read from and written for. */
export function families(owner: WeightOwner): string[] {
  return familiesOf(owner).map(({ name }) => name);
}

/** The family of that name. Throws `ConfigError` where the model does not belong to it. */
export function familyNamed(owner: WeightOwner, name: string): Family {
  const found = familiesOf(owner).find((family) => family.name === name);
  if (found === undefined)
    throw new ConfigError(
      `weights: family must be one that this model has, got ${name}; use ${families(owner).join(" or ")}`,
    );
  return found;
}

/** The family and the place in the file that agree best with the model and with what was asked for. */
export function choose(
  { dicts, isOwnRun }: TensorFile,
  owner: WeightOwner,
  { family: asked, weights }: Wishes,
  path: string,
): { family: Family; placement: Placement; others: Placement[] } {
  const all = asked === undefined ? familiesOf(owner) : [familyNamed(owner, asked)];
  const candidates = all.map((family) => ({ family, placements: placementsOf(dicts, family.links) }));
  const share = ({ family, placements }: (typeof candidates)[number]) =>
    (placements[0]?.named ?? 0) / family.links.length;
  const { family, placements } = candidates.reduce((best, next) => (share(next) > share(best) ? next : best));
  if (placements.length === 0) {
    const names = dicts.flatMap(({ keys, entries }) =>
      [...entries.keys()].slice(0, 4).map((name) => [...keys, name].join(".")),
    );
    throw new FileError(
      `weights.load: ${path} must share names with a family of this model (${families(owner).join(", ")}), ` +
        `got ${names.length === 0 ? "no tensors" : `${names.slice(0, 4).join(", ")} ...`}; build the model that it belongs to`,
    );
  }
  const placement = choosePlacement(placements, weights, isOwnRun, path);
  const others = placements.filter((other) => other !== placement && other.named * 2 > placement.named);
  return { family, placement, others };
}

function choosePlacement(
  placements: readonly Placement[],
  asked: Wishes["weights"],
  isOwnRun: boolean,
  path: string,
): Placement {
  const [best] = placements;
  // Of whole models; a place with a few names that agree by chance is none.
  const whole = placements.filter(({ named }) => named * 2 > best.named);
  const list = (found: readonly Placement[]) => found.map(({ place }) => place || "the top of the file").join(", ");
  const wantsAverage = asked === "ema" || (asked === undefined && isOwnRun);
  if (asked !== undefined && asked !== "ema" && asked !== "trained") {
    const found = placements.find(({ place }) => place === asked || place.startsWith(`${asked}.`));
    if (found !== undefined) return found;
    throw new FileError(
      `weights.load: ${path} must hold weights at ${asked}, got them at ${list(whole)}; choose one of those`,
    );
  }
  const averaged = whole.filter(({ isAveraged }) => isAveraged);
  if (asked === "ema" && averaged.length === 0)
    throw new FileError(
      `weights.load: ${path} must hold a moving average of the weights, got them at ${list(whole)}; load "trained" weights`,
    );
  const asTrained = whole.filter(({ isAveraged, fitting }) => !isAveraged && fitting === best.fitting);
  const pool = wantsAverage && averaged.length > 0 ? averaged : asTrained.length > 0 ? asTrained : averaged;
  if (pool.length > 1 && isEquallyGood(pool[0], pool[1]))
    throw new FileError(
      `weights.load: ${path} must say which weights are meant, got them at ${list(pool)}; choose by the option weights`,
    );
  return pool[0];
}
