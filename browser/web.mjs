/**
 * Bundles `axial-lab/web`: our rooms and TensorFlow.js as one ES module, with the WebAssembly that they run inside, so that it
 * needs nothing beside it, neither on a server nor on a disk.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";
import { build } from "esbuild";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const wasmOut = path.join(root, "node_modules", "@tensorflow", "tfjs-backend-wasm", "wasm-out");
const threaded = "tfjs-backend-wasm-threaded-simd";

const packed = (bytes) => deflateRawSync(bytes, { level: 9 }).toString("base64");

/** Pieces of each of two files by turns, as src/web/inflate.ts takes them apart. */
export function together(files) {
  const pieces = 4;
  return Buffer.concat(
    Array.from({ length: pieces }, (_, piece) =>
      files.map((file) =>
        file.subarray(...[piece, piece + 1].map((edge) => Math.floor((edge * file.length) / pieces))),
      ),
    ).flat(),
  );
}

/** WebAssembly modules, and the script of a kernel thread, as text. */
async function assets() {
  const kernels = path.join(root, "dist", "src", "engine", "wasm");
  const worker = await build({
    entryPoints: [path.join(root, "src", "web", "kernel-worker.ts")],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: "es2022",
  });
  const both = await Promise.all(
    ["kernels", "kernels-relaxed"].map((name) => readFile(path.join(kernels, `${name}.wasm`))),
  );
  const values = {
    tfjs: packed(await readFile(path.join(wasmOut, `${threaded}.wasm`))),
    kernels: packed(together(both)),
    kernelBytes: both.map(({ length }) => length),
    worker: worker.outputFiles[0].text,
  };
  return Object.entries(values)
    .map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`)
    .join("\n");
}

/** The glue code of TensorFlow.js's threaded build as a function of its surroundings; see src/web/engine.ts. */
async function glue() {
  const text = await readFile(path.join(wasmOut, `${threaded}.js`), "utf8");
  return `export function glue({ Worker, SharedArrayBuffer }) {
    const process = undefined, require = undefined, exports = undefined, define = undefined;
    const module = { exports: undefined };
    ${text}
    return WasmBackendModuleThreadedSimd;
  }`;
}

/**
 * Modules of TensorFlow.js that a page does without: layers over sequences, training from its data sets (which are left out
 * as well), the hash of texts. What they export is an error that says so.
 */
const leftOut = {
  filter: /\/(recurrent|convolutional_recurrent|wrappers|training_dataset|hash_util)$/,
  async contents(file) {
    const exported = /^export (?:(?:async )?(?:function|class|const) |\{ )(\w+)/gm;
    const names = [...(await readFile(file, "utf8")).matchAll(exported)];
    const stands = names.map(([, name]) => `export const ${name} = leftOut("${name}");`);
    return `
      const leftOut = (name) => function () {
        throw new Error("axial-lab/web: TensorFlow.js must do without " + name + " here; load @tensorflow/tfjs itself");
      };
      ${stands.join("\n")}`;
  },
};

/** Answers the names of src/web/assets.d.ts, and leaves out what would load the same a second time. */
export const inPage = {
  name: "in-page",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^axial-lab:/ }, ({ path: name }) => ({ path: name, namespace: "in-page" }));
    onLoad({ filter: /^axial-lab:assets$/, namespace: "in-page" }, async () => ({ contents: await assets() }));
    onLoad({ filter: /^axial-lab:tfjs-glue$/, namespace: "in-page" }, async () => ({ contents: await glue() }));
    // TensorFlow.js, of which a page needs the half.
    onResolve({ filter: /^@tensorflow\/tfjs$/ }, () => ({ path: path.join(root, "src", "web", "tfjs.ts") }));
    onResolve({ filter: leftOut.filter }, ({ path: name, resolveDir }) =>
      resolveDir.includes("@tensorflow")
        ? { path: `${path.join(resolveDir, name)}.js`, namespace: "left-out" }
        : undefined,
    );
    onLoad({ filter: /./, namespace: "left-out" }, async ({ path: file }) => ({
      contents: await leftOut.contents(file),
    }));
    // Of the generators of random numbers TensorFlow.js uses one.
    onResolve({ filter: /^seedrandom$/ }, () => ({ path: "seedrandom", namespace: "in-page" }));
    onLoad({ filter: /^seedrandom$/, namespace: "in-page" }, () => ({
      contents: 'export { default as alea } from "seedrandom/lib/alea.js";',
      resolveDir: root,
    }));
    // What compares tensors in its own tests.
    onResolve({ filter: /^\.\/test_util$/ }, () => ({ path: "nothing", namespace: "in-page" }));
    // Its own start of its backend, which ours takes the place of.
    onResolve({ filter: /wasm-out\/tfjs-backend-wasm/ }, () => ({ path: "nothing", namespace: "in-page" }));
    onLoad({ filter: /^nothing$/, namespace: "in-page" }, () => ({
      contents: "export default undefined; export const wasmWorkerContents = undefined;",
    }));
  },
};
