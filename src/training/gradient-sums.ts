/**
 * Gradients summed over the ranks while the backward pass still makes more of them, the last layers' first, since theirs are
 * made first. Large ones are summed where they lie in the engine's memory; small ones travel together, in buckets. A bucket
 * sets out as soon as it is full, and moves on whenever another gradient comes in: most libraries of MPI do nothing while
 * they are not called.
 */
import type * as tf from "@tensorflow/tfjs";
import { AxialError } from "../core/errors.js";
import { floatsInPlace, floatsOf, tensorOfFloats } from "../engine/heap-floats.js";
import type { OnGradientPart } from "../engine/index.js";
import type { Exchange, SumUnderWay } from "../exchange/exchange.js";
import type { Pass } from "./pass.js";

/** What travels together: enough that starting a sum costs nothing beside it, and little is left for the end. */
export interface BucketSizes {
  /** Floats of a bucket at most. Default 256 Ki, which is 1 MiB. */
  readonly bucketFloats?: number;
  /** A gradient of so many floats is a bucket by itself. Default 16 Ki. */
  readonly aloneFrom?: number;
}

export interface GradientSums {
  /**
   * To be called before the pass, or the last pass, of a step; gives what the pass hands its gradients to.
   *
   * @param before what earlier passes of the step have made, to be added; null where there were none
   */
  begin(before: Pass["gradients"] | null): OnGradientPart;
  /**
   * The sums, given this rank's gradients, of which it disposes; null stays null. `overlapped` is the share of the floats,
   * 0 to 1, whose sums had come back when this was called: nobody had to wait for them.
   */
  finish(gradients: Pass["gradients"]): Promise<{ gradients: Pass["gradients"]; overlapped: number }>;
}

interface Bucket {
  readonly length: number;
  /** The bucket's own memory; not there before it is needed. */
  own: Float32Array | null;
  /** Gradients that are still to come. */
  missing: number;
  /** The memory of the bucket's one gradient, where that is summed in place. */
  gradient: { readonly values: Float32Array; readonly dataId: tf.DataId } | null;
  sum: SumUnderWay | null;
}

interface Place {
  readonly bucket: Bucket;
  /** Where in the bucket the gradient lies, and how long it is. */
  readonly start: number;
  readonly length: number;
  state: "empty" | "begun" | "whole";
}

/** For parameters of these sizes, in the order of the layers. Reads gradients at once, so not for WebGPU. */
export function createGradientSums(
  exchange: Exchange,
  sizes: readonly number[],
  { bucketFloats = 1 << 18, aloneFrom = 1 << 14 }: BucketSizes = {},
): GradientSums {
  const { buckets, places } = layOut(sizes, bucketFloats, aloneFrom);
  let earlier: Pass["gradients"] | null = null;
  /** Buckets that have set out. */
  let sent = 0;
  /** Of those, how many have come back, counted from the first. */
  let ended = 0;

  const add = (place: Place, part: tf.Tensor): void => {
    const values = floatsOf(part);
    const sum = valuesOf(place);
    if (place.state === "empty") sum.set(values);
    else for (let i = 0; i < values.length; i++) sum[i] += values[i];
    place.state = "begun";
  };
  const complete = (place: Place): void => {
    place.state = "whole";
    place.bucket.missing--;
    // In their order alone: other ranks may have filled them in another.
    for (; sent < buckets.length && buckets[sent].missing === 0; sent++) {
      const bucket = buckets[sent];
      bucket.sum = exchange.beginSum(bucket.gradient?.values ?? memoryOf(bucket));
    }
  };
  /** Where all of a gradient is one tensor, that tensor's memory is summed. */
  const takeInPlace = ({ bucket, length }: Place, gradient: tf.Tensor): boolean => {
    const values = length === bucket.length ? floatsInPlace(gradient) : null;
    if (values !== null) bucket.gradient = { values, dataId: gradient.dataId };
    return values !== null;
  };

  return {
    begin(before) {
      earlier = before;
      sent = ended = 0;
      for (const bucket of buckets) Object.assign(bucket, { missing: 0, gradient: null, sum: null });
      for (const place of places) {
        place.state = "empty";
        place.bucket.missing++;
      }
      return (index, part, last) => {
        const place = places[index];
        const more = earlier?.[index];
        const isWhole = part !== null && last && place.state === "empty" && !more;
        if (part === null) valuesOf(place).fill(0);
        else if (!isWhole || !takeInPlace(place, part)) add(place, part);
        // A library moves all sums on when it is asked for one.
        while (ended < sent && buckets[ended].sum!.poll()) ended++;
        if (!last) return;
        if (part && more) add(place, more);
        complete(place);
      };
    },
    async finish(gradients) {
      const early = buckets.reduce((floats, { sum, length }) => floats + (sum?.poll() ? length : 0), 0);
      const all = buckets.reduce((floats, { length }) => floats + length, 0);
      gradients.forEach((gradient, index) => {
        const place = places[index];
        if (place.state === "whole") return;
        // What the pass could not say was the last part of it: all of it is here.
        place.state = "empty";
        if (gradient === null) valuesOf(place).fill(0);
        else add(place, gradient);
        complete(place);
      });
      for (const { sum } of buckets) await sum?.end();
      const sums = gradients.map((gradient, index) => {
        if (gradient === null) return null;
        const inPlace = places[index].bucket.gradient;
        if (inPlace === null) {
          const { shape } = gradient;
          gradient.dispose();
          return tensorOfFloats(valuesOf(places[index]), shape);
        }
        if (inPlace.dataId === gradient.dataId) return gradient;
        throw new AxialError(`internal: the gradient of parameter ${index} is not what the pass had handed on`);
      });
      return { gradients: sums, overlapped: early / all };
    },
  };
}

/** On a buffer of its own, which stays where it is while a library adds to it. */
const memoryOf = (bucket: Bucket): Float32Array =>
  (bucket.own ??= new Float32Array(new ArrayBuffer(4 * bucket.length)));

const valuesOf = ({ bucket, start, length }: Place): Float32Array => memoryOf(bucket).subarray(start, start + length);

/**
 * From the last parameter to the first: large ones alone, the others into buckets of at most so many floats. Buckets are in the
 * order in which they will be full.
 */
function layOut(
  sizes: readonly number[],
  bucketFloats: number,
  aloneFrom: number,
): { buckets: Bucket[]; places: Place[] } {
  const members: number[][] = [];
  let together: number[] = [];
  let room = 0;
  for (const index of [...sizes.keys()].reverse()) {
    if (sizes[index] >= aloneFrom) {
      members.push([index]);
      continue;
    }
    if (sizes[index] > room) {
      members.push((together = []));
      room = bucketFloats;
    }
    together.push(index);
    room -= sizes[index];
  }
  members.sort((a, b) => b.at(-1)! - a.at(-1)!);
  const places: Place[] = [];
  const buckets = members.map((indices) => {
    const length = indices.reduce((sum, index) => sum + sizes[index], 0);
    const bucket: Bucket = { length, own: null, missing: 0, gradient: null, sum: null };
    let start = 0;
    for (const index of indices) {
      places[index] = { bucket, start, length: sizes[index], state: "empty" };
      start += sizes[index];
    }
    return bucket;
  });
  return { buckets, places };
}
