/**
 * Gradients summed over the ranks while the backward pass still makes more of them. They travel in buckets, the last layers'
 * first, since theirs are made first; a bucket sets out as soon as it is full, and moves on whenever another gradient
 * comes in: most libraries of MPI do nothing while they are not called.
 */
import type * as tf from "@tensorflow/tfjs";
import { floatsOf, tensorOfFloats } from "../engine/heap-floats.js";
import type { OnGradientPart } from "../engine/index.js";
import type { Exchange, SumUnderWay } from "../exchange/exchange.js";
import type { Pass } from "./pass.js";

/** 1 MiB: large enough that starting a sum costs nothing beside it, small enough that little is left for the end. */
const defaultBucketFloats = 1 << 18;

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
  readonly values: Float32Array;
  /** Gradients that are still to come. */
  missing: number;
  sum: SumUnderWay | null;
}

interface Place {
  readonly bucket: Bucket;
  /** Where in the bucket the gradient lies. */
  readonly values: Float32Array;
  state: "empty" | "begun" | "whole";
}

/** For parameters of these sizes, in the order of the layers. Reads gradients at once, so not for WebGPU. */
export function createGradientSums(
  exchange: Exchange,
  sizes: readonly number[],
  bucketFloats = defaultBucketFloats,
): GradientSums {
  const { buckets, places } = layOut(sizes, bucketFloats);
  let earlier: Pass["gradients"] | null = null;
  /** Buckets that have set out. */
  let sent = 0;
  /** Of those, how many have come back, counted from the first. */
  let ended = 0;

  const add = (place: Place, part: tf.Tensor): void => {
    const values = floatsOf(part);
    if (place.state === "empty") place.values.set(values);
    else for (let i = 0; i < values.length; i++) place.values[i] += values[i];
    place.state = "begun";
  };
  const complete = (place: Place): void => {
    place.state = "whole";
    place.bucket.missing--;
    // In their order alone: other ranks may have filled them in another.
    for (; sent < buckets.length && buckets[sent].missing === 0; sent++)
      buckets[sent].sum = exchange.beginSum(buckets[sent].values);
  };

  return {
    begin(before) {
      earlier = before;
      sent = ended = 0;
      for (const bucket of buckets) Object.assign(bucket, { missing: 0, sum: null });
      for (const place of places) {
        place.state = "empty";
        place.bucket.missing++;
      }
      return (index, part, last) => {
        const place = places[index];
        if (part === null) place.values.fill(0);
        else add(place, part);
        // A library moves all sums on when it is asked for one.
        while (ended < sent && buckets[ended].sum!.poll()) ended++;
        if (!last) return;
        const more = part && earlier?.[index];
        if (more) add(place, more);
        complete(place);
      };
    },
    async finish(gradients) {
      const early = buckets.reduce((floats, { sum, values }) => floats + (sum?.poll() ? values.length : 0), 0);
      const all = buckets.reduce((floats, { values }) => floats + values.length, 0);
      gradients.forEach((gradient, index) => {
        const place = places[index];
        if (place.state === "whole") return;
        // What the pass could not say was the last part of it: all of it is here.
        place.state = "empty";
        if (gradient === null) place.values.fill(0);
        else add(place, gradient);
        complete(place);
      });
      for (const { sum } of buckets) await sum?.end();
      const sums = gradients.map((gradient, index) => {
        if (gradient === null) return null;
        const { shape } = gradient;
        gradient.dispose();
        return tensorOfFloats(places[index].values, shape);
      });
      return { gradients: sums, overlapped: early / all };
    },
  };
}

/** From the last parameter to the first, into buckets that hold so many floats, or one gradient that is larger. */
function layOut(sizes: readonly number[], bucketFloats: number): { buckets: Bucket[]; places: Place[] } {
  const members: number[][] = [];
  let room = 0;
  for (const index of [...sizes.keys()].reverse()) {
    if (members.length === 0 || sizes[index] > room) {
      members.push([]);
      room = bucketFloats;
    }
    members.at(-1)!.push(index);
    room -= sizes[index];
  }
  const places: Place[] = [];
  const buckets = members.map((indices) => {
    const length = indices.reduce((sum, index) => sum + sizes[index], 0);
    // On a buffer of its own, which stays where it is while a library adds to it.
    const bucket: Bucket = { values: new Float32Array(new ArrayBuffer(4 * length)), missing: 0, sum: null };
    let at = 0;
    for (const index of indices) {
      places[index] = { bucket, values: bucket.values.subarray(at, at + sizes[index]), state: "empty" };
      at += sizes[index];
    }
    return bucket;
  });
  return { buckets, places };
}
