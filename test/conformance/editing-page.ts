/** `notebook edit` as a reader has it: the server over a folder, and pages of a real browser on its notebooks. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext, BrowserContextOptions, Locator, Page } from "playwright-core";
import { packageFolder } from "../../src/core/version.js";
import { startEditor, type Editor } from "../../src/editor/server.js";
import { formatNotebook, parseNotebook, type CodeCell, type Notebook } from "../../src/notebook/nbformat.js";
import { openPage } from "../helpers/chromium.js";

export interface Desk {
  readonly folder: string;
  readonly editor: Editor;
  /** Writes a notebook of these code cells. */
  write(name: string, sources: readonly string[]): void;
  text(name: string): string;
  read(name: string): Notebook;
  /** Opens a notebook, and waits until its kernel is idle. In a context that is given, as a further tab of it. */
  open(name: string, options?: BrowserContextOptions & { context?: BrowserContext }): Promise<NotebookPage>;
  /** Ends the server, kernels and all, and starts it anew under the same address. */
  restartServer(meanwhile?: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

export interface NotebookPage {
  readonly page: Page;
  /** What the page's console and its scripts complained of. */
  readonly complaints: string[];
  cell(index: number): Locator;
  /** Replaces the source of a cell by what one types. */
  type(index: number, source: string): Promise<void>;
  /** Runs a cell as one does, by its key, and waits until it has ended; the text of its outputs. */
  run(index: number): Promise<string>;
  outputs(index: number): Promise<string>;
  ended(index: number): Promise<string>;
  untilIdle(): Promise<void>;
  untilSaved(): Promise<void>;
  notice(name: string): Locator;
  /** A command of the toolbar or the menu. */
  command(name: string): Promise<void>;
}

/** A slow machine runs these tests too, in milliseconds. */
const patience = 60_000;

export async function openDesk(): Promise<Desk> {
  const folder = mkdtempSync(join(tmpdir(), "axial-desk-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(packageFolder, join(folder, "node_modules", "axial-lab"), "junction");
  let editor = await startEditor({ folder });
  const { token, origin } = editor;
  const text = (name: string) => readFileSync(join(folder, name), "utf8");
  return {
    folder,
    get editor() {
      return editor;
    },
    write(name, sources) {
      const cells = sources.map((source, i): CodeCell => {
        return { cell_type: "code", id: `cell-${i}`, source, metadata: {}, outputs: [], execution_count: null };
      });
      const kernelspec = { name: "axial-lab", display_name: "TypeScript (axial-lab)", language: "typescript" };
      const metadata = { kernelspec, language_info: { name: "typescript" } };
      writeFileSync(join(folder, name), formatNotebook({ nbformat: 4, nbformat_minor: 5, metadata, cells }));
    },
    text,
    read: (name) => parseNotebook(text(name), name),
    async open(name, { context, ...options } = {}) {
      const page = context
        ? await context.newPage()
        : await openPage({ viewport: { width: 1280, height: 900 }, ...options });
      page.setDefaultTimeout(patience);
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(error.stack ?? error.message));
      page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
      await page.goto(`${origin}/?${new URLSearchParams({ token, path: name })}`);
      await page.waitForSelector("html[data-shown]");
      return notebookPage(page, complaints);
    },
    async restartServer(meanwhile = () => Promise.resolve()) {
      await editor.close();
      await meanwhile();
      editor = await startEditor({ folder, token, port: Number(new URL(origin).port) });
    },
    async close() {
      await editor.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function notebookPage(page: Page, complaints: string[]): NotebookPage {
  const cell = (index: number) => page.locator("main.notebook > .cell").nth(index);
  const editor = (index: number) => cell(index).locator(".cm-content");
  const outputs = async (index: number) =>
    (await cell(index).locator(".outputs > *").allInnerTexts()).map((each) => each.trim()).join("\n");
  const ended = async (index: number) => {
    await cell(index).and(page.locator("[data-state='idle'][aria-label*='run ']")).waitFor();
    // What a cell puts out is drawn a little after it has come.
    await page.waitForTimeout(200);
    return outputs(index);
  };
  return {
    page,
    complaints,
    cell,
    outputs,
    ended,
    async type(index, source) {
      await editor(index).click();
      await page.keyboard.press("ControlOrMeta+a");
      await page.keyboard.insertText(source);
    },
    async run(index) {
      await editor(index).click();
      await page.keyboard.press("Control+Enter");
      return ended(index);
    },
    untilIdle: () => page.locator(".kernel-state[data-state='idle']").waitFor(),
    untilSaved: () => page.locator(".save-state[data-state='saved']").waitFor(),
    notice: (name) => page.locator(`.notice[data-name="${name}"]`),
    async command(name) {
      const button = page.locator(`.tools > [data-command="${name}"]`);
      if ((await button.count()) > 0) return button.click();
      await page.getByRole("button", { name: "All commands" }).click();
      await page.locator(`.menu [data-command="${name}"]`).click();
    },
  };
}
