/** Where Jupyter and VS Code look for kernelspecs, on each system, without asking either. */
import { homedir } from "node:os";
import { delimiter, posix, win32 } from "node:path";

/** What the paths depend on; tests give other systems. */
export interface System {
  platform: NodeJS.Platform;
  env: Readonly<Record<string, string | undefined>>;
  home: string;
}

export const thisSystem = (): System => ({ platform: process.platform, env: process.env, home: homedir() });

const joinOf =
  ({ platform }: System) =>
  (...parts: string[]): string =>
    (platform === "win32" ? win32 : posix).join(...parts);

/** The user's own data folder of Jupyter. */
export function userDataFolder(system: System): string {
  const { env, home, platform } = system;
  const join = joinOf(system);
  if (env["JUPYTER_DATA_DIR"]) return env["JUPYTER_DATA_DIR"];
  if (platform === "darwin") return join(home, "Library", "Jupyter");
  if (platform === "win32") return join(env["APPDATA"] ?? join(home, "AppData", "Roaming"), "jupyter");
  return join(env["XDG_DATA_HOME"] || join(home, ".local", "share"), "jupyter");
}

/** The environment that is active here: a virtualenv or a conda environment. */
export const activePrefix = ({ env }: System): string | null => env["VIRTUAL_ENV"] ?? env["CONDA_PREFIX"] ?? null;

export const prefixDataFolder = (system: System, prefix: string): string => joinOf(system)(prefix, "share", "jupyter");

/** Every data folder that is searched, first found first. */
export function dataFolders(system: System): string[] {
  const { env, platform } = system;
  const join = joinOf(system);
  const given = (env["JUPYTER_PATH"] ?? "").split(platform === "win32" ? ";" : delimiter).filter(Boolean);
  const prefix = activePrefix(system);
  const shared =
    platform === "win32"
      ? [join(env["PROGRAMDATA"] ?? "C:\\ProgramData", "jupyter")]
      : ["/usr/local/share/jupyter", "/usr/share/jupyter"];
  return [...given, ...(prefix ? [prefixDataFolder(system, prefix)] : []), userDataFolder(system), ...shared];
}

export const kernelsFolder = (system: System, dataFolder: string): string => joinOf(system)(dataFolder, "kernels");
