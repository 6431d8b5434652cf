/**
 * Compiles the kernels to dist/src/engine/wasm/{kernels,kernels-relaxed}.wasm; does nothing when neither a source nor this
 * script has changed. Part of `npm run build`, behind tsc: the kernels' arguments are read by what ../signatures.ts says.
 *
 * The two modules come from the same sources. The relaxed one may use relaxed SIMD (fused multiply-add), which V8 accepts
 * from Node 22 on, and on Node 20 behind a flag.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import asc from "assemblyscript/asc";
import { assemblySlots, rustSlots } from "./slots.mjs";

const sourceFolder = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(sourceFolder, "../../../..");
const outputFolder = path.join(root, "dist/src/engine/wasm");
const stamp = path.join(outputFolder, "kernels.sha256");

/** Memory is tfjs's own: imported, shared, 4 GiB at most. The stub runtime allocates nothing. */
const flags = [
  ...["--runtime", "stub", "--importMemory", "--sharedMemory", "--noExportMemory"],
  ...["--initialMemory", "1", "--maximumMemory", "65536"],
  ...["-O3", "--converge", "--noAssert", "--uncheckedBehavior", "always"],
  ...["--enable", "simd", "--enable", "threads"],
];
const variants = { kernels: [], "kernels-relaxed": ["--enable", "relaxed-simd"] };

const { signatures, groups } = (await import(pathToFileURL(path.join(outputFolder, "signatures.js")))).default;
writeWhereNew(path.join(sourceFolder, "slots.ts"), assemblySlots({ ...groups, ...signatures }));
const nativeSources = path.join(root, "src/engine/native/src");
if (existsSync(nativeSources))
  writeWhereNew(path.join(nativeSources, "slots.rs"), rustSlots({ ...groups, ...signatures }));

const sources = readdirSync(sourceFolder).filter((name) => name.endsWith(".ts") || name.endsWith(".mjs"));
const hash = createHash("sha256").update(asc.version);
// Two of them are compiled for the plans too.
for (const name of [...sources.sort(), "../attention-scratch.ts", "../scratch-layout.ts"])
  hash.update(name).update(readFileSync(path.join(sourceFolder, name)));
const digest = hash.digest("hex");

if (upToDate()) process.exit();
mkdirSync(outputFolder, { recursive: true });
for (const [variant, extra] of Object.entries(variants)) {
  const { text, binary } = await compile([...flags, ...extra]);
  // Static data would be written over tfjs's own at the same addresses of the shared memory.
  const data = text.split("\n").find((line) => /^\s*\(data/.test(line));
  if (data !== undefined) fail(`${variant}: a kernel must not hold static data, got ${data.trim().slice(0, 80)}`);
  writeFileSync(path.join(outputFolder, `${variant}.wasm`), binary);
}
writeFileSync(stamp, digest);

/** Leaves a file that holds just this as it is: what is built from it is up to date. */
function writeWhereNew(file, contents) {
  if (!existsSync(file) || readFileSync(file, "utf8") !== contents) writeFileSync(file, contents);
}

function upToDate() {
  try {
    return readFileSync(stamp, "utf8") === digest;
  } catch {
    return false;
  }
}

async function compile(options) {
  const written = {};
  const entry = path.relative(root, path.join(sourceFolder, "index.ts")).split(path.sep).join("/");
  const { error, stderr } = await asc.main(
    [entry, "--baseDir", root, "--outFile", "kernels.wasm", "--textFile", "kernels.wat", ...options],
    { writeFile: (name, contents) => void (written[path.basename(name)] = contents) },
  );
  if (error !== null) fail(`${error.message}\n${stderr.toString()}`);
  return { text: written["kernels.wat"], binary: written["kernels.wasm"] };
}

function fail(message) {
  console.error(`build of the wasm kernels: ${message}`);
  process.exit(1);
}
