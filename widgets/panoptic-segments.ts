/** Panoptic maps as figures read them: an id a pixel, and what each id is. */
import { ShapeError } from "../src/core/errors.js";

/** One segment of a panoptic map. */
export interface PanopticSegment {
  readonly id: number;
  /** Name of its class. */
  readonly category: string;
  /** A thing has instances, stuff has none. */
  readonly isThing: boolean;
  /** From 0 to 1. Default: none, as of truth. */
  readonly score?: number;
}

/** Ids of segments, row-major; 0 is void. */
export interface PanopticPicture {
  readonly ids: ArrayLike<number>;
  readonly shape: readonly [height: number, width: number];
  readonly segments: readonly PanopticSegment[];
  /**
   * All classes of the image set, those that are not in the picture too: a class has the colour of its place, the same one in
   * all figures of the set. Default: the classes of the figure, in the order of its segments.
   */
  readonly classes?: readonly string[];
}

/** Throws ShapeError unless there is an id for each pixel and a segment for each id. */
export function assertPanoptic(where: string, { ids, shape: [height, width], segments }: PanopticPicture): void {
  if (ids.length !== height * width)
    throw new ShapeError(
      `${where}: ids must be one a pixel, got ${ids.length} for ${height} x ${width}; give shape as [height, width]`,
    );
  const known = new Set([0, ...segments.map(({ id }) => id)]);
  for (let i = 0; i < ids.length; i++)
    if (!known.has(ids[i]))
      throw new ShapeError(
        `${where}: every id must have its segment, got ${ids[i]} at (${Math.floor(i / width)}, ${i % width}); ` +
          "list it in segments, or write 0 for void",
      );
}

/** Rows of equal ids as rectangles: what can be pointed at. Ends are exclusive. */
export interface Run {
  readonly id: number;
  readonly top: number;
  readonly left: number;
  readonly right: number;
}

/** The runs of a map along its rows; `step` rows and columns count as one, by their first pixel. */
export function runsOf({ ids, shape: [height, width] }: PanopticPicture, step = 1): Run[] {
  const runs: Run[] = [];
  for (let top = 0; top < height; top += step)
    for (let left = 0; left < width;) {
      const id = ids[top * width + left];
      let right = left + step;
      while (right < width && ids[top * width + right] === id) right += step;
      right = Math.min(right, width);
      runs.push({ id, top, left, right });
      left = right;
    }
  return runs;
}

/** Pixels of each segment. */
export function areasOf({ ids }: PanopticPicture): Map<number, number> {
  const areas = new Map<number, number>();
  for (let i = 0; i < ids.length; i++) areas.set(ids[i], (areas.get(ids[i]) ?? 0) + 1);
  return areas;
}

/** "car 2": a thing's number among those of its class, in the order of the list; stuff has its class alone. */
export function labelsOf(segments: readonly PanopticSegment[]): Map<number, string> {
  const counts = new Map<string, number>();
  return new Map(
    segments.map(({ id, category, isThing }) => {
      const number = (counts.get(category) ?? 0) + 1;
      counts.set(category, number);
      return [id, isThing ? `${category} ${number}` : category];
    }),
  );
}
