/** The look of code and Markdown while they are edited: the page's own colours, so that both of its forms fit. */
import { HighlightStyle, Language, defineLanguageFacet, syntaxHighlighting } from "@codemirror/language";
import { javascript } from "@codemirror/lang-javascript";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { GFM, parser } from "@lezer/markdown";

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.bool, tags.null, tags.self], color: "var(--keyword)" },
  { tag: [tags.string, tags.regexp, tags.special(tags.string)], color: "var(--string)" },
  { tag: tags.number, color: "var(--number)" },
  { tag: tags.comment, color: "var(--comment)", fontStyle: "italic" },
  {
    tag: [tags.definition(tags.variableName), tags.function(tags.variableName), tags.function(tags.propertyName)],
    color: "var(--name)",
  },
  { tag: [tags.typeName, tags.className], color: "var(--type)" },
  { tag: tags.heading, fontWeight: "600", color: "var(--name)" },
  { tag: tags.strong, fontWeight: "600" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: [tags.link, tags.url], color: "var(--name)" },
  { tag: tags.monospace, color: "var(--string)" },
  { tag: [tags.processingInstruction, tags.contentSeparator], color: "var(--comment)" },
]);

const theme = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "transparent" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { font: ".8rem/1.6 var(--mono)" },
  ".cm-content": { caretColor: "var(--ink)", padding: ".75em 0" },
  ".cm-line": { padding: "0 1em" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--selection) !important" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--selection)" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--comment)", border: "0" },
});

const markdown = new Language(defineLanguageFacet(), parser.configure(GFM), [], "markdown");

/** The extension for code of a notebook's language; other languages than ours stay plain. */
export function codeLanguage(language: string): Extension {
  if (language === "typescript") return javascript({ typescript: true });
  return language === "javascript" ? javascript() : [];
}

export const markdownLanguage: Extension = markdown;

export const look: Extension = [theme, syntaxHighlighting(colours)];
