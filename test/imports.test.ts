import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { describe, it } from "node:test";
import { build } from "esbuild";
import ts from "typescript";
import { packageFolder } from "../src/core/version.js";

const named = (path: string): string => relative(packageFolder, path).split(sep).join("/");

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    // AssemblyScript is a program of its own.
    if (entry.isDirectory()) return entry.name === "assembly" ? [] : sources(path);
    return entry.name.endsWith(".ts") ? [path] : [];
  });
}

/** What each file of `src` and `widgets` imports of them, types included. */
function importGraph(): Map<string, string[]> {
  const files = ["src", "widgets"].flatMap((folder) => sources(join(packageFolder, folder)));
  return new Map(
    files.map((file) => {
      const { importedFiles } = ts.preProcessFile(readFileSync(file, "utf8"), true, true);
      const own = importedFiles
        .filter(({ fileName }) => fileName.startsWith("."))
        .map(({ fileName }) => resolve(dirname(file), fileName.replace(/\.js$/, ".ts")));
      return [named(file), own.filter((path) => existsSync(path)).map(named)];
    }),
  );
}

/** Every circle once, as the files along it, the first again at the end. By depth-first search. */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const at = path.indexOf(file);
    if (at >= 0) found.push([...path.slice(at), file]);
    if (at >= 0 || done.has(file)) return;
    path.push(file);
    for (const next of graph.get(file) ?? []) visit(next);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return found;
}

describe("imports", () => {
  const graph = importGraph();

  it("are read: every file, and what it imports", () => {
    assert.ok(graph.size > 200);
    assert.ok(graph.get("src/layers/axial-attention.ts")?.includes("src/functions/axial-attention.ts"));
  });

  it("go in no circle, types included", () => {
    assert.deepEqual(
      circles(graph).map((circle) => circle.join(" > ")),
      [],
    );
  });

  it("would be told where they did: a circle of two, one of three, and one of types", () => {
    const looped = new Map([
      ["a", ["b"]],
      ["b", ["a", "c"]],
      ["c", ["d"]],
      ["d", ["b"]],
      ["e", ["a"]],
    ]);
    assert.deepEqual(circles(looped), [
      ["a", "b", "a"],
      ["b", "c", "d", "b"],
    ]);
  });

  it("of data lead to Node, so that the next tests can fail", async () => {
    assert.ok((await bundleErrors("data")).some((error) => error.includes("node:fs")));
  });

  for (const room of ["functions", "layers", "models"])
    it(`of ${room} lead to nothing of Node: the room bundles for a browser`, async () => {
      assert.deepEqual(await bundleErrors(room), []);
    });
});

describe("comments", () => {
  const written = ["src", "test", "widgets", "browser"];
  const files = written.flatMap((room) =>
    readdirSync(join(packageFolder, room), { recursive: true, encoding: "utf8" }).map((path) =>
      join(room, path).split(sep).join("/"),
    ),
  );
  const present = new Set(files.map((path) => basename(path)));
  /** Files that are told of and not kept: written by the build, and of TensorFlow.js. */
  const elsewhere = ["slots.ts", "tape.ts"];

  it("name files that are there, by their path from the package's folder or by their name", () => {
    const wrong: string[] = [];
    for (const file of files.filter((path) => /\.(ts|mjs|rs)$/.test(path)))
      for (const line of readFileSync(join(packageFolder, file), "utf8").split("\n")) {
        if (!/^\s*(\*|\/\/|\/\*)/.test(line)) continue;
        for (const [, path] of line.matchAll(/(?<![\w./-])((?:src|test|widgets|browser)\/[\w/.-]+\.(?:ts|mjs))\b/g))
          if (!existsSync(join(packageFolder, path))) wrong.push(`${file}: ${path}`);
        for (const [, name] of line.matchAll(/(?<![\w./-])([\w-]+\.(?:ts|mjs|rs))\b/g))
          if (!present.has(name) && !elsewhere.includes(name)) wrong.push(`${file}: ${name}`);
      }
    assert.ok(files.length > 700);
    assert.deepEqual(wrong, []);
  });
});

/** What esbuild says of all compiled files of a room, bundled for a browser. */
async function bundleErrors(room: string): Promise<string[]> {
  const compiled = sources(join(packageFolder, "src", room)).map((file) =>
    join(packageFolder, "dist", relative(packageFolder, file)).replace(/\.ts$/, ".js"),
  );
  const contents = compiled.map((file, i) => `export * as file${i} from ${JSON.stringify(file)};`).join("\n");
  const stdin = { contents, resolveDir: packageFolder };
  try {
    await build({ stdin, bundle: true, platform: "browser", write: false, logLevel: "silent" });
    return [];
  } catch (failure) {
    const { errors } = failure as { errors: { text: string; location: { file: string } | null }[] };
    return errors.map(({ text, location }) => `${location?.file ?? ""}: ${text}`);
  }
}
