/**
 * What differs between the libraries that are called MPI: how handles look, and which numbers stand for what. Each has a
 * file of its own; this is what they give.
 */

/** A handle as the library takes it: a number, an address as a bigint, or a pointer that koffi made. */
export type Handle = number | bigint | object;

export interface MpiAbi {
  /** As people call it. */
  readonly name: string;
  /** C type of a handle: `int` in MPICH's classic ABI, a pointer elsewhere. */
  readonly handleType: "int" | "void *";
  /** Where the sum is put in the place of the values. */
  readonly inPlace: bigint;
  /** Handles of this library, once it is loaded. */
  handles(library: SymbolSource): MpiHandles;
}

export interface MpiHandles {
  readonly world: Handle;
  readonly float: Handle;
  readonly double: Handle;
  readonly sum: Handle;
}

/** What an ABI asks of a loaded library. */
export interface SymbolSource {
  /** Address of a symbol. */
  address(name: string): bigint;
}
