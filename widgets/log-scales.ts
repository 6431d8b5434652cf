/**
 * Logarithmic scales have no place for zero and below: Vega gives such values the middle of the range, as if they were
 * measured there. They are left out, and the figure says so.
 */
import type { VegaLiteSpec } from "./vega-lite-spec.js";

type Row = Readonly<Record<string, unknown>>;
type Encoding = Readonly<Record<string, Row | undefined>>;

/** What a view has from the views around it. */
interface Scope {
  readonly encoding: Encoding;
  /** Rows before transforms; null where they are not known. */
  readonly rows: readonly Row[] | null;
  readonly datasets: Readonly<Record<string, readonly Row[]>>;
}

/** Fields and, of each, how many values are left out; null where only the drawing knows. */
type LeftOut = Map<string, number | null>;

const isLog = (channel: Row | undefined): boolean =>
  (channel?.scale as Row | null | undefined)?.type === "log" &&
  typeof channel?.field === "string" &&
  // What is drawn is then not the value of a row.
  channel.aggregate === undefined &&
  channel.bin === undefined &&
  channel.timeUnit === undefined;

function rowsOf(spec: VegaLiteSpec, scope: Scope): readonly Row[] | null {
  const data = spec.data as { values?: unknown; name?: string } | null | undefined;
  if (!data) return scope.rows;
  const rows = data.values ?? (data.name === undefined ? undefined : scope.datasets[data.name]);
  return Array.isArray(rows) ? (rows as Row[]) : null;
}

/** How many numbers of a field are not positive, cells of matrices included; null where rows lack the field. */
function countIn(rows: readonly Row[] | null, field: string): number | null {
  if (rows === null || (rows.length > 0 && !rows.some((row) => Object.hasOwn(row, field)))) return null;
  let count = 0;
  for (const row of rows)
    for (const value of Array.isArray(row[field]) ? (row[field] as unknown[]) : [row[field]])
      if (typeof value === "number" && value <= 0) count++;
  return count;
}

const nested = ["layer", "concat", "hconcat", "vconcat"] as const;

function filtered(spec: VegaLiteSpec, outer: Scope, leftOut: LeftOut): VegaLiteSpec {
  const scope: Scope = {
    encoding: { ...outer.encoding, ...(spec.encoding as Encoding | undefined) },
    rows: rowsOf(spec, outer),
    datasets: outer.datasets,
  };
  const inner = nested.find((key) => Array.isArray(spec[key]));
  if (inner) return { ...spec, [inner]: (spec[inner] as VegaLiteSpec[]).map((view) => filtered(view, scope, leftOut)) };
  if (spec.spec) return { ...spec, spec: filtered(spec.spec as VegaLiteSpec, scope, leftOut) };
  const fields = new Set(
    Object.values(scope.encoding)
      .filter(isLog)
      .map((channel) => channel!.field as string),
  );
  if (fields.size === 0) return spec;
  const filters = [...fields].map((field) => {
    const known = leftOut.get(field);
    const count = countIn(scope.rows, field);
    // Layers of the same rows count once.
    leftOut.set(field, known === null || count === null ? null : Math.max(known ?? 0, count));
    return { filter: `datum[${JSON.stringify(field)}] > 0` };
  });
  return { ...spec, transform: [...((spec.transform as unknown[] | undefined) ?? []), ...filters] };
}

function sentenceOf([field, count]: [string, number | null]): string {
  if (count === null) return `log scale of ${field}: values of 0 and below are left out`;
  return `log scale of ${field}: ${count} ${count === 1 ? "value" : "values"} of 0 and below left out`;
}

/** The specification with a last line of its subtitle added; without a title, the line is the title. */
function noted(spec: VegaLiteSpec, note: string): VegaLiteSpec {
  const { title } = spec;
  if (title === undefined || title === null || title === "") return { ...spec, title: note };
  const whole = typeof title === "object" && !Array.isArray(title) ? (title as Row) : { text: title };
  const before = [whole.subtitle ?? []].flat().filter((line) => line !== "");
  return { ...spec, title: { ...whole, subtitle: [...before, note] } };
}

/** Filters what logarithmic scales cannot show, in every view, and says in the subtitle how much that was. */
export function withoutLogZeros(spec: VegaLiteSpec): VegaLiteSpec {
  const leftOut: LeftOut = new Map();
  const datasets = (spec.datasets ?? {}) as Scope["datasets"];
  const whole = filtered(spec, { encoding: {}, rows: null, datasets }, leftOut);
  const notes = [...leftOut].filter(([, count]) => count !== 0).map(sentenceOf);
  return notes.length === 0 ? whole : noted(whole, notes.join("; "));
}
