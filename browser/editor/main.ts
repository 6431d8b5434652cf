/** The page of `axial-lab notebook edit`: the files of a folder, or, where the address names one, a notebook. */
import { startTheme } from "../page/theme.js";
import { openFolder } from "./files/file-list.js";
import { openNotebook, type OpenNotebook } from "./notebook/open.js";
import { liveRegion } from "./page/announce.js";
import { el } from "./page/dom.js";
import { folderOf, isNotebook, pageAddress } from "./page/links.js";

const path = new URLSearchParams(location.search).get("path") ?? "";
let opened: OpenNotebook | null = null;

async function open(): Promise<void> {
  document.body.append(liveRegion);
  startTheme(() => opened?.recolour());
  if (!isNotebook(path)) return openFolder(path);
  opened = await openNotebook(path);
}

open().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  document.body.append(
    el(
      "main",
      { class: "failure" },
      el("h1", {}, "This cannot be opened"),
      el("p", { role: "alert" }, message),
      el("p", {}, el("a", { href: pageAddress(folderOf(path)) }, "Files")),
    ),
  );
  document.documentElement.dataset.shown = "true";
  console.error(error);
});
