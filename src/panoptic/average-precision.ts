/**
 * Average precision of object masks as COCO measures it.
 *
 * Source: the rules of pycocotools' `cocoeval.py`, to which the numbers are equal: detections by falling score, each
 * takes the free object of its class with the greatest IoU; precision made monotone and read at 101 recalls; the mean over
 * ten IoU from 0.5 to 0.95 and over classes.
 */

/** A mask as runs of 0 and 1 in turn down the columns, beginning with 0, as COCO writes them uncompressed. */
export interface Mask {
  readonly height: number;
  readonly width: number;
  readonly counts: readonly number[];
}

/** An object of the truth. */
export interface TrueObject {
  readonly category: number;
  readonly mask: Mask;
  /** Several objects that nobody told apart: may be taken any number of times, and is never missing. Default false. */
  readonly isCrowd?: boolean;
}

/** A predicted object. */
export interface Detection {
  readonly category: number;
  readonly mask: Mask;
  readonly score: number;
}

/** True and predicted objects of one image. */
export interface ObjectsOfImage {
  readonly truth: readonly TrueObject[];
  readonly detections: readonly Detection[];
}

/** -1 where a set has no true object of any class. */
export interface AveragePrecision {
  readonly ap: number;
  readonly ap50: number;
  readonly ap75: number;
  /** Of objects under 32² pixels, up to 96², and above. */
  readonly apSmall: number;
  readonly apMedium: number;
  readonly apLarge: number;
  /** Average recall with 1, 10 and 100 detections an image. */
  readonly ar1: number;
  readonly ar10: number;
  readonly ar100: number;
  readonly arSmall: number;
  readonly arMedium: number;
  readonly arLarge: number;
}

/** Average precision and recall of one class. */
export interface ClassPrecision {
  /** At IoU 0.5, 0.55, ..., 0.95, of all sizes, 100 detections; null where the set has no true object of the class. */
  readonly apByIou: readonly (number | null)[];
  readonly arByIou: readonly (number | null)[];
}

const thresholds = Array.from({ length: 10 }, (_, index) => 0.5 + 0.05 * index);
const recallPoints = Array.from({ length: 101 }, (_, index) => index / 100);
const mostDetections = [1, 10, 100] as const;
const sizes = {
  all: [0, 1e10],
  small: [0, 32 ** 2],
  medium: [32 ** 2, 96 ** 2],
  large: [96 ** 2, 1e10],
} as const;
type SizeName = keyof typeof sizes;

/** The twelve numbers of COCO, and each class's own. */
export function averagePrecision(
  images: readonly ObjectsOfImage[],
  categories: readonly number[],
): { readonly summary: AveragePrecision; readonly ofClass: ReadonlyMap<number, ClassPrecision> } {
  const curves = new Map<string, Curve>();
  const curveOf = (category: number, size: SizeName, most: number): Curve => {
    const key = `${category} ${size} ${most}`;
    let curve = curves.get(key);
    if (curve === undefined) curves.set(key, (curve = curveOfClass(prepared.get(category)!, size, most)));
    return curve;
  };
  const prepared = new Map(categories.map((category) => [category, prepareClass(images, category)]));
  const mean = (pick: (curve: Curve) => readonly (number | null)[], size: SizeName, most: number): number => {
    const numbers = categories.flatMap((category) =>
      pick(curveOf(category, size, most)).filter((value) => value !== null),
    );
    return numbers.length === 0 ? -1 : numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  };
  const precision = (curve: Curve) => curve.precision;
  const recall = (curve: Curve) => curve.recall;
  const summary = {
    ap: mean(precision, "all", 100),
    ap50: mean((curve) => curve.precision.slice(0, 1), "all", 100),
    ap75: mean((curve) => curve.precision.slice(5, 6), "all", 100),
    apSmall: mean(precision, "small", 100),
    apMedium: mean(precision, "medium", 100),
    apLarge: mean(precision, "large", 100),
    ar1: mean(recall, "all", 1),
    ar10: mean(recall, "all", 10),
    ar100: mean(recall, "all", 100),
    arSmall: mean(recall, "small", 100),
    arMedium: mean(recall, "medium", 100),
    arLarge: mean(recall, "large", 100),
  };
  const ofClass = new Map(
    categories.map((category) => {
      const { precision: apByIou, recall: arByIou } = curveOf(category, "all", 100);
      return [category, { apByIou, arByIou }] as const;
    }),
  );
  return { summary, ofClass };
}

/** By IoU threshold. */
interface Curve {
  readonly precision: readonly (number | null)[];
  readonly recall: readonly (number | null)[];
}

/** One class in one image: detections by falling score, 100 at most, and their IoU with every true object. */
interface ClassInImage {
  readonly truth: readonly { readonly area: number; readonly isCrowd: boolean }[];
  readonly detections: readonly { readonly area: number; readonly score: number }[];
  /** [detections][truth] */
  readonly iou: readonly (readonly number[])[];
}

