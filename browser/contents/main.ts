/** The search of a book's contents page: every section of every chapter, in the page itself, as one types. */
import MiniSearch from "minisearch";

interface Entry {
  readonly address: string;
  readonly chapter: string;
  readonly section: string;
  readonly text: string;
}

/** Sections shown, and characters of text around the first word found in one. */
const most = 20;
const excerptLength = 160;

const form = document.querySelector<HTMLFormElement>("form.search")!;
const field = form.querySelector("input")!;
const list = form.querySelector("ol")!;
const told = form.querySelector("p")!;
const entries = JSON.parse(document.querySelector("#search-index")!.textContent ?? "[]") as Entry[];

const search = new MiniSearch<Entry & { id: number }>({
  fields: ["section", "chapter", "text"],
  searchOptions: { boost: { section: 4, chapter: 2 }, prefix: true, fuzzy: 0.15, combineWith: "AND" },
});
search.addAll(entries.map((entry, id) => ({ ...entry, id })));

/** The text around the first of the words, which stand in it as they were matched. */
function excerpt(text: string, words: readonly string[]): string {
  const lower = text.toLowerCase();
  const places = words.map((word) => lower.indexOf(word)).filter((place) => place >= 0);
  const first = places.reduce((a, b) => Math.min(a, b), text.length);
  const start = first === text.length ? 0 : Math.max(0, first - excerptLength / 3);
  const piece = text.slice(start, start + excerptLength).trim();
  return `${start > 0 ? "\u2026" : ""}${piece}${start + excerptLength < text.length ? "\u2026" : ""}`;
}

function show(query: string): void {
  const found = query.trim() === "" ? [] : search.search(query);
  told.textContent = query.trim() === "" ? "" : `${found.length} ${found.length === 1 ? "section" : "sections"}`;
  list.replaceChildren(
    ...found.slice(0, most).map(({ id, terms }) => {
      const { address, chapter, section, text } = entries[id as number];
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = address;
      link.textContent = section === chapter ? chapter : `${section} \u2013 ${chapter}`;
      const around = document.createElement("p");
      around.textContent = excerpt(text, terms);
      item.append(link, around);
      return item;
    }),
  );
}

form.hidden = false;
form.addEventListener("submit", (event) => event.preventDefault());
field.addEventListener("input", () => show(field.value));
field.value = new URLSearchParams(location.search).get("q") ?? "";
show(field.value);
