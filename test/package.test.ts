import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { packageFolder } from "../src/core/version.js";

/** Runs one script in the package's own folder, where `axial-lab` resolves to the package itself. */
const node = (type: "module" | "commonjs", script: string) =>
  spawnSync(process.execPath, [`--input-type=${type}`, "-e", script], { cwd: packageFolder, encoding: "utf8" });

describe("the package", () => {
  it("is importable from ESM with named exports", () => {
    const { stdout, stderr } = node(
      "module",
      "import * as axial from 'axial-lab'; console.log(typeof axial.ShapeError)",
    );
    assert.equal(stdout.trim(), "function", stderr);
  });

  it("is importable from CommonJS", () => {
    const { stdout, stderr } = node("commonjs", "console.log(typeof require('axial-lab').ShapeError)");
    assert.equal(stdout.trim(), "function", stderr);
  });
});

const manifest = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8")) as {
  readonly files: readonly string[];
  readonly scripts: Readonly<Record<string, string>>;
};

describe("a package that is packed in a fresh clone", () => {
  it("is built first, and holds what README and messages lead to", () => {
    assert.equal(manifest.scripts["prepack"], "npm run build");
    for (const folder of ["dist/src", "dist/browser", "dist/widgets", "notebooks", "pretrained", "docs"])
      assert.ok(manifest.files.includes(folder), folder);
  });
});

describe("the native crate in the package", () => {
  it("has every file that its manifest names, without which cargo refuses to read it", () => {
    const crate = "src/engine/native";
    const cargo = readFileSync(join(packageFolder, crate, "Cargo.toml"), "utf8");
    const benches = [...cargo.matchAll(/\[\[bench\]\]\nname = "(.+)"/g)].map(([, name]) => `benches/${name}.rs`);
    for (const file of ["Cargo.toml", "Cargo.lock", "src/lib.rs", "src/slots.rs", ...benches]) {
      assert.ok(existsSync(join(packageFolder, crate, file)), file);
      assert.ok(
        manifest.files.some((packed) => `${crate}/${file}`.startsWith(packed)),
        `${file} must be packed`,
      );
    }
  });
});

/** Tests that no one file is the counterpart of, and why. */
const ofMany: Readonly<Record<string, string>> = {
  "cli/hints": "every text of the sources",
  "docs/doc-examples": "every example of the docblocks",
  "engine/ops/second-derivatives": "a law of every operation that has a gradient of its own",
  "engine/tf-layers": "what a model of tf.layers needs of all kernels together",
  "notebooks/chapters": "every chapter of the book, as it lies there",
  "notebooks/runs": "every chapter of the book, run in short",
  "site/docblocks": "every docblock of what is public",
  "site/thrown": "what every docblock of what is public says of errors",
  "widgets/specifications": "what holds of every figure",
};

/** Test files below `test/`, as `room/name`. Those of no room, beside this one, are about the whole. */
function testFiles(folder = ""): string[] {
  return readdirSync(join(packageFolder, "test", folder), { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return testFiles(`${folder}${entry.name}/`);
    return folder !== "" && entry.name.endsWith(".test.ts") ? [`${folder}${entry.name.slice(0, -8)}`] : [];
  });
}

const has = (path: string): boolean => existsSync(join(packageFolder, ...path.split("/")));
/** Whether `room/name` is a file of code. */
const isFile = (name: string): boolean => has(`src/${name}.ts`) || has(`${name}.ts`);
/** Whether it is one, or a folder, or a page. */
const isThere = (name: string): boolean => isFile(name) || has(`src/${name}`) || has(name) || has(`${name}.md`);

describe("the tests", () => {
  const files = testFiles();
  /** A file may have a folder of tests too, one for each of its subjects. */
  const isMirrored = (file: string) => isThere(file) || isFile(dirname(file));

  it("lie where what they test lies, save those that are of many", () => {
    assert.ok(files.length > 100);
    assert.deepEqual(
      files.filter((file) => !isMirrored(file) && !(file in ofMany)),
      [],
      "move the test to the file that it is of, or say in ofMany why there is none",
    );
  });

  it("that are said to be of many are there, and have no counterpart", () => {
    assert.deepEqual(
      Object.keys(ofMany).filter((file) => !files.includes(file) || isMirrored(file)),
      [],
    );
  });

  it("of a file that has moved away are found", () => {
    assert.ok(!isMirrored("layers/axial-atention") && !isMirrored("layers/axial-atention/memory"));
    assert.ok(isMirrored("layers/axial-attention") && isMirrored("jupyter/kernel/comm") && isMirrored("docs/tried"));
  });
});
