/** Panoptic quality, average precision and mean IoU against panopticapi, pycocotools and deeplab2. */
import { averagePrecision, maskOf, type Mask } from "../../panoptic/average-precision.js";
import { MeanIou } from "../../panoptic/mean-iou.js";
import { segmentsOf, type LabelSpace } from "../../panoptic/panoptic-map.js";
import { PanopticQuality, type Quality, type SegmentMap } from "../../panoptic/quality.js";
import type { Comparison } from "../compare.js";
import { compareNumber, integers, type StoredCase } from "./stored.js";

/** panopticapi's numbers are float64, the totals of deeplab2 float32. */
const exactly = 1e-12;
const inFloat32 = 2e-6;

type Rows = readonly (readonly number[])[];
interface ListedInFile {
  readonly id: number;
  readonly category_id: number;
  readonly iscrowd?: number;
}

interface QualityFile {
  readonly categories: readonly { readonly id: number; readonly isthing: number }[];
  readonly cases: Readonly<
    Record<
      string,
      {
        readonly images: readonly {
          readonly gt: Rows;
          readonly pred: Rows;
          readonly gt_segments: readonly ListedInFile[];
          readonly pred_segments: readonly ListedInFile[];
        }[];
        readonly panopticapi: Readonly<Record<"all" | "things" | "stuff", Quality | null>> & {
          readonly per_class: Readonly<
            Record<string, { readonly iou_sum: number; readonly tp: number; readonly fp: number; readonly fn: number }>
          >;
        };
        readonly deeplab2: {
          readonly all: Quality | null;
          readonly totals: Readonly<Record<"iou" | "tp" | "fp" | "fn", readonly number[]>>;
        };
      }
    >
  >;
}

export function quality(file: unknown): Comparison[] {
  const { categories, cases } = file as QualityFile;
  const groups = {
    all: categories.map(({ id }) => id),
    things: categories.filter(({ isthing }) => isthing === 1).map(({ id }) => id),
    stuff: categories.filter(({ isthing }) => isthing === 0).map(({ id }) => id),
  };
  return Object.entries(cases).flatMap(([name, { images, panopticapi, deeplab2 }]) => {
    const official = new PanopticQuality();
    const withoutCrowds = new PanopticQuality({ crowds: "deeplab2" });
    for (const { gt, pred, gt_segments, pred_segments } of images) {
      official.add(segmentMap(gt, gt_segments), segmentMap(pred, pred_segments));
      withoutCrowds.add(segmentMap(gt, gt_segments), segmentMap(pred, pred_segments));
    }
    const means = (["all", "things", "stuff"] as const).flatMap((group) =>
      compareQuality(`${name} panopticapi ${group}`, official.mean(groups[group]), panopticapi[group], exactly),
    );
    const counts = Object.entries(panopticapi.per_class).flatMap(([category, expected]) => {
      const ours = official.counts.get(Number(category));
      const label = `${name} panopticapi class ${category}`;
      return [
        compareNumber(`${label} iou`, ours?.iouSum ?? 0, expected.iou_sum, exactly),
        compareNumber(`${label} tp`, ours?.truePositives ?? 0, expected.tp, 0),
        compareNumber(`${label} fp`, ours?.falsePositives ?? 0, expected.fp, 0),
        compareNumber(`${label} fn`, ours?.falseNegatives ?? 0, expected.fn, 0),
      ];
    });
    const totals = deeplab2.totals.iou.flatMap((iou, category) => {
      const ours = withoutCrowds.counts.get(category);
      const label = `${name} deeplab2 class ${category}`;
      return [
        compareNumber(`${label} iou`, ours?.iouSum ?? 0, iou, inFloat32),
        compareNumber(`${label} tp`, ours?.truePositives ?? 0, deeplab2.totals.tp[category], 0),
        compareNumber(`${label} fp`, ours?.falsePositives ?? 0, deeplab2.totals.fp[category], 0),
        compareNumber(`${label} fn`, ours?.falseNegatives ?? 0, deeplab2.totals.fn[category], 0),
      ];
    });
    return [
      ...means,
      ...counts,
      ...compareQuality(`${name} deeplab2 all`, withoutCrowds.mean(groups.all), deeplab2.all, inFloat32),
      ...totals,
    ];
  });
}

function compareQuality(name: string, ours: Quality | null, stored: Quality | null, limit: number): Comparison[] {
  return (["pq", "sq", "rq"] as const).map((key) =>
    compareNumber(`${name} ${key}`, ours?.[key] ?? null, stored?.[key] ?? null, limit),
  );
}

function segmentMap(rows: Rows, segments: readonly ListedInFile[]): SegmentMap {
  return {
    height: rows.length,
    width: rows[0].length,
    values: Int32Array.from(rows.flat()),
    segments: segments.map(({ id, category_id, iscrowd }) => ({ id, category: category_id, isCrowd: iscrowd === 1 })),
  };
}

/** A class without true objects. */
const nothing: readonly null[] = Array.from({ length: 10 }, () => null);

