/** Opens a notebook: reads it, shows it, connects its kernel, and keeps all three together. */
import { EditedNotebook } from "../../../src/notebook/editing/document.js";
import { setSource } from "../../../src/notebook/editing/operations.js";
import { notebookOf, type CodeCell } from "../../../src/notebook/nbformat.js";
import type { CellHost } from "../cells/cell.js";
import { announce } from "../page/announce.js";
import { fileAddress, resolvedPath } from "../page/links.js";
import { createNotices, type Notices } from "../page/notices.js";
import { readNotebook, type NotebookEntry } from "../protocol/contents.js";
import type { Message } from "../protocol/messages.js";
import { askAboutConflict } from "../saving/conflicts.js";
import { recall } from "../saving/drafts.js";
import { Saver, type SaveState } from "../saving/saver.js";
import { Tabs } from "../saving/tabs.js";
import { WidgetManager } from "../live-widgets/manager.js";
import { cellCommands } from "./cell-commands.js";
import { checkCell, codeAbove } from "./check.js";
import type { Command } from "./commands.js";
import { Executions } from "./executions.js";
import { FindBar } from "./find-bar.js";
import { showHelp } from "./help.js";
import { KernelMemory } from "./kernel-memory.js";
import { KernelSession } from "./kernel-session.js";
import { KernelStatus } from "./kernel-status.js";
import { editKeys, listenToKeys } from "./keyboard.js";
import { runCells, runCommands } from "./run-commands.js";
import { Toolbar } from "./toolbar.js";
import { viewCommands } from "./view-commands.js";
import { NotebookView } from "./view.js";

/** Keys that an editor leaves to the notebook. */
const boundKeys = [
  "Shift-Enter",
  "Ctrl-Enter",
  "Mod-Enter",
  "Alt-Enter",
  "Escape",
  "ArrowUp",
  "ArrowDown",
  "Ctrl-Shift--",
  "Mod-Shift--",
];

interface NotebookMetadata {
  kernelspec?: { name?: string; language?: string; display_name?: string };
  language_info?: { name?: string };
}

export interface OpenNotebook {
  /** Draws what is drawn in colours again. */
  recolour(): void;
}

/** Opens the notebook of a path in the page's body. Throws where it cannot be read. */
export async function openNotebook(path: string): Promise<OpenNotebook> {
  const entry = await readNotebook(path);
  return new NotebookPage(path, entry);
}

class NotebookPage implements OpenNotebook {
  private readonly notices: Notices = createNotices();
  private readonly notebook: EditedNotebook;
  private readonly session: KernelSession;
  private readonly executions: Executions;
  private readonly memory: KernelMemory;
  private readonly widgets: WidgetManager;
  private readonly view: NotebookView;
  private readonly saver: Saver;
  private readonly tabs: Tabs;
  private readonly find: FindBar;
  private readonly toolbar: Toolbar;
  private readonly status: KernelStatus;
  private readonly commands: Command[];
  private readOnly = false;

  constructor(
    private readonly path: string,
    entry: NotebookEntry,
  ) {
    const recalled = recall(path, notebookOf(entry.content, path), entry.hash ?? null);
    const metadata = recalled.notebook.metadata as NotebookMetadata;
    this.notebook = new EditedNotebook(recalled.notebook);
    this.executions = new Executions(this.notebook, {
      onState: (cell, state) => {
        this.view.codeView(cell)?.setState(state);
        this.status.show();
      },
      onEnd: (cell, ok, milliseconds) => this.onEnd(cell, ok, milliseconds),
      onQuestion: (cell, message) => this.onQuestion(cell, message),
    });
    this.memory = new KernelMemory(path, this.notebook, this.executions);
    this.session = new KernelSession({
      path,
      preferred: metadata.kernelspec?.name,
      resume: (kernel) => this.memory.resume(kernel),
      listener: {
        onMessage: (message) => this.onMessage(message),
        onState: () => this.status.show(),
        onConnected: () => void this.settle(),
        onRestart: () => this.onRestart(),
      },
    });
    this.widgets = new WidgetManager(
      () => this.session.client,
      () => this.memory.session,
    );
    this.find = new FindBar(this.notebook, () => this.view);
    this.view = new NotebookView(this.notebook, this.host(metadata), () => undefined);
    this.saver = new Saver({
      notebook: this.notebook,
      path,
      hash: recalled.hash,
      changed: recalled.changed,
      onState: (state, reason) => this.showSaved(state, reason),
      onConflict: (theirs) => this.askAboutConflict(theirs),
      onKept: () => this.memory.kept(),
    });
    const context = { ...this.parts(), path };
    this.commands = [
      ...runCommands(context),
      ...cellCommands(context),
      ...viewCommands(context, { help: () => showHelp(this.commands) }),
    ];
    const isAllowed = (command: Command): boolean => !(this.readOnly && command.edits);
    this.toolbar = new Toolbar(path, this.commands, isAllowed);
    listenToKeys(this.commands, isAllowed);
    const restart = this.commands.find(({ id }) => id === "restart")!;
    this.status = new KernelStatus({ ...this.parts(), toolbar: this.toolbar, restart: () => void restart.run() });
    this.tabs = new Tabs(path, {
      onOther: () => this.onlyRead("This notebook is open in another tab, which edits it. This one only reads."),
      onTaken: () => this.giveAway(),
      onFree: () => this.onlyRead("No other tab edits this notebook any more. This one only reads."),
    });
    document.title = `${path.split("/").at(-1)} \u2013 axial-lab`;
    document.body.append(this.toolbar.element, this.find.element, this.notices.element, this.view.element);
    this.toolbar.showSaved(this.saver.state);
    this.status.show();
    this.view.select(0);
    void this.begin();
  }

