/** Kernelspecs: writes, finds and removes the folders by which Jupyter and VS Code know a kernel. */
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomically } from "../core/atomic-file.js";
import { ConfigError, FileError } from "../core/errors.js";
import { parseJson } from "../core/json.js";
import { version } from "../core/version.js";
import { ownKernel, type KernelCommand } from "./client.js";
import {
  activePrefix,
  dataFolders,
  kernelsFolder,
  prefixDataFolder,
  userDataFolder,
  type System,
} from "./jupyter-paths.js";
import { nameOf, type NotebookLanguage } from "./notebook-language.js";
import { logo } from "./logo.js";

/** Names of the kernels in notebooks. */
export const defaultNames: Record<NotebookLanguage, string> = {
  typescript: "axial-lab",
  javascript: "axial-lab-javascript",
};

export interface InstallOptions {
  system: System;
  /** What the cells are in. Default: TypeScript. */
  language?: NotebookLanguage;
  /** Default: `axial-lab`, for JavaScript `axial-lab-javascript`. */
  name?: string;
  /** Default: the language, and axial-lab in brackets. */
  displayName?: string;
  /** `share/jupyter` below this folder, instead of the user's own. */
  prefix?: string;
  /** The active environment (virtualenv, conda), instead of the user's own. */
  sysPrefix?: boolean;
  /** What the kernel does with type errors unless a cell says otherwise. */
  checking?: "error" | "warn" | "off";
}

/** Writes the kernelspec; returns its folder. An older one of the same name is replaced. */
export async function installKernel(options: InstallOptions): Promise<string> {
  const { system, language = "typescript", checking } = options;
  const { name = defaultNames[language], displayName = `${nameOf(language)} (axial-lab)` } = options;
  if (!/^[\w.-]+$/.test(name)) {
    throw new ConfigError(
      `kernel install: the name must be of letters, digits, dots, dashes and underscores, got ${JSON.stringify(name)}; choose another`,
    );
  }
  const folder = join(kernelsFolder(system, targetFolder(options)), name);
  const argv = [...ownKernel(language).argv, ...(checking === undefined ? [] : ["--check", checking])];
  const spec = {
    argv,
    display_name: displayName,
    language,
    interrupt_mode: "message",
    env: {},
    metadata: { debugger: false, "axial-lab": { version } },
  };
  await mkdir(folder, { recursive: true });
  await writeFileAtomically(join(folder, "logo-svg.svg"), [Buffer.from(logo)]);
  await writeFileAtomically(join(folder, "kernel.json"), [Buffer.from(JSON.stringify(spec, null, 1) + "\n")]);
  return folder;
}

function targetFolder({ system, prefix, sysPrefix }: InstallOptions): string {
  if (prefix !== undefined) return prefixDataFolder(system, prefix);
  if (!sysPrefix) return userDataFolder(system);
  const active = activePrefix(system);
  if (active === null) {
    throw new ConfigError(
      "kernel install: --sys-prefix needs an active virtualenv or conda environment, got none (VIRTUAL_ENV and " +
        "CONDA_PREFIX are not set); activate it, or use --prefix FOLDER or --user",
    );
  }
  return prefixDataFolder(system, active);
}

export interface InstalledKernel {
  name: string;
  displayName: string;
  language: string;
  folder: string;
  /** Whether it starts a kernel of this package, of whatever installation. */
  ours: boolean;
  command: KernelCommand;
}

/** All kernelspecs that Jupyter would see here; of two with one name the first counts. */
export async function listKernels(system: System): Promise<InstalledKernel[]> {
  const found = new Map<string, InstalledKernel>();
  for (const data of dataFolders(system)) {
    const kernels = kernelsFolder(system, data);
    for (const name of await readdir(kernels).catch(() => [])) {
      const kernel = await readKernelspec(join(kernels, name)).catch(() => null);
      if (kernel && !found.has(name)) found.set(name, kernel);
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Reads the kernelspec in a folder. */
export async function readKernelspec(folder: string): Promise<InstalledKernel> {
  const path = join(folder, "kernel.json");
  let spec: Record<string, unknown>;
  try {
    spec = parseJson(await readFile(path, "utf8")) as Record<string, unknown>;
  } catch (error) {
    throw new FileError(
      `kernel: the kernelspec must be readable JSON, got ${path} (${(error as Error).message}); install the kernel again`,
    );
  }
  const argv = Array.isArray(spec["argv"]) ? spec["argv"].map(String) : [];
  if (argv.length === 0)
    throw new FileError(
      `kernel: argv of a kernelspec must name a program, got none in ${path}; install the kernel again`,
    );
  const metadata = spec["metadata"] as Record<string, unknown> | undefined;
  const name = folder.split(/[\\/]/).at(-1)!;
  return {
    name,
    displayName: typeof spec["display_name"] === "string" ? spec["display_name"] : name,
    language: typeof spec["language"] === "string" ? spec["language"] : "",
    folder,
    ours: metadata?.["axial-lab"] !== undefined,
    command: {
      argv,
      env: (spec["env"] ?? {}) as Record<string, string>,
      interruptMode: spec["interrupt_mode"] === "message" ? "message" : "signal",
    },
  };
}

/** A kernel by the name it is installed under, or by the folder of its kernelspec. */
export async function findKernel(system: System, nameOrFolder: string): Promise<InstalledKernel> {
  const isFolder = await stat(join(nameOrFolder, "kernel.json")).catch(() => null);
  if (isFolder) return readKernelspec(nameOrFolder);
  const kernels = await listKernels(system);
  const kernel = kernels.find(({ name }) => name === nameOrFolder);
  if (kernel) return kernel;
  const known = kernels.map(({ name }) => name).join(", ") || "none";
  throw new ConfigError(`kernel: no kernel of that name is installed, got ${nameOrFolder}; installed: ${known}`);
}

/** Removes a kernelspec of ours; those of others are left alone. Returns the folder. */
export async function removeKernel(system: System, name: string = defaultNames.typescript): Promise<string> {
  const kernel = await findKernel(system, name);
  if (!kernel.ours) {
    throw new ConfigError(
      `kernel remove: the kernel must be one of axial-lab, got ${name} at ${kernel.folder}; remove others with jupyter kernelspec remove`,
    );
  }
  await rm(kernel.folder, { recursive: true });
  return kernel.folder;
}
