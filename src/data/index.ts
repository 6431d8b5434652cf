/** Image data sets: plain arrays in, plain arrays out. Re-exports only. */
export {
  augmentationPresets,
  resolveAugmentation,
  type Augmentation,
  type AugmentationPreset,
} from "./augmentation.js";
export { cacheFolder } from "./cache-folder.js";
export { contactSheet, type ContactSheetOptions } from "./contact-sheet.js";
export * from "./dataset.js";
export { download, type DownloadOptions } from "./download.js";
export * from "./image-folder.js";
export * from "./imagenette.js";
export { notAnImage, type ListedImage } from "./folders.js";
export { listImages, type Listing } from "./listing.js";
export { imagenetStatistics, toBytes } from "./normalize.js";
export { batchesPerEpoch } from "./plan.js";
export { clearPixels } from "./prepare.js";
export { readImage, type ReadImage } from "./read-image.js";
export * from "./samples.js";
export * from "./scene.js";
export * from "./synthetic.js";
export { unpack, type UnpackOptions } from "./unpack.js";