function prepareClass(images: readonly ObjectsOfImage[], category: number): ClassInImage[] {
  return images.map((image) => {
    const truth = image.truth.filter((object) => object.category === category);
    const detections = image.detections
      .filter((detection) => detection.category === category)
      .sort((a, b) => b.score - a.score)
      .slice(0, mostDetections[mostDetections.length - 1]);
    return {
      truth: truth.map(({ mask, isCrowd = false }) => ({ area: maskArea(mask), isCrowd })),
      detections: detections.map(({ mask, score }) => ({ area: maskArea(mask), score })),
      iou: detections.map((detection) => truth.map((object) => maskIou(detection.mask, object.mask, object.isCrowd))),
    };
  });
}

function curveOfClass(images: readonly ClassInImage[], size: SizeName, most: number): Curve {
  const matched = images.map((image) => matchImage(image, sizes[size], most));
  const objects = matched.reduce((sum, { objects }) => sum + objects, 0);
  if (objects === 0) return { precision: thresholds.map(() => null), recall: thresholds.map(() => null) };
  const detections = matched.flatMap(({ detections }) => detections).sort((a, b) => b.score - a.score);
  const atThresholds = thresholds.map((_, index) =>
    curveAt(
      detections.flatMap(({ outcome }) => (outcome[index] === "ignored" ? [] : [outcome[index] === "hit"])),
      objects,
    ),
  );
  return {
    precision: atThresholds.map(({ precision }) => precision),
    recall: atThresholds.map(({ recall }) => recall),
  };
}

type Outcome = "hit" | "miss" | "ignored";

function matchImage(
  { truth, detections, iou }: ClassInImage,
  [least, greatest]: readonly [number, number],
  most: number,
): { readonly objects: number; readonly detections: { readonly score: number; readonly outcome: Outcome[] }[] } {
  const isIgnored = truth.map(({ area, isCrowd }) => isCrowd || area < least || area > greatest);
  // Objects that count come before those that do not: a detection takes one of the latter only if it can take none of the former.
  const order = truth.map((_, index) => index).sort((a, b) => Number(isIgnored[a]) - Number(isIgnored[b]));
  const taken = thresholds.map(() => new Set<number>());
  return {
    objects: isIgnored.filter((ignored) => !ignored).length,
    detections: detections.slice(0, most).map(({ area, score }, detection) => ({
      score,
      outcome: thresholds.map((threshold, index): Outcome => {
        let best = -1;
        let bestIou = Math.min(threshold, 1 - 1e-10);
        for (const object of order) {
          if (taken[index].has(object) && !truth[object].isCrowd) continue;
          if (best >= 0 && !isIgnored[best] && isIgnored[object]) break;
          if (iou[detection][object] < bestIou) continue;
          bestIou = iou[detection][object];
          best = object;
        }
        if (best < 0) return area < least || area > greatest ? "ignored" : "miss";
        taken[index].add(best);
        return isIgnored[best] ? "ignored" : "hit";
      }),
    })),
  };
}

/** Precision averaged over the recalls, and the greatest recall, of detections by falling score. */
function curveAt(hits: readonly boolean[], objects: number): { readonly precision: number; readonly recall: number } {
  let found = 0;
  const recall = new Float64Array(hits.length);
  const precision = new Float64Array(hits.length);
  hits.forEach((hit, index) => {
    if (hit) found++;
    recall[index] = found / objects;
    precision[index] = found / (index + 1);
  });
  for (let index = hits.length - 2; index >= 0; index--)
    precision[index] = Math.max(precision[index], precision[index + 1]);
  let sum = 0;
  let index = 0;
  for (const point of recallPoints) {
    while (index < hits.length && recall[index] < point) index++;
    if (index === hits.length) break;
    sum += precision[index];
  }
  return { precision: sum / recallPoints.length, recall: found / objects };
}

/** Pixels of a mask. */
export function maskArea({ counts }: Mask): number {
  let area = 0;
  for (let run = 1; run < counts.length; run += 2) area += counts[run];
  return area;
}

/** The mask of the pixels that hold a value. */
export function maskOf(
  { height, width, values }: { height: number; width: number; values: ArrayLike<number> },
  value: number,
): Mask {
  const counts: number[] = [];
  let inside = false;
  let run = 0;
  for (let x = 0; x < width; x++)
    for (let y = 0; y < height; y++) {
      if ((values[y * width + x] === value) !== inside) {
        counts.push(run);
        run = 0;
        inside = !inside;
      }
      run++;
    }
  counts.push(run);
  return { height, width, counts };
}

/** Intersection over union; with a crowd, over the area of the detection. */
function maskIou(detection: Mask, object: Mask, isCrowd = false): number {
  const [area, objectArea] = [maskArea(detection), maskArea(object)];
  let both = 0;
  let [a, b] = [0, 0];
  let [aEnd, bEnd] = [detection.counts[0], object.counts[0]];
  let place = 0;
  while (a < detection.counts.length && b < object.counts.length) {
    const end = Math.min(aEnd, bEnd);
    if (a % 2 === 1 && b % 2 === 1) both += end - place;
    place = end;
    if (aEnd === end) aEnd += detection.counts[++a] ?? 0;
    if (bEnd === end) bEnd += object.counts[++b] ?? 0;
  }
  const over = isCrowd ? area : area + objectArea - both;
  return over === 0 ? 0 : both / over;
}
