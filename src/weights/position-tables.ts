/** Tables with one row for each place or offset: where images differ in size, so do they, and they can be resampled. */
import type { Link } from "./correspondence.js";
import { toFloat32, type StoredTensor } from "./dtypes.js";

/** Our weights that are such tables, by the end of their names. */
const tableNames = /\/(relative_(query|key|value)|position_\d+|table_\d+)$/;

/**
 * The axis along which a stored table has another number of places than the model; null where it is no such table, or differs
 * in more than that.
 */
export function placeAxis(link: Link, shape: readonly number[]): number | null {
  const differing = link.shape.flatMap((size, axis) => (size === shape[axis] ? [] : [axis]));
  const isTable = link.parts.length > 0 && link.parts.every(({ weight }) => tableNames.test(weight));
  return isTable && shape.length === link.shape.length && differing.length === 1 && shape[differing[0]] > 0
    ? differing[0]
    : null;
}

/**
 * The table with `size` places along an axis instead of its own number: linear between neighbours, the first and last places
 * kept, and so, of relative encodings, the offset 0 in the middle. What stood d places apart in an image of L places then
 * stands d (size - 1) / (L - 1) apart: the same share of the image.
 */
export function resizedTable(tensor: StoredTensor, axis: number, size: number): Float32Array {
  const { shape } = tensor;
  const values = toFloat32(tensor);
  const product = (sizes: readonly number[]) => sizes.reduce((all, each) => all * each, 1);
  const [outer, places, inner] = [product(shape.slice(0, axis)), shape[axis], product(shape.slice(axis + 1))];
  const out = new Float32Array(outer * size * inner);
  for (let place = 0; place < size; place++) {
    const at = size === 1 ? (places - 1) / 2 : (place * (places - 1)) / (size - 1);
    const before = Math.min(Math.floor(at), Math.max(0, places - 2));
    const share = at - before;
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < inner; i++) {
        const first = values[(o * places + before) * inner + i];
        const second = places === 1 ? first : values[(o * places + before + 1) * inner + i];
        out[(o * size + place) * inner + i] = first + share * (second - first);
      }
  }
  return out;
}
