/** The few functions of an MPI library that an exchange needs, called through koffi on memory where it lies. */
import { createRequire } from "node:module";
import { UnsupportedError } from "../../core/errors.js";
import type { Handle, MpiAbi, MpiHandles } from "./abi.js";
import type { Candidate } from "./find.js";

export interface MpiLibrary {
  readonly path: string;
  readonly abi: MpiAbi;
  /** First line of what the library says of itself. */
  readonly version: string;
  /** Begins. Call it once in a process. */
  init(): void;
  rank(): number;
  size(): number;
  /** Adds up over all ranks, in the place of the values. */
  sum(values: Float32Array | Float64Array): void;
  /** Takes the values of rank 0. */
  broadcast(values: Float32Array | Float64Array): void;
  barrier(): void;
  finalize(): void;
  /** Ends every rank. */
  abort(code: number): void;
}

type Function = (...values: unknown[]) => number;

/** The part of koffi that is used here; it is loaded when an MPI is asked for, and not before. */
interface Koffi {
  load(path: string): {
    func(definition: string): Function;
    symbol(name: string, type: string): object;
  };
  address(pointer: object): bigint;
}

/** @throws UnsupportedError with the loader's own words when the library cannot be loaded. */
export function loadMpi({ library: path, abi }: Candidate): MpiLibrary {
  let koffi: Koffi;
  try {
    koffi = createRequire(__filename)("koffi") as Koffi;
  } catch (error) {
    throw new UnsupportedError(`mpi: koffi must load, got ${firstLine(error)}; npm install koffi`);
  }
  let loaded: ReturnType<Koffi["load"]>;
  try {
    loaded = koffi.load(path);
  } catch (error) {
    throw new UnsupportedError(`mpi: a library must load, got ${firstLine(error)} for ${path}; check AXIAL_LAB_MPI`);
  }
  const define = (definition: string): Function => loaded.func(definition.replaceAll("HANDLE", abi.handleType));
  const functions = {
    init: define("int MPI_Init(void *argc, void *argv)"),
    initialized: define("int MPI_Initialized(_Out_ int *flag)"),
    rank: define("int MPI_Comm_rank(HANDLE comm, _Out_ int *rank)"),
    size: define("int MPI_Comm_size(HANDLE comm, _Out_ int *size)"),
    allreduce: define("int MPI_Allreduce(void *send, void *receive, int count, HANDLE type, HANDLE op, HANDLE comm)"),
    bcast: define("int MPI_Bcast(void *buffer, int count, HANDLE type, int root, HANDLE comm)"),
    barrier: define("int MPI_Barrier(HANDLE comm)"),
    finalize: define("int MPI_Finalize()"),
    abort: define("int MPI_Abort(HANDLE comm, int code)"),
    version: define("int MPI_Get_library_version(void *text, _Out_ int *length)"),
  };
  const handles: MpiHandles = abi.handles({ address: (name) => koffi.address(loaded.symbol(name, "void *")) });
  const check = (name: string, code: number): void => {
    if (code !== 0)
      throw new UnsupportedError(`mpi: ${name} must succeed, got error ${code} from ${path}; see its messages`);
  };
  const asked = (name: "rank" | "size"): number => {
    const answer: [number] = [-1];
    check(`MPI_Comm_${name}`, functions[name](handles.world, answer));
    return answer[0];
  };
  /** Whole values at a time that an int can count. */
  const inPieces = (values: Float32Array | Float64Array, call: (piece: typeof values, type: Handle) => void): void => {
    const type = values instanceof Float32Array ? handles.float : handles.double;
    const most = 1 << 28;
    for (let start = 0; start < values.length; start += most) call(values.subarray(start, start + most), type);
  };
  return {
    path,
    abi,
    version: readVersion(functions.version),
    init() {
      const flag: [number] = [0];
      check("MPI_Initialized", functions.initialized(flag));
      if (flag[0] === 0) check("MPI_Init", functions.init(null, null));
    },
    rank: () => asked("rank"),
    size: () => asked("size"),
    sum: (values) =>
      inPieces(values, (piece, type) =>
        check("MPI_Allreduce", functions.allreduce(abi.inPlace, piece, piece.length, type, handles.sum, handles.world)),
      ),
    broadcast: (values) =>
      inPieces(values, (piece, type) =>
        check("MPI_Bcast", functions.bcast(piece, piece.length, type, 0, handles.world)),
      ),
    barrier: () => check("MPI_Barrier", functions.barrier(handles.world)),
    finalize: () => check("MPI_Finalize", functions.finalize()),
    abort: (code) => void functions.abort(handles.world, code),
  };
}

function readVersion(getVersion: Function): string {
  const text = new Uint8Array(16384);
  const length: [number] = [0];
  if (getVersion(text, length) !== 0) return "unknown version";
  return new TextDecoder()
    .decode(text.subarray(0, Math.max(0, length[0])))
    .split(/[\n\0]/)[0]
    .trim();
}

const firstLine = (error: unknown): string => (error as Error).message.split("\n")[0];
