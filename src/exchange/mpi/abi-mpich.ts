/** MPICH's classic ABI, shared by MPICH 3 and 4, Intel MPI, Cray MPICH and MVAPICH: handles are whole numbers. */
import type { MpiAbi } from "./abi.js";

/** As C has it, where they are negative. */
const signed = (handle: number): number => handle | 0;

export const mpichAbi: MpiAbi = {
  name: "MPICH's ABI",
  handleType: "int",
  inPlace: -1n,
  handles: () => ({
    world: signed(0x44000000),
    float: signed(0x4c00040a),
    double: signed(0x4c00080b),
    sum: signed(0x58000003),
  }),
};
