/**
 * Mean intersection over union of classes, over all pixels of a set.
 *
 * Equal to deeplab2's and to the PyTorch port's `segmentation/evaluation/semantic.py`.
 */
import { ShapeError } from "../core/errors.js";

/** Counts pixels by class in truth and prediction, for the mean intersection over union. */
export class MeanIou {
  /** [classes, classes]: pixels by class in the truth (row) and in the prediction (column). */
  readonly confusion: Float64Array;

  /** @param ignore pixels whose truth is this class do not count */
  constructor(
    readonly classes: number,
    private readonly ignore: number | null = null,
  ) {
    this.confusion = new Float64Array(classes * classes);
  }

  /** @throws ShapeError when the maps differ in length, or hold a class that there is not. */
  add(truth: ArrayLike<number>, prediction: ArrayLike<number>): void {
    if (truth.length !== prediction.length)
      throw new ShapeError(
        `MeanIou: truth and prediction must have one size, got ${truth.length} and ${prediction.length} pixels; resize one`,
      );
    for (let pixel = 0; pixel < truth.length; pixel++) {
      const [expected, got] = [truth[pixel], prediction[pixel]];
      if (expected === this.ignore) continue;
      if (!(expected >= 0 && expected < this.classes && got >= 0 && got < this.classes))
        throw new ShapeError(
          `MeanIou: classes must be from 0 to ${this.classes - 1}, got ${expected} and ${got} at pixel ${pixel}; ` +
            `give the number of classes, or the class to ignore`,
        );
      this.confusion[expected * this.classes + got]++;
    }
  }

  /** Adds the counts of another part of the same set. */
  merge({ confusion }: MeanIou): void {
    confusion.forEach((pixels, index) => (this.confusion[index] += pixels));
  }

  /** IoU of a class; null where neither truth nor prediction has it. */
  ofClass(category: number): number | null {
    let union = -this.confusion[category * this.classes + category];
    for (let other = 0; other < this.classes; other++)
      union += this.confusion[category * this.classes + other] + this.confusion[other * this.classes + category];
    return union === 0 ? null : this.confusion[category * this.classes + category] / union;
  }

  /** The mean over the classes that truth or prediction have; null where there are none. */
  mean(): number | null {
    const present = Array.from({ length: this.classes }, (_, category) => this.ofClass(category)).filter(
      (iou) => iou !== null,
    );
    return present.length === 0 ? null : present.reduce((sum, iou) => sum + iou, 0) / present.length;
  }

  /** Share of pixels whose class is right; null where none counted. */
  pixelAccuracy(): number | null {
    let right = 0;
    let all = 0;
    this.confusion.forEach((pixels, index) => {
      all += pixels;
      if (index % (this.classes + 1) === 0) right += pixels;
    });
    return all === 0 ? null : right / all;
  }
}
