/** Image data sets: plain arrays in, plain arrays out. Re-exports only. */
export {
  augmentationPresets,
  resolveAugmentation,
  type Augmentation,
  type AugmentationPreset,
} from "./augmentation.js";
export { cacheFolder } from "./cache-folder.js";
export { contactSheet, type ContactSheetOptions } from "./contact-sheet.js";
export {
  partsOf,
  type Batch,
  type BatchOptions,
  type Dataset,
  type ImageBatch,
  type ImageDataset,
  type LabelMapBatch,
  type PrepareOptions,
  type Progress,
  type SkippedImage,
  type Split,
} from "./dataset.js";
export { download, type DownloadOptions } from "./download.js";
export { imageFolder, type ImageFolderDataset, type ImageFolderOptions } from "./image-folder.js";
export {
  bringImagenette,
  fetchImagenette,
  imagenette,
  imagenetteArchives,
  imagenetteClasses,
  type Archive,
  type FetchImagenetteOptions,
  type ImagenetteOptions,
  type ImagenetteVariant,
} from "./imagenette.js";
export { notAnImage, type ListedImage } from "./folders.js";
export { listImages, type Listing, type ListOptions } from "./listing.js";
export { imagenetStatistics, toBytes } from "./normalize.js";
export { batchesPerEpoch } from "./plan.js";
export { clearPixels } from "./prepare.js";
export { readImage, type ReadImage } from "./read-image.js";
export { rowTask, rowTasks, type RowBatch, type RowTaskName, type RowTaskOptions } from "./row-tasks.js";
export { samples, type Sample, type SampleOptions } from "./samples.js";
export { colors, drawScene, type Glyph, type Scene, type Shape } from "./scene.js";
export {
  generated,
  generatedLabelMaps,
  type GeneratedDataset,
  type GeneratedLabelMapsOptions,
  type GeneratedOptions,
} from "./synthetic.js";
export { unpack, type UnpackOptions } from "./unpack.js";
