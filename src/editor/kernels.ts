/** The kernels that run, and the names by which they can be started. */
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { defaultNames } from "../jupyter/install.js";
import { ownKernel } from "../jupyter/client.js";
import { nameOf, notebookLanguages, type NotebookLanguage } from "../jupyter/notebook-language.js";
import type { Folder } from "./folder.js";
import { RequestRefused } from "./http.js";
import type { OutboxLimits } from "./outbox.js";
import { createRunningKernel, type KernelModel, type RunningKernel } from "./running-kernel.js";

export interface Kernels {
  /**
   * Starts a kernel. `name`: default, the one for TypeScript. `path`: the notebook, in whose folder the cells run;
   * default, the folder that is served.
   */
  start(name?: string, path?: string): Promise<RunningKernel>;
  /** Throws `RequestRefused` where there is none. */
  get(id: string): RunningKernel;
  list(): KernelModel[];
  stopAll(): Promise<void>;
}

export interface KernelsOptions {
  folder: Folder;
  limits?: OutboxLimits;
  log: (line: string) => void;
  onEnd: (id: string) => void;
}

const languageByName = new Map(notebookLanguages.map((language) => [defaultNames[language], language]));

export function createKernels({ folder, limits, log, onEnd }: KernelsOptions): Kernels {
  const running = new Map<string, RunningKernel>();

  /** The nearest folder that exists: a session may be opened before its file is written. */
  async function folderOf(path: string): Promise<string> {
    const place = await folder.place(path);
    for (let file = place.file; file.startsWith(folder.root); file = dirname(file)) {
      const stats = await stat(file).catch(() => null);
      if (stats?.isDirectory()) return file;
    }
    return folder.root;
  }

  return {
    async start(name = defaultNames.typescript, path = "") {
      const language = languageByName.get(name);
      if (language === undefined)
        throw new RequestRefused(
          501,
          `kernels: the kernel must be ${[...languageByName.keys()].join(" or ")}, got ${name}; choose one of them`,
        );
      const kernel = createRunningKernel({
        name,
        language,
        folder: await folderOf(path),
        log,
        onEnd() {
          running.delete(kernel.id);
          onEnd(kernel.id);
        },
        ...(limits === undefined ? {} : { limits }),
      });
      running.set(kernel.id, kernel);
      return kernel;
    },

    get(id) {
      const kernel = running.get(id);
      if (!kernel) throw new RequestRefused(404, `kernels: the kernel must be running, got ${id}`);
      return kernel;
    },

    list: () => [...running.values()].map((kernel) => kernel.model()),

    async stopAll() {
      await Promise.all([...running.values()].map((kernel) => kernel.stop()));
    },
  };
}

/** What `/api/kernelspecs` tells. */
export const kernelspecs = {
  default: defaultNames.typescript,
  kernelspecs: Object.fromEntries(
    notebookLanguages.map((language: NotebookLanguage) => [
      defaultNames[language],
      {
        name: defaultNames[language],
        spec: {
          argv: ownKernel(language).argv,
          env: {},
          display_name: `${nameOf(language)} (axial-lab)`,
          language,
          interrupt_mode: "message",
          metadata: { debugger: false },
        },
        resources: { "logo-svg": `/kernelspecs/${defaultNames[language]}/logo-svg.svg` },
      },
    ]),
  ),
};
