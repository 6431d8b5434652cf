/** What the attention explorer can look at: a pair of axial layers, attention over places, all loops of criss-cross attention. */
import {
  attentionField,
  attentionHeads,
  crissCrossField,
  isOverMap,
  receptiveField,
  type CrissCrossMaps,
  type LayerAttention,
  type Place,
  type PlaceAttention,
} from "../src/inspection/attention-weights.js";

/** What `axial.inspect` found of a model. */
export interface InspectedAttention {
  readonly attention?: readonly LayerAttention[];
  readonly places?: readonly PlaceAttention[];
  readonly crissCross?: readonly CrissCrossMaps[];
}

/** One block or layer whose queries are places of a map. */
export interface AttentionSubject {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly heads: number;
  /** Share of each place in what the query receives, [H, W]; of one head, or the mean of all. */
  field(place: Place): Float32Array;
  /** The weights of every head over the query's column, [N, H], and over its row, [N, W]. */
  column(place: Place): Float32Array;
  row(place: Place): Float32Array;
}

/** Pairs first, then layers over places, then criss-cross attention; what has no map to click on is left out. */
export const subjectsOf = ({
  attention = [],
  places = [],
  crissCross = [],
}: InspectedAttention): AttentionSubject[] => [
  ...pairsOf(attention),
  ...places.filter(isOverMap).map(overPlaces),
  ...crissCross.map(crissCrossed),
];

const joined = (rows: readonly Float32Array[]): Float32Array => {
  const all = new Float32Array(rows.reduce((length, row) => length + row.length, 0));
  let at = 0;
  for (const row of rows) {
    all.set(row, at);
    at += row.length;
  }
  return all;
};

/** Height layers with the width layers after them: `stage1.block1.height` and `stage1.block1.width`. */
function pairsOf(attention: readonly LayerAttention[]): AttentionSubject[] {
  return attention.flatMap((height, i) => {
    const width = attention.at(i + 1);
    if (height.axis !== "height" || width?.axis !== "width") return [];
    return {
      name: height.layer.replace(/\.height$/, ""),
      rows: height.shape[3],
      columns: width.shape[3],
      heads: Math.min(height.shape[1], width.shape[1]),
      field: (place) => receptiveField(height, width, place).values,
      column: (place) => joined(attentionHeads(height, place)),
      row: (place) => joined(attentionHeads(width, place)),
    };
  });
}

/** Local, stand-alone and global attention: of what each head sees, what lies on the query's column and row. */
function overPlaces(layer: PlaceAttention): AttentionSubject {
  const { shape } = layer;
  const [heads, rows, columns] = layer.axes.includes("window y") ? [shape[2], shape[0], shape[1]] : shape;
  const perHead = (place: Place, pick: (field: Float32Array) => Float32Array): Float32Array =>
    joined(Array.from({ length: heads }, (_, head) => pick(attentionField(layer, { ...place, head }).values)));
  return {
    name: layer.layer,
    ...{ rows, columns, heads },
    field: (place) => attentionField(layer, place).values,
    column: (place) =>
      perHead(place, (field) => Float32Array.from({ length: rows }, (_, y) => field[y * columns + place.x])),
    row: (place) => perHead(place, (field) => field.slice(place.y * columns, (place.y + 1) * columns)),
  };
}

/** The field is of all loops together; the bands are the weights of the last, whose row has the own place. */
function crissCrossed(maps: CrissCrossMaps): AttentionSubject {
  const { column, row } = maps.loops[maps.loops.length - 1];
  const [columns, heads, rows] = column.shape;
  const perHead = (line: number, query: number, length: number, weights: Float32Array): Float32Array =>
    joined(
      Array.from({ length: heads }, (_, head) => {
        const start = ((line * heads + head) * length + query) * length;
        return weights.slice(start, start + length);
      }),
    );
  return {
    name: maps.layer,
    ...{ rows, columns, heads },
    field: (place) => crissCrossField(maps, place).values,
    column: ({ y, x }) => perHead(x, y, rows, column.weights),
    row: ({ y, x }) => perHead(y, x, columns, row.weights),
  };
}
