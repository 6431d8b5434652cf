/** How many threads compute where nobody says how many. */
import { availableParallelism } from "node:os";

/** The environment's AXIAL_LAB_THREADS, as on a machine that others use too, or one a core; whoever takes it checks it. */
export const threadsByDefault = (): number => Number(process.env["AXIAL_LAB_THREADS"] || availableParallelism());
