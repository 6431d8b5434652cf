/**
 * Where each number of a foreign `state_dict` lies in our weights. Published layers name, order and lay out their
 * parameters in their own ways; between any of them and ours lies nothing but a permutation of numbers. It is
 * written down once, as coordinates, and serves loading, saving, and the comparison of gradients.
 */
import { ShapeError } from "../core/errors.js";

/** One tensor of a foreign `state_dict` and the weights of ours that hold its numbers between them. */
export interface Link {
  /** Its name there. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly parts: readonly LinkPart[];
}

export interface LinkPart {
  /** Name of our weight: that of the layer, a slash, that within the layer. */
  readonly weight: string;
  readonly shape: readonly number[];
  /**
   * For each of our numbers, row-major, the row-major place of the same number in the foreign tensor, or `elsewhere`:
   * made when asked for, because as many links are looked at as are used.
   */
  readonly places: () => Int32Array;
}

/** The place of a number that another foreign tensor holds. */
export const elsewhere = -1;

/**
 * From the coordinates of a number in our weight to its coordinates in the foreign tensor; null: another tensor holds
 * it.
 */
export type Coordinates = (...own: number[]) => readonly number[] | null;

/** A part of a link whose places follow from coordinates. */
export function linkPart(
  weight: string,
  shape: readonly number[],
  foreignShape: readonly number[],
  coordinates: Coordinates,
): LinkPart {
  const places = (): Int32Array => {
    const own = new Array<number>(shape.length).fill(0);
    return Int32Array.from({ length: elements(shape) }, () => {
      const foreign = coordinates(...own);
      for (let axis = shape.length - 1; axis >= 0 && ++own[axis] === shape[axis]; axis--) own[axis] = 0;
      return foreign === null ? elsewhere : foreignShape.reduce((flat, size, axis) => flat * size + foreign[axis], 0);
    });
  };
  return { weight, shape, places };
}

/**
 * A link to one weight whose axes come in another order there: axis f there is our axis `order[f]`. The numbers of a
 * network are nearly all in such.
 */
export function permuted(name: string, weight: string, shape: readonly number[], order: readonly number[]): Link {
  const foreignShape = order.map((axis) => shape[axis]);
  const places = (): Int32Array => {
    const all = new Int32Array(elements(shape));
    // The places of the last axis, repeated along the one before it with that one's step, and so on.
    let filled = 1;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const step = elements(foreignShape.slice(order.indexOf(axis) + 1));
      for (let index = 1; index < shape[axis]; index++)
        for (let i = 0; i < filled; i++) all[index * filled + i] = all[i] + index * step;
      filled *= shape[axis];
    }
    return all;
  };
  return { name, shape: foreignShape, parts: [{ weight, shape, places }] };
}

/** A link to one weight of the same layout. */
export function sameLayout(name: string, weight: string, shape: readonly number[]): Link {
  return permuted(name, weight, shape, [...shape.keys()]);
}

/**
 * Copies the numbers of a foreign tensor to where they lie in our weights. A weight whose numbers come from several
 * tensors is whole after the last of them.
 *
 * @param intoWeight gives the numbers of our weight of that name, to be changed in place.
 * @throws ShapeError when the foreign tensor has another number of elements.
 */
export function fromForeign(link: Link, data: Float32Array, intoWeight: (weight: string) => Float32Array): void {
  if (data.length !== elements(link.shape))
    throw new ShapeError(
      `weights: ${link.name} must have shape [${link.shape.join(", ")}], got ${data.length} numbers; choose the model it belongs to`,
    );
  for (const { weight, places } of link.parts) {
    const own = intoWeight(weight);
    places().forEach((place, index) => {
      if (place !== elsewhere) own[index] = data[place];
    });
  }
}

/** The foreign tensor out of our numbers. */
export function toForeign(link: Link, ofWeight: (weight: string) => ArrayLike<number>): Float32Array<ArrayBuffer> {
  const data = new Float32Array(elements(link.shape));
  for (const { weight, places } of link.parts) {
    const own = ofWeight(weight);
    places().forEach((place, index) => {
      if (place !== elsewhere) data[place] = own[index];
    });
  }
  return data;
}

export const elements = (shape: readonly number[]): number => shape.reduce((count, size) => count * size, 1);
