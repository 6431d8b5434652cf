/**
 * The standard ABI of MPI 5: handles are pointers with given values, the same in every library (MPICH 5, Open MPI 6).
 *
 * Source: MPI: A Message-Passing Interface Standard, version 5.0, chapter 20, whose constants `mpi_abi.h` lists.
 */
import type { MpiAbi } from "./abi.js";

export const standardAbi: MpiAbi = {
  name: "the standard ABI of MPI 5",
  handleType: "void *",
  inPlace: 1n,
  handles: () => ({ world: 0x101n, float: 0x210n, double: 0x214n, sum: 0x21n }),
};
