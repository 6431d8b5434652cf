/** Which places a resized axis is made of. */

/** As TensorFlow.js has them; both at once are an error there. */
export interface ResizeAttrs {
  /** The middles of the first and last places of both axes fall together. */
  readonly alignCorners: boolean;
  /** Places are counted from their middles, not from their corners. */
  readonly halfPixelCenters: boolean;
}

/** One place that a resized place is made of, and how much of it. */
export interface Tap {
  readonly place: number;
  readonly weight: number;
}

/** Of each resized place, its taps. */
export type Taps = readonly (readonly Tap[])[];

/** Where a resized place lies on the axis before. */
function positionOf(
  index: number,
  size: number,
  resized: number,
  { alignCorners, halfPixelCenters }: ResizeAttrs,
): number {
  const ends = alignCorners && resized > 1 ? 1 : 0;
  const scale = (size - ends) / (resized - ends);
  return halfPixelCenters ? scale * (index + 0.5) - 0.5 : scale * index;
}

/** Of an axis of `size` places that is made `resized` long. */
export type FindTaps = (size: number, resized: number, attrs: ResizeAttrs) => Taps;

/** The two nearest, or one where the other has no share. */
export const bilinearTaps: FindTaps = (size, resized, attrs) =>
  Array.from({ length: resized }, (_, index) => {
    if (size === 0) return [];
    const position = Math.min(size - 1, Math.max(0, positionOf(index, size, resized, attrs)));
    const place = Math.floor(position);
    const weight = position - place;
    return weight === 0 ? [{ place, weight: 1 }] : [{ place, weight: 1 - weight }, { place: place + 1, weight }]; // prettier-ignore
  });

/** Of each place, the resized places that have a share of it: what a gradient goes back by. */
export function transposed(taps: Taps, size: number): Taps {
  const back: Tap[][] = Array.from({ length: size }, () => []);
  taps.forEach((of, index) => {
    for (const { place, weight } of of) back[place].push({ place: index, weight });
  });
  return back;
}
