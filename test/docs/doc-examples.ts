/** The examples of docblocks, as the API pages show them, and what their names stand for when they run. */
import * as tf from "@tensorflow/tfjs";
import ts from "typescript";
import * as axial from "../../src/index.js";
import { readApi } from "../../src/site/api.js";
import { docParts } from "../../src/site/docblock.js";

export interface DocExample {
  /** Such as `layers.AxialAttention`; empty before the dot for names of the package itself. */
  readonly name: string;
  readonly room: string;
  readonly code: string;
}

/** All examples of the API, members' included. */
export function docExamples(): DocExample[] {
  return readApi().flatMap(({ name: room, names }) =>
    names.flatMap((name) =>
      [name, ...name.members].flatMap((part) =>
        docParts(part.doc)
          .filter(({ kind }) => kind === "example")
          .map(({ text }) => ({ name: `${room}.${name.name}`, room, code: text })),
      ),
    ),
  );
}

export type Scope = Readonly<Record<string, unknown>>;

/** What the package exports, by the names that examples use: all rooms' names as such, those of the own room first. */
export function packageScope(room: string): Scope {
  const { export: exporting, ...rooms } = axial;
  const scope: Record<string, unknown> = { axial, tf };
  for (const names of [...Object.values(rooms), exporting].filter((one) => typeof one === "object"))
    for (const [name, value] of Object.entries(names)) scope[name] ??= value;
  return { ...rooms, ...scope, ...(axial as unknown as Record<string, object>)[room] };
}

/** Runs an example, whose value is that of its last expression. */
export async function runExample(code: string, scope: Scope): Promise<unknown> {
  const source = ts.createSourceFile("example.ts", code, ts.ScriptTarget.ES2022, true);
  const last = source.statements.at(-1);
  const returning =
    last !== undefined && ts.isExpressionStatement(last)
      ? `${code.slice(0, last.getStart())}return (${last.expression.getText()});`
      : code;
  const { outputText } = ts.transpileModule(`async function example() {\n${returning}\n}`, {
    compilerOptions: { target: ts.ScriptTarget.ES2022 },
  });
  const names = Object.keys(scope).filter((name) => /^[A-Za-z_]\w*$/.test(name) && name !== "export");
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the text is the package's own documentation.
  const make = new Function(...names, `${outputText}\nreturn example();`) as (...values: unknown[]) => Promise<unknown>;
  return await make(...names.map((name) => scope[name]));
}

/** The shapes that a comment of the example says, such as `[B, 7, 5, 3] -> [B, 10]`; the second is that of the first where it says so. */
export function saidShapes(code: string): { readonly input: number[]; readonly output: number[] } | null {
  const comment = code.split("\n").at(-1)!.split("//")[1] ?? "";
  const shapes = [...comment.matchAll(/\[([^\]]*)\]/g)].map(([, sizes]) => sizes.split(",").map(sizeOf));
  if (shapes.length === 0) return null;
  return { input: shapes[0], output: shapes[1] ?? shapes[0] };
}

/** `<= 32` is 32; letters, whose sizes are free, are small primes. */
function sizeOf(text: string): number {
  const letters: Readonly<Record<string, number>> = { B: 1, T: 3, H: 7, W: 5 };
  const word = text.replace("<=", "").trim();
  const size = letters[word] ?? Number(word);
  if (!Number.isInteger(size)) throw new Error(`no size is known for ${text}`);
  return size;
}
