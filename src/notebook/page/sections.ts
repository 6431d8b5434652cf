/** What a page says, section by section: for search. */
import { Parser } from "htmlparser2";

export interface Section {
  /** Anchor on the page; empty for what stands before the first heading. */
  readonly id: string;
  readonly title: string;
  readonly text: string;
}

const headings = new Set(["h1", "h2", "h3"]);
/** What ends within a word or before a full stop. */
const inline = new Set(["a", "abbr", "b", "code", "em", "i", "kbd", "mark", "s", "span", "strong", "sub", "sup", "u"]);
/** Formulas are found by their signs and the TeX in them, figures by their names; the rest of both is drawing. */
const left = new Set(["script", "style", "svg"]);
const isLeftOut = (name: string, { class: classes = "" }: Record<string, string>): boolean =>
  left.has(name) || /\bkatex-html\b/.test(classes);

/** The text of rendered Markdown as one reads it: of a formula its signs alone. */
export const readableText = (html: string): string =>
  sectionsOf(html.replace(/<annotation[^]*?<\/annotation>/g, ""))[0]?.text ?? "";

/** The sections of rendered notebook cells, by headings of the first three levels. */
export function sectionsOf(html: string): Section[] {
  const sections: Section[] = [];
  let [id, title, text] = ["", "", ""];
  let inHeading = false;
  const open: boolean[] = [];
  const end = (): void => {
    const section = { id, title: title.trim(), text: text.replace(/\s+/g, " ").trim() };
    if (section.title !== "" || section.text !== "") sections.push(section);
  };
  const parser = new Parser({
    onopentag(name, attributes) {
      open.push(open.at(-1) === true || isLeftOut(name, attributes));
      if (!headings.has(name)) return;
      end();
      [id, title, text] = [attributes.id ?? "", "", ""];
      inHeading = true;
    },
    ontext(piece) {
      if (open.at(-1) === true) return;
      if (inHeading) title += piece;
      else text += piece;
    },
    onclosetag(name) {
      open.pop();
      if (headings.has(name)) inHeading = false;
      else if (!inHeading && !inline.has(name)) text += " ";
    },
  });
  parser.end(html);
  end();
  return sections;
}
