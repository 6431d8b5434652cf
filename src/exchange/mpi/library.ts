/** The few functions of an MPI library that an exchange needs, called through koffi on memory where it lies. */
import { createRequire } from "node:module";
import { UnsupportedError } from "../../core/errors.js";
import type { Handle, MpiAbi, MpiHandles } from "./abi.js";
import type { Candidate } from "./find.js";
import { tameUcx } from "./ucx.js";

type Floats = Float32Array | Float64Array;

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
  sum(values: Floats): Operation;
  /** Takes the values of rank 0. */
  broadcast(values: Floats): Operation;
  barrier(): Operation;
  finalize(): void;
  /** Ends every rank. */
  abort(code: number): void;
}

/** What goes on in the library, begun by all ranks in one order; its values are nobody else's until it has ended. */
export interface Operation {
  /** Moves it on; whether it has ended. */
  poll(): boolean;
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

/** What one call of the library counts: an `int`. */
const mostAtOnce = 1 << 28;

/** Bytes of an `MPI_Request` and of an `MPI_Status`: no ABI has larger ones. */
const [requestBytes, statusBytes] = [8, 64];

/** JavaScript's objects move, and short arrays may lie among them; what lies in a buffer of its own stays. */
const longestAmongObjects = 4096;

const ended: Operation = { poll: () => true };

/** @throws UnsupportedError with the loader's own words when the library cannot be loaded. */
export function loadMpi({ library: path, abi }: Candidate): MpiLibrary {
  let koffi: Koffi;
  try {
    koffi = createRequire(__filename)("koffi") as Koffi;
  } catch (error) {
    throw new UnsupportedError(`mpi: koffi must load, got ${firstLine(error)}; npm install koffi`);
  }
  tameUcx();
  let loaded: ReturnType<Koffi["load"]>;
  try {
    loaded = koffi.load(path);
  } catch (error) {
    throw new UnsupportedError(`mpi: a library must load, got ${firstLine(error)} for ${path}; check AXIAL_LAB_MPI`);
  }
  const define = (definition: string): Function => loaded.func(definition.replaceAll("HANDLE", abi.handleType));
  /** Of MPI 3, of 2012; an older library has none, and waits. */
  const maybeDefine = (definition: string): Function | null => {
    try {
      return define(definition);
    } catch {
      return null;
    }
  };
  const functions = {
    init: define("int MPI_Init(void *argc, void *argv)"),
    initialized: define("int MPI_Initialized(_Out_ int *flag)"),
    rank: define("int MPI_Comm_rank(HANDLE comm, _Out_ int *rank)"),
    size: define("int MPI_Comm_size(HANDLE comm, _Out_ int *size)"),
    allreduce: define("int MPI_Allreduce(void *send, void *receive, int count, HANDLE type, HANDLE op, HANDLE comm)"),
    iallreduce: maybeDefine(
      "int MPI_Iallreduce(void *send, void *receive, int count, HANDLE type, HANDLE op, HANDLE comm, void *request)",
    ),
    bcast: define("int MPI_Bcast(void *buffer, int count, HANDLE type, int root, HANDLE comm)"),
    ibcast: maybeDefine("int MPI_Ibcast(void *buffer, int count, HANDLE type, int root, HANDLE comm, void *request)"),
    barrier: define("int MPI_Barrier(HANDLE comm)"),
    ibarrier: maybeDefine("int MPI_Ibarrier(HANDLE comm, void *request)"),
    test: define("int MPI_Test(void *request, _Out_ int *flag, void *status)"),
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
  const { world, float, double, sum } = handles;
  const status = bytesThatStay(statusBytes);
  const hasEnded = (request: Uint8Array): boolean => {
    const flag: [number] = [0];
    check("MPI_Test", functions.test(request, flag, status));
    return flag[0] !== 0;
  };
  /** What the library writes while JavaScript goes on must not be collected. */
  const underWay = new Set<readonly unknown[]>();
  const operation = (requests: readonly Uint8Array[], values?: Floats, still?: Floats): Operation => {
    const left = [...requests];
    const held = [requests, values, still];
    underWay.add(held);
    return {
      poll() {
        while (left.length > 0 && hasEnded(left[0])) left.shift();
        if (left.length > 0) return false;
        if (underWay.delete(held) && still !== values) values!.set(still!);
        return true;
      },
    };
  };
  /** Calls `begin`, or `wait` where the library has no such function, on pieces that an `int` can count. */
  const inPieces = (
    values: Floats,
    name: string,
    begin: Function | null,
    call: (begin: Function, piece: Floats, type: Handle, request: Uint8Array) => number,
    wait: (piece: Floats, type: Handle) => number,
  ): Operation => {
    const type = values instanceof Float32Array ? float : double;
    const still = values.byteLength > longestAmongObjects ? values : copyThatStays(values);
    const requests: Uint8Array[] = [];
    for (let start = 0; start < still.length; start += mostAtOnce) {
      const piece = still.subarray(start, start + mostAtOnce);
      if (begin === null) {
        check(`MPI_${name}`, wait(piece, type));
        continue;
      }
      const request = bytesThatStay(requestBytes);
      check(`MPI_I${name.toLowerCase()}`, call(begin, piece, type, request));
      requests.push(request);
    }
    return operation(requests, values, still);
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
      inPieces(
        values,
        "Allreduce",
        functions.iallreduce,
        (begin, piece, type, request) => begin(abi.inPlace, piece, piece.length, type, sum, world, request),
        (piece, type) => functions.allreduce(abi.inPlace, piece, piece.length, type, sum, world),
      ),
    broadcast: (values) =>
      inPieces(
        values,
        "Bcast",
        functions.ibcast,
        (begin, piece, type, request) => begin(piece, piece.length, type, 0, world, request),
        (piece, type) => functions.bcast(piece, piece.length, type, 0, world),
      ),
    barrier() {
      if (functions.ibarrier === null) {
        check("MPI_Barrier", functions.barrier(world));
        return ended;
      }
      const request = bytesThatStay(requestBytes);
      check("MPI_Ibarrier", functions.ibarrier(world, request));
      return operation([request]);
    },
    finalize: () => check("MPI_Finalize", functions.finalize()),
    abort: (code) => void functions.abort(handles.world, code),
  };
}

const bytesThatStay = (count: number): Uint8Array => new Uint8Array(new ArrayBuffer(count));

function copyThatStays(values: Floats): Floats {
  const buffer = new ArrayBuffer(values.byteLength);
  const copy = values instanceof Float32Array ? new Float32Array(buffer) : new Float64Array(buffer);
  copy.set(values);
  return copy;
}

function readVersion(getVersion: Function): string {
  const text = new Uint8Array(16384);
  const length: [number] = [0];
  if (getVersion(text, length) !== 0) return "unknown version";
  return new TextDecoder()
    .decode(text.subarray(0, Math.max(0, length[0])))
    .split(/[\n\0]/)[0]
    .replace(/\s+/g, " ")
    .trim();
}

const firstLine = (error: unknown): string => (error as Error).message.split("\n")[0];
