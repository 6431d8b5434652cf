import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, it } from "node:test";
import ts from "typescript";
import { createProgram } from "../../src/cli/main.js";
import { packageFolder } from "../../src/core/version.js";

const source = join(packageFolder, "src");
const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => join(source, name));

/** Every text of a file, comments left out; of a template each piece. */
function textsOf(path: string): string[] {
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node))
      texts.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.ES2022));
  return texts;
}

describe("a hint that names a command", () => {
  it("begins with npx, so that it can be pasted as it is, and names a command that there is", async () => {
    const commands = (await createProgram()).commands.map((command) => command.name());
    // `written by axial-lab train` and `[axial-lab kernel]` tell where something is from, and are no hints.
    const bare = /(?<!npx |(?:by|of) |\[)axial-lab ([a-z]+)\b/g;
    const named = /npx axial-lab ([a-z]+)\b/g;
    let count = 0;
    for (const file of files)
      for (const text of textsOf(file)) {
        for (const [found, command] of text.matchAll(bare))
          assert.ok(!commands.includes(command), `${relative(packageFolder, file)}: ${found}`);
        for (const [found, command] of text.matchAll(named)) {
          assert.ok(commands.includes(command), `${relative(packageFolder, file)}: ${found}`);
          count++;
        }
      }
    assert.ok(count > 30, `${count} hints`);
  });
});
