import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import ts from "typescript";
import { packageFolder } from "../../src/core/version.js";

/** A page of somebody's own, in the package's folder, where `axial-lab` is the package itself. */
const page = `
  import { classify, layers, loadNet, tf } from "axial-lab/web";
  const net = await loadNet("net.safetensors");
  const { ranked } = await classify(document.querySelector("img")!, net);
  const best: string = ranked[0].name;
  const layer = new layers.AxialAttention({ axis: "height", filters: 8, maxDistance: 3 });
  console.log(best, (layer.apply(tf.zeros([1, 4, 4, 3])) as tf.Tensor).shape);
`;

describe("axial-lab/web", () => {
  it("is below 400 kB, compressed, with the engine and without weights", () => {
    const bytes = readFileSync(join(packageFolder, "dist", "browser", "web.mjs"));
    const compressed = gzipSync(bytes, { level: 9 }).length;
    assert.ok(compressed < 400_000, `${compressed} bytes`);
  });

  it("bundles into somebody's page by esbuild, and brings nothing of Node", async () => {
    const { outputFiles, metafile, warnings } = await build({
      stdin: { contents: page, resolveDir: packageFolder, loader: "ts" },
      ...{ bundle: true, format: "esm", platform: "browser", minify: true, write: false, metafile: true },
      logLevel: "silent",
    });
    assert.deepEqual(warnings, []);
    const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
    assert.deepEqual(imported, []);
    const text = outputFiles[0].text;
    assert.doesNotMatch(text, /["']node:/);
    assert.match(text, /^[\x00-\x7f]*$/);
  });

  it("is typed, for a page without the types of Node", () => {
    const file = join(packageFolder, "page-of-somebody.ts");
    const options: ts.CompilerOptions = {
      ...{ target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, strict: true, noEmit: true, types: [] },
      ...{ moduleResolution: ts.ModuleResolutionKind.Bundler, lib: ["lib.es2022.d.ts", "lib.dom.d.ts"] },
      skipLibCheck: true,
    };
    const check = (source: string): string[] => {
      const host = ts.createCompilerHost(options);
      const getSourceFile = host.getSourceFile.bind(host);
      const fileExists = host.fileExists.bind(host);
      host.getSourceFile = (name, ...rest) =>
        name === file ? ts.createSourceFile(name, source, ts.ScriptTarget.ES2022) : getSourceFile(name, ...rest);
      host.fileExists = (name) => name === file || fileExists(name);
      return ts
        .getPreEmitDiagnostics(ts.createProgram([file], options, host))
        .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
    };
    assert.deepEqual(check(page), []);
    assert.match(
      check(page.replace("best: string", "best: number")).join(),
      /'string' is not assignable to type 'number'/,
    );
  });
});
