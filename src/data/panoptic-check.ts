/**
 * Looks for what is wrong in a panoptic set before anything is trained on it: each finding is one line with its count and
 * first example.
 */
import sharp from "sharp";
import { findPanopticSplits, readPanopticAnnotations, readSegmentNumbers } from "./coco-panoptic.js";
import type { AnnotatedImage, PanopticAnnotations } from "./coco-panoptic.js";

/** What makes an image unusable is an error, what is only odd a warning, what is usual a note. */
export type FindingLevel = "error" | "warning" | "note";

export interface Finding {
  readonly level: FindingLevel;
  readonly what: string;
  readonly count: number;
  /** The first place where it is so. */
  readonly example: string;
}

export interface SplitReport {
  readonly split: string;
  readonly images: number;
  readonly segments: number;
  /** Images that can be trained on. */
  readonly usable: number;
  readonly findings: readonly Finding[];
}

export interface CheckOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number, split: string) => void;
}

/**
 * Checks every split of a folder: files, sizes, segments that are in the PNG and not in the JSON and the reverse,
 * categories, areas, crowds, void.
 *
 * @throws FileError when there are no annotations, or they cannot be read.
 */
export async function checkPanoptic(folder: string, options: CheckOptions = {}): Promise<SplitReport[]> {
  const where = "data.checkPanoptic";
  const reports: SplitReport[] = [];
  for (const file of (await findPanopticSplits(where, folder)).values())
    reports.push(await checkSplit(await readPanopticAnnotations(where, file), options));
  return reports;
}

/** Counts findings by what they are, and keeps the first example of each. */
class Findings {
  private readonly found = new Map<string, { level: FindingLevel; count: number; example: string }>();

  add(level: FindingLevel, what: string, example: string): void {
    const finding = this.found.get(what);
    if (finding === undefined) this.found.set(what, { level, count: 1, example });
    else finding.count++;
  }

  /** Errors first. */
  list(): Finding[] {
    const rank: Record<FindingLevel, number> = { error: 0, warning: 1, note: 2 };
    return [...this.found]
      .map(([what, finding]) => ({ what, ...finding }))
      .sort((a, b) => rank[a.level] - rank[b.level]);
  }
}

async function checkSplit(annotations: PanopticAnnotations, options: CheckOptions): Promise<SplitReport> {
  const { split, categories, images } = annotations;
  const findings = new Findings();
  checkCategories(annotations, findings);
  const known = new Map(categories.map(({ id, isThing }) => [id, isThing]));
  let usable = 0;
  for (const [index, image] of images.entries()) {
    options.signal?.throwIfAborted();
    if (await checkImage(image, known, findings)) usable++;
    options.onProgress?.(index + 1, images.length, split);
  }
  if (images.length === 0) findings.add("error", "a split without annotated images", annotations.file);
  const segments = images.reduce((sum, image) => sum + image.segments.length, 0);
  return { split, images: images.length, segments, usable, findings: findings.list() };
}

function checkCategories({ categories, file }: PanopticAnnotations, findings: Findings): void {
  const ids = new Set<number>();
  for (const { id, name } of categories) {
    if (ids.has(id)) findings.add("error", "a category number that is there twice", `${id} (${name}) in ${file}`);
    ids.add(id);
  }
  if (categories.length === 0) findings.add("error", "no categories", file);
  else if (!categories.some(({ isThing }) => isThing)) findings.add("warning", "no category of things", file);
}

/** Whether the image can be trained on. */
async function checkImage(
  image: AnnotatedImage,
  categories: ReadonlyMap<number, boolean>,
  findings: Findings,
): Promise<boolean> {
  const name = `image ${image.id}`;
  const size = `${image.width} x ${image.height}`;
  const photograph = await sharp(image.image)
    .metadata()
    .catch((error: Error) => error);
  if (photograph instanceof Error) {
    findings.add("error", "a photograph that cannot be read", `${image.image}: ${photograph.message.split("\n")[0]}`);
    return false;
  }
  if (photograph.width !== image.width || photograph.height !== image.height) {
    const got = `${photograph.width} x ${photograph.height}`;
    findings.add(
      "error",
      "a photograph of another size than the annotation says",
      `${image.image}: ${got}, not ${size}`,
    );
    return false;
  }
  const labels = await readSegmentNumbers("labels", image.labels).catch((error: Error) => error);
  if (labels instanceof Error) {
    findings.add("error", "labels that cannot be read", labels.message);
    return false;
  }
  if (labels.width !== image.width || labels.height !== image.height) {
    findings.add(
      "error",
      "labels of another size than the photograph",
      `${image.labels}: ${labels.width} x ${labels.height}, not ${size}`,
    );
    return false;
  }
  return checkSegments(name, image, labels.values, categories, findings);
}

function checkSegments(
  name: string,
  { segments }: AnnotatedImage,
  numbers: Int32Array,
  categories: ReadonlyMap<number, boolean>,
  findings: Findings,
): boolean {
  const areas = new Map<number, number>();
  for (const id of numbers) areas.set(id, (areas.get(id) ?? 0) + 1);
  const listed = new Set<number>();
  let usable = true;
  for (const { id, category, isCrowd, area } of segments) {
    const segment = `segment ${id} of ${name}`;
    if (id === 0) findings.add("error", "a segment with number 0, which is void", segment);
    if (listed.has(id)) findings.add("error", "a segment that is listed twice", segment);
    listed.add(id);
    const isThing = categories.get(category);
    if (isThing === undefined) {
      findings.add("error", "a segment of an unknown category", `${segment}: category ${category}`);
      usable = false;
    } else if (isCrowd && !isThing) findings.add("warning", "a crowd of stuff", segment);
    else if (isCrowd) findings.add("note", "a crowd", segment);
    const pixels = areas.get(id);
    if (pixels === undefined) findings.add("warning", "a segment in the JSON and not in the PNG", segment);
    else if (area >= 0 && area !== pixels)
      findings.add("warning", "an area that the PNG does not have", `${segment}: ${area}, ${pixels} in the PNG`);
  }
  for (const [id, pixels] of areas) {
    if (id === 0) findings.add("note", "an image with void pixels", `${name}: ${pixels} pixels`);
    else if (!listed.has(id))
      findings.add(
        "error",
        "a segment in the PNG and not in the JSON, taken as void",
        `segment ${id} of ${name}, ${pixels} pixels`,
      );
  }
  if (segments.length === 0) findings.add("warning", "an image without segments", name);
  else if (!segments.some(({ category }) => categories.get(category) === true))
    findings.add("note", "an image without things", name);
  return usable;
}
