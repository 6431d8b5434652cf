/**
 * Measures panoptic runs on the validation and the test split, and keeps what came out where `notebooks/results/camvid.ipynb`
 * reads it:
 *
 *     npm run street-results -- DATA_FOLDER OUT_FOLDER RUN_FOLDER [RUN_FOLDER ...]
 *
 * RUN_FOLDER is what `axial-lab train --task panoptic --out NAME.seed-N` wrote; its log is copied as NAME.seed-N.jsonl, the
 * figures become NAME.seed-N.val.json and .test.json with pictures beside them.
 */
import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { AxialError, ConfigError } from "../src/core/errors.js";
import * as engine from "../src/engine/index.js";
import {
  panopticFolder,
  panopticReport,
  panopticSegmentation,
  writePanopticReport,
  type PanopticSegmentationOptions,
} from "../src/panoptic/index.js";
import { restore } from "../src/training/index.js";
import { copyLog } from "./helpers/kept-log.js";

async function measure(run: string, dataset: string, out: string): Promise<void> {
  const { reason } = await engine.start();
  console.log(reason);
  await mkdir(out, { recursive: true });
  const { model, config } = await restore(run, {
    createTask: (saved) => panopticSegmentation(saved as PanopticSegmentationOptions),
  });
  for (const split of ["val", "test"]) {
    const data = await panopticFolder(dataset, { validation: split });
    const size = config.size.to;
    await data.prepare({ size, splits: ["validation"] });
    const report = await panopticReport(model, data, { size, task: config.task as PanopticSegmentationOptions });
    await writePanopticReport(join(out, `${basename(run)}.${split}.json`), report);
    const { all, meanIou } = report.figures;
    console.log(`${split}: PQ ${(100 * (all?.pq ?? 0)).toFixed(1)}, mean IoU ${(100 * meanIou).toFixed(1)}`);
    await data.close();
  }
  copyLog(join(run, "log.jsonl"), join(out, `${basename(run)}.jsonl`));
  model.dispose();
  await engine.stop();
}

async function all([dataset, out, ...runs]: readonly string[]): Promise<void> {
  if (runs.length === 0)
    throw new ConfigError(
      `street-results: a data set, a folder for the results and a run must be named, got ${process.argv.length - 2} of ` +
        `them; npm run street-results -- DATA_FOLDER OUT_FOLDER RUN_FOLDER`,
    );
  for (const run of runs) await measure(run, dataset, out);
}

all(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof AxialError ? error.message : error);
  process.exitCode = error instanceof ConfigError ? 2 : 1;
});
