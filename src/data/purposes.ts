/** Keeps the uses of one seed apart: the first key of every source of random numbers of the data sets. */
export const purpose = { order: 1, augmentation: 2, scene: 3, flip: 4 } as const;
