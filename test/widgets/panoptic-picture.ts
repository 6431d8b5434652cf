/** A road with two cars on it: what the tests of panoptic figures draw. */
import type { PanopticPicture } from "../../widgets/panoptic-segments.js";

export const segments = [
  { id: 2, category: "road", isThing: false },
  { id: 3, category: "car", isThing: true, score: 0.75 },
  { id: 5, category: "car", isThing: true, score: 0.5 },
];
export const picture: PanopticPicture = {
  ids: [2, 2, 2, 2, 2, 3, 3, 0, 5, 5, 3, 3, 0, 5, 5],
  shape: [3, 5],
  segments,
};
export const image = { values: new Uint8Array(6 * 10 * 3).fill(100), shape: [6, 10, 3] as const };
