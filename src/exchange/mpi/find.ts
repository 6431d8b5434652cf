/**
 * Finds the MPI that is there, at run time: nothing is compiled and nothing is bundled. The library must be of the same
 * family as the `mpiexec` that started the process, or each process believes that it is alone.
 */
import { existsSync, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import type { MpiAbi } from "./abi.js";
import { mpichAbi } from "./abi-mpich.js";
import { openMpiAbi } from "./abi-open-mpi.js";
import { standardAbi } from "./abi-standard.js";
import type { Launch } from "./launcher.js";

/** An MPI library that may be on this machine, and which binary interface it has. */
export interface Candidate {
  /** A path, or a name for the system's loader to find. */
  readonly library: string;
  readonly abi: MpiAbi;
}

interface Kind {
  readonly family: Launch["family"];
  readonly abi: MpiAbi;
  /** File names on Linux; macOS has `.dylib` in place of `.so`. */
  readonly names: readonly string[];
}

const kinds: readonly Kind[] = [
  { family: "mpich", abi: standardAbi, names: ["libmpi_abi.so.1", "libmpi_abi.so.0"] },
  { family: "mpich", abi: mpichAbi, names: ["libmpi.so.12", "libmpich.so.12"] },
  // From version 6 on Open MPI has the standard ABI too.
  { family: "open-mpi", abi: standardAbi, names: ["libmpi_abi.so.1"] },
  { family: "open-mpi", abi: openMpiAbi, names: ["libmpi.so.40", "libmpi.so.80"] },
];

type Environment = Readonly<Record<string, string | undefined>>;

/** Where to look, most likely first. `AXIAL_LAB_MPI` names a library, and then nothing else is looked at. */
export function findMpi(
  family: Launch["family"] | null,
  environment: Environment = process.env,
  platform: NodeJS.Platform = process.platform,
): Candidate[] {
  const named = environment["AXIAL_LAB_MPI"];
  if (named) return [{ library: named, abi: abiOf(named) }];
  if (platform === "win32") return [];
  const folders = libraryFolders(environment);
  return kinds
    .filter((kind) => family === null || kind.family === family)
    .flatMap(({ abi, names }) =>
      names.flatMap((name) => {
        const file = platform === "darwin" ? name.replace(/\.so\.(\d+)$/, ".$1.dylib") : name;
        const paths = folders.map((folder) => join(folder, file)).filter((path) => existsSync(path));
        return [...paths, file].map((library) => ({ library, abi }));
      }),
    );
}

/** What a library's name says of its ABI. */
function abiOf(library: string): MpiAbi {
  if (/mpi_abi/.test(library)) return standardAbi;
  if (/libmpi\.(so\.)?(40|80)/.test(library)) return openMpiAbi;
  return mpichAbi;
}

/** Beside the `mpiexec` on the path, where a package manager, a module or a wheel puts it. */
function libraryFolders(environment: Environment): string[] {
  const folders: string[] = [];
  for (const folder of (environment["PATH"] ?? "").split(delimiter)) {
    const launcher = join(folder, "mpiexec");
    if (!folder || !existsSync(launcher)) continue;
    for (const place of [folder, dirname(realpathSync(launcher))])
      folders.push(join(dirname(place), "lib"), join(dirname(place), "lib64"));
  }
  for (const name of ["MPI_HOME", "MPI_ROOT", "I_MPI_ROOT"]) {
    const home = environment[name];
    if (home) folders.push(join(home, "lib"), join(home, "lib", "release"));
  }
  return [...new Set(folders)];
}
