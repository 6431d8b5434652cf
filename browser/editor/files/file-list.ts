/** The files of a folder: notebooks to open, folders to go into, and what can be done with them. */
import { confirmed, askedText } from "../page/dialogs.js";
import { button, el } from "../page/dom.js";
import { icon } from "../page/icons.js";
import { fileAddress, folderOf, pageAddress } from "../page/links.js";
import { createNotices } from "../page/notices.js";
import { createNotebook, deleteFile, listFolder, renameFile, type Entry } from "../protocol/contents.js";
import { runningSessions } from "../protocol/sessions.js";

/** Between two looks at the folder, in milliseconds. */
const pause = 10_000;

const order: Readonly<Record<Entry["type"], number>> = { directory: 0, notebook: 1, file: 2 };

const sorted = (entries: readonly Entry[]): Entry[] =>
  [...entries].sort(
    (a, b) => order[a.type] - order[b.type] || a.name.localeCompare(b.name, undefined, { numeric: true }),
  );

const addressOf = ({ type, path }: Entry): string => (type === "file" ? fileAddress(path) : pageAddress(path));

function sizeOf(bytes: number | null): string {
  if (bytes === null) return "";
  const units = ["B", "kB", "MB", "GB"];
  let [value, unit] = [bytes, 0];
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

const timeOf = (iso: string): string =>
  new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Where the folder lies, each part a link. */
function crumbs(folder: string): HTMLElement {
  const parts = folder === "" ? [] : folder.split("/");
  const links = parts.map((name, i) => el("a", { href: pageAddress(parts.slice(0, i + 1).join("/")) }, name));
  const all = [el("a", { href: pageAddress("") }, "Files"), ...links];
  all.at(-1)!.setAttribute("aria-current", "page");
  return el(
    "nav",
    { class: "crumbs", "aria-label": "Folder" },
    ...all.flatMap((link, i) => (i > 0 ? [" / ", link] : [link])),
  );
}

export async function openFolder(folder: string): Promise<void> {
  const notices = createNotices();
  const list = el("tbody");
  const failed = (error: unknown): void => notices.show("failed", { text: (error as Error).message });
  const doing = (work: () => Promise<unknown>): void => void work().then(draw).catch(failed);

  const rename = async ({ path, name }: Entry): Promise<void> => {
    const next = await askedText("Rename", "New name", name);
    if (next !== null && next !== name) await renameFile(path, [folderOf(path), next].filter(Boolean).join("/"));
  };
  const remove = async ({ path, name }: Entry): Promise<void> => {
    if (await confirmed({ title: `Delete ${name}?`, text: "It is deleted from the disk.", action: "Delete" }))
      await deleteFile(path);
  };

  const row = (entry: Entry, running: ReadonlySet<string>): HTMLElement => {
    const link = el("a", { href: addressOf(entry) }, entry.name);
    if (entry.type === "file") link.target = "_blank";
    const state = running.has(entry.path) ? [el("span", { class: "running" }, "running")] : [];
    const actions = [
      button("Rename", () => doing(() => rename(entry)), { "aria-label": `Rename ${entry.name}` }),
      button("Delete", () => doing(() => remove(entry)), { "aria-label": `Delete ${entry.name}` }),
    ];
    return el(
      "tr",
      { "data-type": entry.type },
      el("th", { scope: "row" }, link, ...state),
      el("td", { class: "size" }, sizeOf(entry.size)),
      el("td", { class: "time" }, timeOf(entry.last_modified)),
      el("td", { class: "actions" }, ...actions),
    );
  };

  async function draw(): Promise<void> {
    const [entries, sessions] = await Promise.all([listFolder(folder), runningSessions().catch(() => [])]);
    const running = new Set(sessions.map(({ path }) => path));
    // What has the focus keeps it: the list is drawn anew only where it is another.
    const rows = sorted(entries).map((entry) => row(entry, running));
    if (rows.length === 0) rows.push(el("tr", {}, el("td", { colspan: 4, class: "none" }, "Nothing is here yet.")));
    const drawn = rows.map(({ outerHTML }) => outerHTML).join("");
    if (drawn === list.innerHTML) return;
    list.replaceChildren(...rows);
  }

  const create = button(
    "New notebook",
    () => void createNotebook(folder).then((path) => (location.href = pageAddress(path)), failed),
    { class: "primary" },
  );
  create.prepend(icon("add"));
  const head = ["Name", "Size", "Changed", "Actions"].map((name) => el("th", { scope: "col" }, name));
  const table = el("table", { class: "files" }, el("thead", {}, el("tr", {}, ...head)), list);
  const bar = el("header", { class: "bar" }, el("div", { class: "title" }, el("h1", {}, crumbs(folder)), create));
  document.title = `${folder === "" ? "Files" : folder} \u2013 axial-lab`;
  document.body.append(bar, notices.element, el("main", { class: "folder" }, table));
  await draw();
  document.documentElement.dataset.shown = "true";
  window.setInterval(() => void (document.hidden || draw().catch(() => undefined)), pause);
}