interface PrecisionFile {
  readonly categories: readonly { readonly id: number }[];
  readonly cases: Readonly<
    Record<
      string,
      {
        readonly images: readonly {
          readonly gt: readonly (ListedMask & { readonly iscrowd: number })[];
          readonly dt: readonly (ListedMask & { readonly score: number })[];
        }[];
        readonly stats: readonly number[];
        readonly per_class: Readonly<
          Record<
            string,
            {
              readonly ap_by_iou: readonly (number | null)[] | null;
              readonly ar_by_iou: readonly (number | null)[] | null;
            }
          >
        >;
      }
    >
  >;
}

interface ListedMask {
  readonly category_id: number;
  readonly segmentation: { readonly size: readonly [number, number]; readonly counts: readonly number[] };
}

const maskInFile = ({ segmentation: { size, counts } }: ListedMask): Mask => ({
  height: size[0],
  width: size[1],
  counts,
});

export function precision(file: unknown): Comparison[] {
  const { categories, cases } = file as PrecisionFile;
  return Object.entries(cases).flatMap(([name, { images, stats, per_class }]) => {
    const { summary, ofClass } = averagePrecision(
      images.map(({ gt, dt }) => ({
        truth: gt.map((object) => ({
          category: object.category_id,
          mask: maskInFile(object),
          isCrowd: object.iscrowd === 1,
        })),
        detections: dt.map((object) => ({
          category: object.category_id,
          mask: maskInFile(object),
          score: object.score,
        })),
      })),
      categories.map(({ id }) => id),
    );
    return [
      ...Object.entries<number>({ ...summary }).map(([key, ours], index) =>
        compareNumber(`${name} ${key}`, ours, stats[index], exactly),
      ),
      ...Object.entries(per_class).flatMap(([category, { ap_by_iou, ar_by_iou }]) => {
        const ours = ofClass.get(Number(category));
        return [
          ...(ap_by_iou ?? nothing).map((stored, index) =>
            compareNumber(`${name} class ${category} ap ${index}`, ours?.apByIou[index] ?? null, stored, exactly),
          ),
          ...(ar_by_iou ?? nothing).map((stored, index) =>
            compareNumber(`${name} class ${category} ar ${index}`, ours?.arByIou[index] ?? null, stored, exactly),
          ),
        ];
      }),
    ];
  });
}

interface IouFile {
  readonly num_classes: number;
  readonly ignore_label: number;
  readonly images: readonly { readonly gt: Rows; readonly pred: Rows }[];
  readonly confusion: Rows;
  readonly iou: readonly (number | null)[];
  readonly miou: number;
  readonly bowen: { readonly pACC: number };
}

export function meanIou(file: unknown): Comparison[] {
  const { num_classes, ignore_label, images, confusion, iou, miou, bowen } = file as IouFile;
  const ours = new MeanIou(num_classes, ignore_label);
  for (const { gt, pred } of images) ours.add(gt.flat(), pred.flat());
  return [
    ...confusion.flat().map((stored, index) => compareNumber(`confusion ${index}`, ours.confusion[index], stored, 0)),
    ...iou.map((stored, category) => compareNumber(`class ${category}`, ours.ofClass(category), stored, exactly)),
    compareNumber("mean", ours.mean(), miou, exactly),
    compareNumber("pixel accuracy", ours.pixelAccuracy(), bowen.pACC / 100, exactly),
  ];
}

/** Average precision of the objects of panoptic maps: score = mean probability of the class x mean instance score. */
export function instancePrecision(stored: StoredCase): Comparison[] {
  const args = stored.config.args as LabelSpace;
  const stats = stored.config.stats as readonly number[];
  const names = [...stored.tensors.keys()].filter((name) => name.endsWith(".gt")).map((name) => name.slice(0, -3));
  const { summary } = averagePrecision(
    names.map((name) => {
      const mapOf = (part: string) => {
        const tensor = stored.tensor(`${name}.${part}`);
        return { height: tensor.shape[0], width: tensor.shape[1], values: integers(tensor) };
      };
      const [truth, prediction, crowd] = [mapOf("gt"), mapOf("pred"), mapOf("crowd").values];
      const probability = stored.tensor(`${name}.semantic_probability`);
      const score = stored.tensor(`${name}.instance_score`).data;
      const classes = probability.shape[2];
      const isOnCrowd = (label: number) => crowd[truth.values.indexOf(label)] === 1;
      return {
        truth: segmentsOf(truth, args)
          .filter(({ isThing }) => isThing)
          .map(({ label, category }) => ({ category, mask: maskOf(truth, label), isCrowd: isOnCrowd(label) })),
        detections: segmentsOf(prediction, args)
          .filter(({ isThing }) => isThing)
          .map(({ label, category, area }) => {
            let [sureOfClass, sureOfInstance] = [0, 0];
            prediction.values.forEach((value, pixel) => {
              if (value !== label) return;
              sureOfClass += probability.data[pixel * classes + category];
              sureOfInstance += score[pixel];
            });
            return {
              category,
              mask: maskOf(prediction, label),
              score: (sureOfClass / area) * (sureOfInstance / area),
            };
          }),
      };
    }),
    args.things,
  );
  return Object.entries<number>({ ...summary }).map(([key, ours], index) =>
    compareNumber(key, ours, stats[index], stored.limit),
  );
}
