/**
 * What docblocks say of errors, held to the source: a reader who has none at hand must be able to tell what a call can end with.
 * The words cannot be empty: they must be about what the error itself speaks of.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import ts from "typescript";
import { publicSymbols } from "../public-names.js";
import { SourceErrors, type SourceError } from "../thrown-errors.js";

const { checker, symbols } = publicSymbols();
const sourceErrors = new SourceErrors(checker);

/** `@throws ConfigError for an option that there is not` */
interface Clause {
  readonly error: string;
  readonly when: string;
}

interface Callable {
  readonly name: string;
  readonly clauses: readonly Clause[];
  /** Functions whose errors are also this one's: `@throws what {@link train} throws`. */
  readonly like: readonly string[];
  /** Of the function, or of the class's constructor. */
  readonly errors: readonly SourceError[];
  /** Of the class's methods too. */
  readonly all: readonly SourceError[];
}

const tagsOf = (symbol: ts.Symbol): string[] =>
  symbol
    .getJsDocTags(checker)
    .filter(({ name }) => name === "throws")
    .map(({ text }) => ts.displayPartsToString(text ?? []).replace(/\s+/g, " "));

const callables: readonly Callable[] = symbols.flatMap(({ name, symbol }) => {
  const declarations = symbol.declarations ?? [];
  const errors = declarations.flatMap((one) => sourceErrors.of(one));
  const methods = declarations.filter(ts.isClassDeclaration).flatMap(({ members }) => [...members]);
  const isCallable = symbol.flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Class) || errors.length > 0;
  if (!isCallable) return [];
  const tags = tagsOf(symbol);
  const clauses = tags.flatMap((tag) => {
    const [, error, when] = /^(\w+Error) ?(.*)/.exec(tag) ?? [];
    return error === undefined ? [] : [{ error, when }];
  });
  const like = tags.flatMap((tag) => /^what \{@link (\w+)\} throws/.exec(tag)?.[1] ?? []);
  const all = [...errors, ...methods.flatMap((one) => sourceErrors.of(one))];
  return [{ name, clauses, like, errors, all }];
});

/** Errors that the source has and no caller sees, with the reason. */
const unseen: Readonly<Record<string, string>> = {
  "engine.start FileError": "of tf.loadLayersModel and model.save, which it teaches to use files",
};

/** So many calls deep a function's errors are its own; what lies deeper mostly cannot come out, as a figure's that reads no file. */
const depth = 2;

const saidBy = ({ clauses, like }: Callable): Set<string> =>
  new Set([
    ...clauses.map(({ error }) => error),
    ...callables.filter(({ name }) => like.includes(name.split(".").at(-1)!)).flatMap((one) => [...saidBy(one)]),
  ]);

/** What carries no meaning by itself. */
const empty = new Set(
  (
    "about all also and another any are been but can does for from got had has have how its leave many more must not one only " +
    "other out per same some such than that the their them then there they this two use was what when where which with would"
  ).split(" "),
);

/** The words that mean something, without the ending of the plural. */
const wordsOf = (text: string): Set<string> =>
  new Set(
    [...text.toLowerCase().matchAll(/[a-z]{3,}/g)].flatMap(([word]) =>
      empty.has(word) ? [] : [word.replace(/s$/, "")],
    ),
  );

describe("what docblocks say is thrown", () => {
  it("is every class of error that a function or a constructor throws, or what it calls", () => {
    assert.ok(callables.length > 200, `${callables.length}`);
    assert.ok(callables.filter(({ errors }) => errors.length > 0).length > 130);
    const silent = callables.flatMap((one) => {
      const said = saidBy(one);
      const thrown = one.errors.filter(({ isThrown, path }) => isThrown && path.length <= depth);
      return thrown
        .filter(({ error }) => !said.has(error) && unseen[`${one.name} ${error}`] === undefined)
        .map(({ error, path, message }) => `${one.name}: ${error} (${path.join(" > ")}) ${message}`);
    });
    assert.deepEqual(silent, []);
  });

  it("is no class of error that nothing there makes", () => {
    const wrong = callables.flatMap(({ name, clauses, all }) =>
      clauses
        .filter(({ error }) => !all.some((one) => one.error === error))
        .map(({ error, when }) => `${name}: ${error} ${when}`),
    );
    assert.deepEqual(wrong, []);
  });

  it("comes with when, in words of which the error has some itself", () => {
    const vague = callables.flatMap(({ name, clauses, all }) =>
      clauses
        .filter(({ error, when }) => {
          const words = wordsOf(when);
          return !all.some((one) => one.error === error && [...wordsOf(one.message)].some((word) => words.has(word)));
        })
        .map(({ error, when }) => `${name}: ${error} ${when}`),
    );
    assert.deepEqual(vague, []);
  });

  it("stands in tags, where the pages of the API look for it", () => {
    const prose = symbols.filter(({ symbol }) =>
      /\bthrows `?\w+Error|\bErrors: /i.test(ts.displayPartsToString(symbol.getDocumentationComment(checker))),
    );
    assert.deepEqual(prose.map(({ name }) => name), []); // prettier-ignore
  });

  it("is looked for in helpers, promises and what is thrown for another error, and not in what is caught", () => {
    const thrownBy = (name: string) =>
      new Set(callables.find((one) => one.name === name)!.errors.flatMap((one) => (one.isThrown ? [one.error] : [])));
    assert.ok(thrownBy("engine.buildNative").has("UnsupportedError"));
    assert.ok(thrownBy("training.evaluate").has("UnsupportedError"));
    assert.ok(thrownBy("data.readImage").has("FileError"));
    assert.ok(!thrownBy("exchange.describeMpi").has("UnsupportedError"));
  });
});
