/**
 * The objects in a PyTorch checkpoint (`.pth`, `.pt`, `.ckpt`): the zip archives that `torch.save` has written since 1.6 and
 * the older stream of pickles. Of the tensors only the description is read; files of any size will do.
 *
 * Source: the layout that `torch.save` documents ("Serialization semantics"): `NAME/data.pkl`, `NAME/data/KEY`.
 */
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { fromRandomAccessReaderPromise, RandomAccessReader, type Entry, type ZipFile } from "yauzl";
import { FileError } from "../core/errors.js";
import type { ByteSource } from "./byte-source.js";
import { bytesOf } from "./dtypes.js";
import { allowedGlobals, storageOf, type Storage } from "./torch-tensor.js";
import { PickleEndsError, PickleError, unpickle } from "./unpickle.js";

/** The object that a checkpoint holds: `Map`, `Tuple`, arrays, `TorchTensor`, `Inert`. Throws `PickleError`. */
export async function openTorchArchive(source: ByteSource): Promise<unknown> {
  const first = await source.read(0, Math.min(4, source.size));
  return first[0] === 0x50 && first[1] === 0x4b ? openZip(source) : openStream(source);
}

async function openZip(source: ByteSource): Promise<unknown> {
  const { zip, entries } = await zipEntries(source);
  const pickleName = [...entries.keys()].find((name) => name === "data.pkl" || name.endsWith("/data.pkl"));
  if (pickleName === undefined) throw new PickleError("has no data.pkl inside");
  const folder = pickleName.slice(0, -"data.pkl".length);
  const wholeEntry = async (name: string) => {
    const entry = entries.get(name)!;
    return rangeOf(source, zip, entry)(0, entry.uncompressedSize);
  };
  if (entries.has(`${folder}byteorder`)) assertLittleEndian(await wholeEntry(`${folder}byteorder`));
  const storages = new Map<string, Storage>();
  return unpickle(await wholeEntry(pickleName), {
    allowed: allowedGlobals,
    persistentLoad: (id) => {
      const { storage } = storageOf(id);
      const known = storages.get(storage.key);
      if (known !== undefined) return known;
      const entry = entries.get(`${folder}data/${storage.key}`);
      if (entry === undefined) throw new PickleError(`has no data for storage ${storage.key}`);
      assertFilled(storage, entry.uncompressedSize);
      storage.read = rangeOf(source, zip, entry);
      storages.set(storage.key, storage);
      return storage;
    },
  }).value;
}

function assertLittleEndian(order: Uint8Array): void {
  if (new TextDecoder().decode(order).trim() !== "little") throw new PickleError("was written on a big-endian machine");
}

function assertFilled({ dtype, count }: Storage, bytes: number): void {
  if (dtype !== null && bytes < bytesOf(dtype, count))
    throw new PickleError(`has ${bytes} bytes for a storage of ${count} ${dtype} elements`);
}

/** Reads ranges of an archive's entry: in place where it is stored as it is, as `torch.save` does. */
function rangeOf(
  source: ByteSource,
  zip: ZipFile,
  entry: Entry,
): (start: number, length: number) => Promise<Uint8Array> {
  return async (start, length) => {
    if (entry.compressionMethod === 0) {
      const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true }).catch(notWhole);
      if (fileDataStart + start + length > source.size) throw new PickleError(`ends inside ${entry.fileName}`);
      return source.read(fileDataStart + start, length);
    }
    // A checkpoint is stored uncompressed: an entry that grows much more than its archive is no checkpoint.
    if (entry.uncompressedSize > 8 * source.size)
      throw new PickleError(`has an entry ${entry.fileName} that unpacks to ${entry.uncompressedSize} bytes`);
    const whole = await zip.openReadStreamPromise(entry).then(buffer).catch(notWhole);
    return new Uint8Array(whole.subarray(start, start + length));
  };
}

