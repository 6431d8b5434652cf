/**
 * Places along an axis as numbers, the way Plotly reads them: numbers and numbers written as text as they are, dates
 * written as text as milliseconds (UTC), names as 0, 1, 2, ... in the order of their appearance.
 */

export type Place = number | string | null;

export type AxisKind = "linear" | "log" | "date" | "category";

/** Year and month at least; "2024" alone is a number. Plotly: https://plotly.com/javascript/time-series/ */
const date = /^(\d{4})-(\d{1,2})(?:-(\d{1,2})(?:[ T](\d{1,2})(?::(\d{2})(?::(\d{2}(?:\.\d+)?))?)?)?)?Z?$/;

function milliseconds(text: string): number {
  const found = date.exec(text.trim());
  if (!found) return NaN;
  const [year, month, day = 1, hour = 0, minute = 0, second = 0] = found
    .slice(1)
    .map((part) => (part === undefined ? undefined : Number(part))) as number[];
  return Date.UTC(year, month - 1, day, hour, minute) + 1000 * second;
}

const isNumber = (place: Place): boolean =>
  typeof place === "number" || (typeof place === "string" && place.trim() !== "" && Number.isFinite(Number(place)));

/** What an axis holds, where its own `type` does not say it. */
export function kindOf(places: readonly Place[]): AxisKind {
  const given = places.filter((place) => place !== null && place !== undefined);
  if (given.every(isNumber)) return "linear";
  return given.every((place) => typeof place === "string" && !Number.isNaN(milliseconds(place))) ? "date" : "category";
}

/** Places on an axis of this kind as numbers; null where there is none, such as zero on a logarithmic axis. */
export function numbered(places: readonly Place[], kind: AxisKind, names: readonly string[]): (number | null)[] {
  const numberOf = (place: Place): number => {
    if (place === null || place === undefined) return NaN;
    if (kind === "category") return names.indexOf(String(place));
    return kind === "date" && typeof place === "string" ? milliseconds(place) : Number(place);
  };
  return places.map((place) => {
    const number = numberOf(place);
    return Number.isFinite(number) && (kind !== "log" || number > 0) ? number : null;
  });
}

/**
 * The edges of cells around places, one more than places: halfway between neighbours (on a logarithmic axis by their
 * ratio), and as far beyond the first and the last.
 */
export function edgesOf(places: readonly number[], kind: AxisKind): number[] {
  const log = kind === "log";
  const at = log ? places.map(Math.log) : places;
  const last = at.length - 1;
  if (last < 1) return [(at[0] ?? 0) - 0.5, (at[0] ?? 0) + 0.5].map((edge) => (log ? Math.exp(edge) : edge));
  const between = at.slice(1).map((place, i) => (place + at[i]) / 2);
  const edges = [2 * at[0] - between[0], ...between, 2 * at[last] - between[last - 1]];
  return log ? edges.map(Math.exp) : edges;
}
