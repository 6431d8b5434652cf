/** Random numbers of the data sets: the shared source, and what keeps its uses apart. */
export * from "../core/random.js";

/** Keeps the uses of one seed apart: the first key of every source of random numbers here. */
export const purpose = { order: 1, augmentation: 2, scene: 3 } as const;
