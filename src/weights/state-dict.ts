/** Tables of weights by name, as they stand in a file: nothing of them has been read yet. */
import type { Dtype, TensorData } from "./dtypes.js";

/** A tensor in a file. */
export interface TensorInFile {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** The elements, row-major. */
  read(): Promise<TensorData>;
}

/** What stands where a tensor may be wanted and cannot be had, and why; reads on from the name: "is sparse". */
export interface Unreadable {
  readonly unreadable: string;
}

/** One table of tensors in a file, such as `state_dict` or, of a flat file, the file itself. */
export interface StateDict {
  /** The keys that lead to it, such as `["state_dict"]`; none: the file itself. */
  readonly keys: readonly string[];
  readonly entries: ReadonlyMap<string, TensorInFile | Unreadable>;
}

export const isReadable = (entry: TensorInFile | Unreadable): entry is TensorInFile => "read" in entry;
