import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { packageFolder } from "../src/core/version.js";
import { parametersFile, parametersPath, publicParameters } from "./public-parameters.js";
import { namesPage, namesPath, publicNames } from "./public-names.js";

describe("public names", () => {
  const names = publicNames();

  it("are those of docs/names.md, with what it says of them; `npm run names` mends it", () => {
    assert.equal(readFileSync(namesPath, "utf8"), namesPage(names));
  });

  it("have the parameters of src/public/parameters.json; `npm run names` mends it", () => {
    assert.equal(readFileSync(parametersPath, "utf8"), parametersFile(publicParameters()));
  });

  it("each say in a sentence what they are", () => {
    const silent = names.filter(({ says }) => says === "");
    assert.deepEqual(
      silent.map(({ name }) => name),
      [],
    );
  });

  it("are listed in index files, never starred", () => {
    const rooms = readdirSync(join(packageFolder, "src"), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    const starred = ["", ...rooms.map(({ name }) => name)].filter((room) => {
      const path = join(packageFolder, "src", room, "index.ts");
      try {
        return /export \* from/.test(readFileSync(path, "utf8"));
      } catch {
        return false;
      }
    });
    assert.deepEqual(starred, []);
  });
});
