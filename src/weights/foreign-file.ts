/** What is often given in the place of a file of weights, told by its first bytes, and what to do about each. */

interface Foreign {
  readonly at?: number;
  readonly begins: string;
  /** Reads on from "got one that". */
  readonly is: string;
  readonly remedy: string;
}

const foreign: readonly Foreign[] = [
  {
    begins: "version https://git-lfs",
    is: "is a pointer of Git LFS",
    remedy: "bring the file itself with git lfs pull, or download it from its page",
  },
  { begins: "<", is: "is a page of HTML or XML", remedy: "download the file itself, not the page that shows it" },
  { begins: "\x1f\x8b", is: "is compressed by gzip", remedy: "unpack it first" },
  { begins: "BZh", is: "is compressed by bzip2", remedy: "unpack it first" },
  { begins: "\xfd7zXZ", is: "is compressed by xz", remedy: "unpack it first" },
  { begins: "\x28\xb5\x2f\xfd", is: "is compressed by zstd", remedy: "unpack it first" },
  { at: 257, begins: "ustar", is: "is a tar archive", remedy: "unpack it first" },
  { begins: "\x89HDF", is: "is HDF5, as Keras writes it", remedy: "save its weights as safetensors" },
  { begins: "\x93NUMPY", is: "is a NumPy array", remedy: "save all arrays with safetensors.numpy.save_file" },
  { begins: "GGUF", is: "is GGUF, as llama.cpp takes it", remedy: "take the weights that it was made from" },
];

/** How many of a file's first bytes tell. */
export const tellingBytes = 262;

/** What the file is instead of weights, and what to do; null where nothing says so. */
export function foreignKind(first: Uint8Array): Pick<Foreign, "is" | "remedy"> | null {
  const text = Buffer.from(first.buffer, first.byteOffset, first.length).toString("latin1");
  return foreign.find(({ at = 0, begins }) => text.startsWith(begins, at)) ?? null;
}

/** One of several files that hold a model together, as Hugging Face's libraries name them. */
export const isShard = (path: string): boolean => /-\d{5}-of-\d{5}\.(safetensors|bin)$/.test(path);
