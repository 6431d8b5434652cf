/**
 * One checkpoint of each file, kept where Jupyter keeps it: `.ipynb_checkpoints/NAME-checkpoint.ipynb` beside it. For
 * clients that make one at every save; our own front end makes none.
 */
import { mkdir, readFile, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeFileAtomically } from "../core/atomic-file.js";
import { missing } from "./contents.js";
import type { Folder } from "./folder.js";
import { RequestRefused } from "./http.js";
import { splitName } from "./save.js";

/** As on the wire. */
export interface Checkpoint {
  id: string;
  last_modified: string;
}

const onlyId = "checkpoint";

export interface Checkpoints {
  list(path: string): Promise<Checkpoint[]>;
  create(path: string): Promise<Checkpoint>;
  restore(path: string, id: string): Promise<void>;
  remove(path: string, id: string): Promise<void>;
}

export function createCheckpoints(folder: Folder): Checkpoints {
  async function filesOf(path: string): Promise<{ file: string; checkpoint: string }> {
    const { exists, file, name } = await folder.place(path);
    if (!exists || !(await stat(file)).isFile()) throw missing(path);
    const [base, extension] = splitName(name);
    return { file, checkpoint: join(dirname(file), ".ipynb_checkpoints", `${base}-checkpoint${extension}`) };
  }

  const modelOf = async (checkpoint: string): Promise<Checkpoint | null> =>
    stat(checkpoint).then(
      ({ mtime }) => ({ id: onlyId, last_modified: mtime.toISOString() }),
      () => null,
    );

  async function existing(path: string, id: string): Promise<{ file: string; checkpoint: string }> {
    const files = await filesOf(path);
    if (id !== onlyId || !(await modelOf(files.checkpoint)))
      throw new RequestRefused(404, `contents: the checkpoint must exist, got ${id} of ${path}`);
    return files;
  }

  return {
    async list(path) {
      const found = await modelOf((await filesOf(path)).checkpoint);
      return found ? [found] : [];
    },

    async create(path) {
      const { file, checkpoint } = await filesOf(path);
      await mkdir(dirname(checkpoint), { recursive: true });
      await writeFileAtomically(checkpoint, [await readFile(file)]);
      return (await modelOf(checkpoint))!;
    },

    async restore(path, id) {
      const { file, checkpoint } = await existing(path, id);
      await writeFileAtomically(file, [await readFile(checkpoint)]);
    },

    async remove(path, id) {
      await rm((await existing(path, id)).checkpoint);
    },
  };
}