async function zipEntries(source: ByteSource): Promise<{ zip: ZipFile; entries: Map<string, Entry> }> {
  const entries = new Map<string, Entry>();
  try {
    const options = { autoClose: false, lazyEntries: true };
    const zip = await fromRandomAccessReaderPromise(new ZipBytes(source), source.size, options);
    for await (const entry of zip.eachEntry()) entries.set(entry.fileName, entry);
    return { zip, entries };
  } catch (error) {
    return notWhole(error);
  }
}

const notWhole = (error: unknown): never => {
  if (error instanceof FileError || error instanceof PickleError) throw error;
  throw new PickleError(`is no whole zip archive (${error instanceof Error ? error.message : String(error)})`);
};

/** The form in which yauzl asks for bytes. */
class ZipBytes extends RandomAccessReader {
  constructor(private readonly source: ByteSource) {
    super();
  }
  override read(buffer: Buffer, offset: number, length: number, position: number, done: (error: Error | null) => void) {
    this.source.read(position, length).then((bytes) => {
      buffer.set(bytes, offset);
      done(null);
    }, done);
  }
  override _readStreamForRange(start: number, end: number): Readable {
    const { source } = this;
    return Readable.from(
      (async function* () {
        const step = 2 ** 20;
        for (let at = start; at < end; at += step) yield await source.read(at, Math.min(step, end - at));
      })(),
      { objectMode: false },
    );
  }
}

/** The format before PyTorch 1.6: magic number, version, system information, object, storage keys, then raw storages. */
async function openStream(source: ByteSource): Promise<unknown> {
  // The pickles come first and are small beside the numbers; how small, only their end tells.
  for (let length = Math.min(source.size, 2 ** 22); ; length = Math.min(source.size, 4 * length)) {
    const bytes = await source.read(0, length);
    try {
      return await readStream(bytes, source);
    } catch (error) {
      if (!(error instanceof PickleEndsError) || length === source.size) throw error;
    }
  }
}

async function readStream(bytes: Uint8Array, source: ByteSource): Promise<unknown> {
  const allowed = allowedGlobals;
  const magic = unpickle(bytes, { allowed });
  if (magic.value !== 0x1950a86a20f9469cfc6cn) throw new PickleError("does not begin as a PyTorch checkpoint");
  const version = unpickle(bytes, { allowed }, magic.end);
  const system = unpickle(bytes, { allowed }, version.end);
  if (system.value instanceof Map && system.value.get("little_endian") === false)
    throw new PickleError("was written on a big-endian machine");
  const storages = new Map<string, Storage>();
  const persistentLoad = (id: unknown): Storage => {
    const { storage, isView } = storageOf(id);
    if (isView) throw new PickleError("has views of storages, which only very old files have");
    const known = storages.get(storage.key) ?? storage;
    storages.set(storage.key, known);
    return known;
  };
  const object = unpickle(bytes, { allowed, persistentLoad }, system.end);
  const keys = unpickle(bytes, { allowed }, object.end);
  if (!Array.isArray(keys.value)) throw new PickleError("has no list of storages");
  await placeStorages(keys.value as unknown[], storages, keys.end, source);
  return object.value;
}

/** The storages follow one another, each behind its number of elements, eight bytes. */
async function placeStorages(
  keys: readonly unknown[],
  storages: ReadonlyMap<string, Storage>,
  start: number,
  source: ByteSource,
): Promise<void> {
  let at = start;
  for (const key of keys) {
    const storage = storages.get(String(key));
    if (storage === undefined) throw new PickleError(`lists an unknown storage ${String(key)}`);
    if (storage.dtype === null) throw new PickleError(`has a ${storage.className}, whose size is not known`);
    if (at + 8 > source.size) throw new PickleError("ends before its last storage");
    const count = Number(new DataView((await source.read(at, 8)).buffer).getBigInt64(0, true));
    const first = at + 8;
    const end = first + bytesOf(storage.dtype, count);
    if (count < 0 || end > source.size) throw new PickleError("ends before its last storage");
    assertFilled(storage, end - first);
    storage.read = (from, length) => source.read(first + from, length);
    at = end;
  }
}
