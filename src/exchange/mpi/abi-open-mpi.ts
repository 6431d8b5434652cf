/** Open MPI 4 and 5: handles are the addresses of the library's own variables. */
import type { MpiAbi } from "./abi.js";

export const openMpiAbi: MpiAbi = {
  name: "Open MPI's ABI",
  handleType: "void *",
  inPlace: 1n,
  handles: (library) => ({
    world: library.address("ompi_mpi_comm_world"),
    float: library.address("ompi_mpi_float"),
    double: library.address("ompi_mpi_double"),
    sum: library.address("ompi_mpi_op_sum"),
  }),
};
