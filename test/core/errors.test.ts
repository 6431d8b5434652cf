import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { describe, it } from "node:test";
import ts from "typescript";
import * as errors from "../../src/core/errors.js";
import { packageFolder } from "../../src/core/version.js";

const classes = Object.keys(errors);

interface Thrown {
  readonly place: string;
  /** As it is written, with `…` for what is filled in. */
  readonly message: string;
}

/** Files whose message is put together elsewhere, and where. */
const passedOn: Readonly<Record<string, string>> = {
  "src/data/batch-pool.ts": "the message of an error of our own, from another thread",
  "src/training/memory.ts": "rule and values in a variable",
  "src/weights/checkpoints.ts": "what a tensor is instead comes with what to do",
  "src/weights/safetensors-format.ts": "rule and values are what each refusal gives",
};

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "assembly" ? [] : sources(path);
    return entry.name.endsWith(".ts") ? [path] : [];
  });
}

/** The text of a message: literals as they are, all else one `…`. Of two that it chooses between, both. */
function texts(node: ts.Expression): string[] {
  const joined = (parts: readonly string[][]) =>
    parts.reduce((sums, part) => sums.flatMap((sum) => part.map((text) => sum + text)), [""]);
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isParenthesizedExpression(node)) return texts(node.expression);
  if (ts.isConditionalExpression(node)) return [...texts(node.whenTrue), ...texts(node.whenFalse)];
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken)
    return joined([texts(node.left), texts(node.right)]);
  if (ts.isTemplateExpression(node))
    return [node.templateSpans.reduce((sum, { literal }) => `${sum}…${literal.text}`, node.head.text)];
  return ["…"];
}

/** The messages of all errors of this library that a source makes. */
function thrownIn(text: string, name: string): Thrown[] {
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const found: Thrown[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node) && classes.includes(node.expression.getText())) {
      const line = file.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      const [message] = node.arguments ?? [];
      for (const given of message === undefined ? [""] : texts(message))
        found.push({ place: `${name}:${line}`, message: given });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** `where: rule, got values; remedy`, in one line; faults of our own begin with `internal:`. */
const isInForm = (message: string): boolean => /^(internal: .+|[^:;\n]+: [^\n]+[, ]got [^\n]+; [^\n]+)$/.test(message);

describe("the errors that users see", () => {
  const thrown = ["src", "widgets", "browser"].flatMap((room) =>
    sources(join(packageFolder, room)).flatMap((path) =>
      thrownIn(readFileSync(path, "utf8"), relative(packageFolder, path).split(sep).join("/")),
    ),
  );

  it("have where, rule, values and remedy, every one of them", () => {
    assert.ok(thrown.length > 300);
    const others = thrown.filter(({ place, message }) => !isInForm(message) && !(place.split(":")[0] in passedOn));
    assert.deepEqual(others, []);
  });

  it("are put together elsewhere only where it is said", () => {
    for (const file of Object.keys(passedOn))
      assert.ok(
        thrown.some(({ place, message }) => place.startsWith(`${file}:`) && !isInForm(message)),
        file,
      );
  });

  it("would be found where a part is missing", () => {
    const [whole, ...parts] = thrownIn(
      `new ConfigError(\`\${where}: n must be even, got \${n}; \` + (n > 1 ? \`use \${n + 1}\` : "use 2"));
       new ShapeError("f: x must be [B, C], got [3]");
       new FileError(\`f: no file \${path}; give another\`);
       new AxialError("must be there, got nothing; add it");
       new UnsupportedError();
       new Error("of another class");`,
      "a.ts",
    ).reduce<Thrown[][]>(
      (lists, one) => (one.place === "a.ts:1" ? [[...(lists[0] ?? []), one]] : [...lists, [one]]),
      [],
    );
    assert.deepEqual(
      whole.map(({ message }) => message),
      ["…: n must be even, got …; use …", "…: n must be even, got …; use 2"],
    );
    assert.ok(whole.every(({ message }) => isInForm(message)));
    assert.deepEqual(
      parts.flat().map(({ place, message }) => [place, isInForm(message)]),
      [2, 3, 4, 5].map((line) => [`a.ts:${line}`, false]),
    );
  });
});
