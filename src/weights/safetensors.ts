/** Safetensors files: read whole or tensor by tensor, written whole; the container is in safetensors-format.ts. */
import { writeFileAtomically } from "../core/atomic-file.js";
import { fileBytes, type ByteSource } from "./byte-source.js";
import { typed, type StoredTensor } from "./dtypes.js";
import { encodedParts, headerLength, parseHeader, type Safetensors } from "./safetensors-format.js";
import type { TensorInFile } from "./state-dict.js";

/**
 * Reads a whole file.
 *
 * @throws FileError where it is missing, or is not a whole, well-formed safetensors file
 */
export async function readSafetensors(path: string): Promise<Safetensors> {
  const source = await fileBytes("safetensors", path);
  try {
    const { tensors, metadata } = await openSafetensors(source, path);
    const read = new Map<string, StoredTensor>();
    for (const [name, tensor] of tensors)
      read.set(name, { dtype: tensor.dtype, shape: tensor.shape, data: await tensor.read() });
    return { tensors: read, metadata };
  } finally {
    await source.close();
  }
}

/** What a file says that it holds; each tensor is read when it is asked for. `where` names the file in errors. */
export async function openSafetensors(
  source: ByteSource,
  where: string,
): Promise<{ tensors: ReadonlyMap<string, TensorInFile>; metadata: Safetensors["metadata"] }> {
  const first = await source.read(0, Math.min(8, source.size));
  const headerBytes = headerLength(first, source.size, where);
  const header = parseHeader(await source.read(8, headerBytes), source.size, where);
  const tensors = new Map<string, TensorInFile>();
  for (const { name, dtype, shape, begin, end } of header.entries) {
    const read = async () => typed(dtype, await source.read(8 + headerBytes + begin, end - begin));
    tensors.set(name, { dtype, shape, read });
  }
  return { tensors, metadata: header.metadata };
}

/** Writes a file, whole or not at all. Tensors lie in the order given. */
export async function writeSafetensors(path: string, contents: Safetensors): Promise<void> {
  await writeFileAtomically(path, encodedParts(contents));
}

/** The bytes of a file that holds `contents`. */
export function encodeSafetensors(contents: Safetensors): Uint8Array {
  return Buffer.concat(encodedParts(contents));
}
