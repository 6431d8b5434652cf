/** What docblocks must say: of functions and layers all that a reader needs who has no source at hand. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import ts from "typescript";
import { publicSymbols } from "../public-names.js";

const { checker, symbols } = publicSymbols();

interface Documented {
  readonly name: string;
  readonly doc: string;
  readonly declarations: readonly ts.Declaration[];
  readonly symbol: ts.Symbol;
}

/** Text and tags, as an editor shows them. */
function docOf(symbol: ts.Symbol): string {
  const tags = symbol.getJsDocTags(checker).map(({ name, text }) => `@${name} ${ts.displayPartsToString(text ?? [])}`);
  return [ts.displayPartsToString(symbol.getDocumentationComment(checker)), ...tags].join("\n");
}

const inRoom = (room: RegExp): Documented[] =>
  symbols
    .filter(({ name }) => room.test(name))
    .map(({ name, symbol }) => ({ name, symbol, doc: docOf(symbol), declarations: symbol.declarations ?? [] }));

const isClass = ({ symbol }: Documented): boolean => (symbol.flags & ts.SymbolFlags.Class) !== 0;
const isFunction = ({ symbol }: Documented): boolean => (symbol.flags & ts.SymbolFlags.Function) !== 0;

/** A shape, such as [B, H, W, C] or [before + 1 + after, D]. */
const shape = /\[(?:\.\.\.|[A-Z0-9]|[a-z.]+ \+)[^\]]*\]/;

/** Names of those that break a rule. */
const broken = (rule: (one: Documented) => boolean, all: readonly Documented[]): string[] =>
  all.filter((one) => !rule(one)).map(({ name }) => name);

function takesTensors({ declarations }: Documented): boolean {
  return declarations.filter(ts.isFunctionDeclaration).some(({ parameters, type }) => {
    const types = [...parameters.map((parameter) => parameter.type), type];
    return types.some((one) => one !== undefined && /\btf\.Tensor|Inputs\b|Outputs\b/.test(one.getText()));
  });
}

describe("docblocks of functions and layers", () => {
  const functions = inRoom(/^functions\./).filter(isFunction);
  const layers = inRoom(/^layers\./).filter(isClass);

  it("are there, of types too", () => {
    const all = inRoom(/^(functions|layers)\./);
    assert.ok(all.length > 60);
    assert.deepEqual(broken(({ doc }) => doc.trim() !== "", all), []); // prettier-ignore
  });

  it("of what takes or gives tensors say their shapes", () => {
    const tensors = functions.filter(takesTensors);
    assert.ok(tensors.length > 25);
    assert.deepEqual(broken(({ doc }) => shape.test(doc), tensors), []); // prettier-ignore
    assert.deepEqual(broken(({ doc }) => shape.test(doc), layers), []); // prettier-ignore
  });

  it("of layers say by what equation: a paper's, or a function's of the same name", () => {
    assert.deepEqual(broken(({ doc }) => /arXiv|\{@link [a-z]\w+\}/i.test(doc), layers), []); // prettier-ignore
  });

  it("say what is where an argument is left out", () => {
    const silent = functions.flatMap(({ name, doc, declarations }) =>
      declarations.filter(ts.isFunctionDeclaration).flatMap(({ parameters }) =>
        parameters
          .filter(({ initializer, questionToken }) => initializer !== undefined || questionToken !== undefined)
          // The members of options say it themselves.
          .filter(({ type }) => type === undefined || !/Options$/.test(type.getText()))
          .filter(() => !/default/i.test(doc))
          .map((parameter) => `${name}: ${parameter.name.getText()}`),
      ),
    );
    assert.deepEqual(silent, []);
  });
});

describe("docblocks of options", () => {
  it("say of each that may be left out what is then", () => {
    const options = inRoom(/(Options|Args|Config)$/);
    assert.ok(options.length > 80);
    const silent = options.flatMap(({ name, declarations }) =>
      declarations.filter(ts.isInterfaceDeclaration).flatMap(({ members }) =>
        members.flatMap((member) => {
          const symbol = (member as { symbol?: ts.Symbol }).symbol;
          if (member.questionToken === undefined || symbol === undefined) return [];
          return /default|where it is left out/i.test(docOf(symbol)) ? [] : [`${name}.${symbol.name}`];
        }),
      ),
    );
    assert.deepEqual(silent, []);
  });
});
