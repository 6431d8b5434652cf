/** Who started this process, and as which of how many: read from the environment that every `mpiexec` sets. */

export interface Launch {
  /** Which family's launcher it was. */
  readonly family: "mpich" | "open-mpi";
  readonly rank: number;
  readonly size: number;
  /** How many of the processes run on this machine; they share its cores. */
  readonly onThisMachine: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Null where the process was started by itself. */
export function readLaunch(environment: Environment = process.env): Launch | null {
  const number = (...names: readonly string[]): number | null => {
    for (const name of names) {
      const value = environment[name];
      if (value !== undefined && /^\d+$/.test(value)) return Number(value);
    }
    return null;
  };
  // Open MPI also sets names of PMIx, which other launchers share: its own come first.
  const openSize = number("OMPI_COMM_WORLD_SIZE");
  if (openSize !== null)
    return {
      family: "open-mpi",
      size: openSize,
      rank: number("OMPI_COMM_WORLD_RANK") ?? 0,
      onThisMachine: number("OMPI_COMM_WORLD_LOCAL_SIZE") ?? openSize,
    };
  const size = number("PMI_SIZE", "PMIX_SIZE");
  if (size === null) return null;
  return {
    family: "mpich",
    size,
    rank: number("PMI_RANK", "PMIX_RANK") ?? 0,
    onThisMachine: number("MPI_LOCALNRANKS", "SLURM_NTASKS_PER_NODE") ?? size,
  };
}

/** Threads for each process where several share a machine's cores. */
export function threadsPerProcess(cores: number, launch: Launch | null): number {
  return launch === null ? cores : Math.max(1, Math.floor(cores / Math.max(1, launch.onThisMachine)));
}
