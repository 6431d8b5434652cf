import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileCell } from "../../../src/jupyter/language/compile.js";
import { habitMessage } from "../../../src/jupyter/language/habits.js";

describe("a line of another notebook or of a terminal", () => {
  const said: [string, RegExp][] = [
    ["!npm install left-pad", /terminal in the notebook's folder, or write .*execSync\("npm install left-pad"/],
    ["npm install left-pad", /in a terminal in the notebook's folder/],
    ["! ls -la", /in a terminal, or write .*execSync\("ls -la", \{ stdio: "inherit" \}\)/],
    ["$ git status", /execSync\("git status"/],
    ["cd data", /process\.chdir\("data"\)/],
    ["%pip install x", /packages come from npm/],
    ["!pip install x==1.0", /packages come from npm/],
    ["%%html", /notebook\.display\(\{ "text\/html"/],
    ["%%markdown", /"text\/markdown"/],
    ["%%bash", /execSync\(`…`/],
    ["%timeit f(3)", /console\.time\("cell"\)/],
    ["%matplotlib inline", /leave the line out/],
    ["%run helper.ts", /await import\(".\/helper.ts"\)/],
    ["%%writefile notes.txt", /writeFileSync\("notes.txt"/],
    ["%%javascript", /in Node and not in the page/],
    ["%who", /magic commands are IPython's/],
  ];
  for (const [line, expected] of said) {
    it(`is answered with what to write here: ${line}`, () => {
      const message = habitMessage(line, "typescript");
      assert.match(message ?? "", expected);
      assert.match(message ?? "", /^a cell holds TypeScript, got ".*"; .*$/);
    });
  }

  it("names JavaScript where the notebook is in it", () =>
    assert.match(habitMessage("%%js", "javascript") ?? "", /^a cell holds JavaScript.*the rest is that already/));

  for (const line of ["const = 2;", "  % 3", "$.each(x, y", "!done && (go(", "gitStatus(", "%", "npm.install(", ""])
    it(`is none: ${JSON.stringify(line)}`, () => assert.equal(habitMessage(line, "typescript"), null));

  it("is no code that runs", () => {
    for (const code of ["!true && 1", "const a = 10\n  % 3", "const npm = 1;\nnpm"])
      assert.deepEqual(compileCell(code, { renamed: new Map() }).syntaxErrors, []);
  });
});