  recolour(): void {
    this.view.recolour();
  }

  private async begin(): Promise<void> {
    // While the other tabs have time to answer, the cells are drawn.
    const editing = this.tabs.begin();
    await this.view.drawProse(this.notebook.cells);
    document.documentElement.dataset.shown = "true";
    if (await editing) await this.connect();
  }

  private async connect(): Promise<void> {
    await this.session.start();
    this.widgets.requestStates();
    const info = await this.session.ready();
    const metadata = this.notebook.metadata as NotebookMetadata;
    const { info: kernel } = this.session;
    // A new notebook says of itself what its cells are written in.
    if (info && kernel && (metadata.kernelspec === undefined || metadata.language_info === undefined))
      this.notebook.setMetadata({
        ...metadata,
        kernelspec: { name: kernel.name, display_name: kernel.displayName, language: kernel.language },
        language_info: info.language_info,
      });
    this.status.show();
  }

  private onMessage(message: Message): void {
    this.widgets.onMessage(message);
    this.executions.onMessage(message);
    this.memory.note(message);
  }

  /** After a connection broke: cells whose run the kernel never heard of, or has forgotten, do not wait for ever. */
  private async settle(): Promise<void> {
    const { requests } = this.executions;
    if (requests.length > 0 && (await this.session.isAtRest().catch(() => false))) this.executions.abandon(requests);
  }

  private onEnd(cell: CodeCell, ok: boolean | null, milliseconds: number): void {
    const place = this.notebook.cells.indexOf(cell) + 1;
    const end = ok === null ? "was not run to its end" : ok ? "ended" : "failed";
    const time = ok === null || milliseconds < 1000 ? "" : ` after ${(milliseconds / 1000).toFixed(1)} s`;
    announce(`Cell ${place} ${end}${time}.`);
    this.view.codeView(this.view.activeCell)?.check();
  }

  private onQuestion(cell: CodeCell, { content, header }: Message): void {
    const { client } = this.session;
    this.view.codeView(cell)?.ask({
      prompt: typeof content.prompt === "string" ? content.prompt : "",
      password: content.password === true,
      answer: (value) => void client?.send("stdin", "input_reply", { status: "ok", value }, { parent: header }),
    });
  }

  private onRestart(): void {
    this.executions.abandon();
    this.widgets.clear();
  }

  private showSaved(state: SaveState, reason: string): void {
    this.toolbar?.showSaved(state);
    if (state === "failed") {
      const text = `The notebook could not be saved: ${reason} It is kept in this browser, and saving is tried again.`;
      this.notices.show("save", { text, choices: [{ label: "Try now", choose: () => void this.saver.save() }] });
    } else if (state === "saved") this.notices.hide("save");
  }

  private askAboutConflict(theirs: string | null): void {
    const { path, notebook, saver, notices } = this;
    askAboutConflict({ path, notebook, saver, notices }, theirs);
  }

  /** Another tab edits: here nothing is changed, saved or run until the reader wants it. */
  private onlyRead(text: string): void {
    this.readOnly = true;
    this.saver.setReadOnly(true);
    this.view.setReadOnly(true);
    this.find.setReadOnly(true);
    this.session.client?.close();
    // The file is read anew, with all that the other tab has saved.
    const choices = [{ label: "Edit here", choose: () => this.tabs.take(() => location.reload()) }];
    this.notices.show("tab", { kind: "asks", text, choices });
  }

  private async giveAway(): Promise<void> {
    await this.saver.save();
    this.onlyRead("Another tab has taken over this notebook. This one only reads.");
  }

  private parts() {
    const { notebook, view, session, executions, saver, find, notices } = this;
    return { notebook, view, session, executions, saver, find, notices };
  }

  private host(metadata: NotebookMetadata): CellHost {
    const isAllowed = (command: Command): boolean => !(this.readOnly && command.edits);
    return {
      language: metadata.kernelspec?.language ?? metadata.language_info?.name ?? "typescript",
      outputs: {
        path: this.path,
        widgets: this.widgets,
        pictures: (address) => {
          const file = resolvedPath(this.path, address);
          return file === null ? null : fileAddress(file);
        },
      },
      editKeys: editKeys(() => this.commands, isAllowed, boundKeys),
      ask: async (cell, type, content) => {
        // Our kernel then knows what cells above declare that have not been run.
        const request = { ...content, cells: codeAbove(this.notebook, cell) };
        return (await this.session.client?.request(type, request).catch(() => null)) ?? null;
      },
      check: (cell, code) => checkCell(this.notebook, cell, code, this.session.client?.id ?? null),
      sourceChanged: (cell, source) => setSource(this.notebook, cell, source),
      editing: (cell) => this.view.onEditing(cell),
      edit: (cell) => {
        if (this.readOnly) return;
        this.view.select(this.notebook.cells.indexOf(cell));
        this.view.edit();
      },
      run: (cell) => {
        if (!this.readOnly) runCells({ ...this.parts(), path: this.path }, [cell]);
      },
    };
  }
}
