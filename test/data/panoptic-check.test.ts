import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import sharp from "sharp";
import { FileError } from "../../src/core/errors.js";
import { checkPanoptic } from "../../src/data/panoptic-check.js";
import { writeAnnotations, writeImage, writeSet } from "../panoptic/coco.js";

describe("checkPanoptic", () => {
  let folder: string;
  before(async () => void (folder = await mkdtemp(join(tmpdir(), "panoptic-check-"))));
  after(() => rm(folder, { recursive: true }));

  /** What is found in a set of one image that was changed. */
  async function found(
    change: (image: Awaited<ReturnType<typeof writeImage>>, folder: string) => void | Promise<void>,
  ) {
    const root = await mkdtemp(join(folder, "set-"));
    const image = await writeImage(root, "train", "a", [2, 3]);
    await change(image, root);
    await writeAnnotations(root, "train", [image]);
    const [report] = await checkPanoptic(root);
    return {
      ...report,
      lines: report.findings.map(({ level, what, count, example }) => `${level} ${count} ${what}: ${example}`),
    };
  }

  it("finds nothing wrong in a set as it should be", async () => {
    const root = await mkdtemp(join(folder, "whole-"));
    await writeSet(root);
    const [train, val] = await checkPanoptic(root);
    assert.deepEqual([train.split, train.images, train.segments, train.usable], ["train", 3, 7, 3]);
    assert.deepEqual(
      train.findings.map(({ level, what }) => [level, what]),
      [["note", "an image without things"]],
    );
    assert.equal(val.usable, 2);
  });

  it("finds segments that are in one place only, wrong areas and unknown categories, each once with its first example", async () => {
    const { lines, usable } = await found(({ annotation }) => {
      annotation.segments_info.pop();
      annotation.segments_info.push({ id: 9, category_id: 99, area: 1, iscrowd: 0 });
      annotation.segments_info[0].area = 5;
    });
    assert.equal(usable, 0);
    assert.deepEqual(lines, [
      "error 1 a segment of an unknown category: segment 9 of image a: category 99",
      "error 1 a segment in the PNG and not in the JSON, taken as void: segment 3 of image a, 10 pixels",
      "warning 1 an area that the PNG does not have: segment 1 of image a: 5, 123 in the PNG",
      "warning 1 a segment in the JSON and not in the PNG: segment 9 of image a",
    ]);
  });

  it("finds labels of another size, with a palette, of 16 bits, and photographs that are broken", async () => {
    const small = sharp({ create: { width: 5, height: 7, channels: 3, background: "#010000" } });
    const replaced = (labels: Buffer) => (_: unknown, root: string) =>
      writeFile(join(root, "panoptic_train", "a.png"), labels);
    const size = await found(replaced(await small.clone().png().toBuffer()));
    assert.match(size.lines[0], /^error 1 labels of another size than the photograph: .*5 x 7, not 13 x 11$/);
    const palette = await found(replaced(await small.clone().png({ palette: true }).toBuffer()));
    assert.match(palette.lines[0], /labels must be a PNG of red, green and blue with 8 bits each.*with a palette/);
    const deep = await found(replaced(await small.clone().toColourspace("rgb16").png().toBuffer()));
    assert.match(deep.lines[0], /channels of ushort/);
    const broken = await found((_, root) => writeFile(join(root, "train", "a.png"), "no image"));
    assert.match(broken.lines[0], /^error 1 a photograph that cannot be read/);
  });

  it("says in one line where there are no annotations, or not whole ones", async () => {
    const empty = await mkdtemp(join(folder, "empty-"));
    await assert.rejects(
      checkPanoptic(empty),
      /FileError: data.checkPanoptic: a panoptic set must hold panoptic_SPLIT\.json/,
    );
    await writeFile(join(empty, "panoptic_train.json"), "{");
    await assert.rejects(checkPanoptic(empty), FileError);
    await writeFile(join(empty, "panoptic_train.json"), "{}");
    await assert.rejects(checkPanoptic(empty), /annotations must list images/);
  });
});
