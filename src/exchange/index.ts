/** How several processes train one model. Re-exports only. */
export { localExchange, type Exchange, type SumUnderWay } from "./exchange.js";
export { describeMpi, openExchange } from "./mpi/exchange.js";
export { findMpi, type Candidate } from "./mpi/find.js";
export { readLaunch, threadsPerProcess, type Launch } from "./mpi/launcher.js";
