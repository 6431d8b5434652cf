/** JupyterLab with our kernel, and Chromium to look at it: started for a test, gone without a trace after it. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";
import { formatNotebook, parseNotebook } from "../../src/notebook/file.js";
import { packageFolder } from "../../src/core/version.js";

export interface Lab {
  /** The folder of the notebooks, in which `axial-lab` is installed. */
  readonly folder: string;
  /** Writes a notebook of these code cells. */
  write(name: string, cells: readonly string[]): void;
  /** Opens a notebook of the folder in a page of its own, and waits until its kernel is idle. */
  open(name: string): Promise<LabPage>;
  stop(): Promise<void>;
}

export interface LabPage {
  readonly page: Page;
  /** Runs a command of JupyterLab, as its menus do. */
  command(name: string): Promise<void>;
  /** Adds a cell at the end, runs it, and gives the text of its outputs when it has ended. */
  run(code: string): Promise<string>;
  /** Adds a cell at the end and starts it. */
  start(code: string): Promise<number>;
  /** Waits until a cell has ended; the text of its outputs. */
  ended(cell: number): Promise<string>;
  runAll(): Promise<void>;
  /** Prompts of all code cells, such as `[3]:`. */
  prompts(): Promise<string[]>;
  /** Waits until the notebook is there, with a kernel that has nothing to do. */
  untilIdle(): Promise<void>;
}

/** The program in the search path, or an error that says what to install. */
function programOf(name: string, otherwise: string | undefined): string {
  const found = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, name));
  const path = [...(otherwise === undefined ? [] : [otherwise]), ...found].find((file) => existsSync(file));
  if (path === undefined) throw new Error(`jupyterlab: ${name} must be in the search path, got none`);
  return path;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const settings = {
  "apputils-extension/notification": { fetchNews: "false", checkForUpdates: false },
  // Every cell is in the page, also those that are not in sight.
  "notebook-extension/tracker": { windowingMode: "none", autoStartDefaultKernel: true },
};

/** Starts JupyterLab with the kernelspec that `axial-lab kernel install --prefix` writes, and nothing of the user's. */
export async function startLab(): Promise<Lab> {
  const root = mkdtempSync(join(tmpdir(), "axial-jupyterlab-"));
  const folder = join(root, "notebooks");
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  symlinkSync(packageFolder, join(folder, "node_modules", "axial-lab"), "junction");
  for (const [name, values] of Object.entries(settings)) {
    const [extension, plugin] = name.split("/");
    mkdirSync(join(root, "settings", "@jupyterlab", extension), { recursive: true });
    const file = join(root, "settings", "@jupyterlab", extension, `${plugin}.jupyterlab-settings`);
    writeFileSync(file, JSON.stringify(values));
  }
  const cli = join(packageFolder, "dist", "src", "cli", "main.js");
  execFileSync(process.execPath, [cli, "kernel", "install", "--prefix", join(root, "prefix")]);

  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const flags = {
    "ServerApp.root_dir": folder,
    "ServerApp.port": port,
    "ServerApp.port_retries": 0,
    "IdentityProvider.token": "",
    "ServerApp.password": "",
    "LabApp.expose_app_in_browser": "True",
  };
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  const jupyter = programOf("jupyter-lab", process.env.JUPYTER_LAB);
  let log = "";
  const server: ChildProcess = spawn(jupyter, ["--no-browser", "--allow-root", ...args], {
    env: {
      ...process.env,
      JUPYTER_PATH: join(root, "prefix", "share", "jupyter"),
      JUPYTER_CONFIG_DIR: join(root, "config"),
      JUPYTER_DATA_DIR: join(root, "data"),
      JUPYTER_RUNTIME_DIR: join(root, "runtime"),
      JUPYTERLAB_SETTINGS_DIR: join(root, "settings"),
      JUPYTERLAB_WORKSPACES_DIR: join(root, "workspaces"),
    },
  });
  server.stderr?.on("data", (bytes: Buffer) => (log += bytes.toString()));
  let browser: Browser | undefined;
  const stop = async () => {
    await browser?.close();
    const ended = new Promise((resolve) => server.once("exit", resolve));
    if (server.exitCode === null && server.kill("SIGTERM")) await ended;
    rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await untilAnswered(`${address}/api/status`, server, () => log);
    const executablePath = programOf("chromium", process.env.CHROMIUM);
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  } catch (error) {
    await stop();
    throw error;
  }
  const opened = browser;
  return {
    folder,
    write(name, cells) {
      const file = { nbformat: 4, nbformat_minor: 5, metadata: {}, cells: cells.map(codeCell) };
      const notebook = parseNotebook(JSON.stringify(file), name);
      notebook.metadata = { kernelspec: { name: "axial-lab", display_name: "TypeScript (axial-lab)" } };
      writeFileSync(join(folder, name), formatNotebook(notebook));
    },
    async open(name) {
      const page = await opened.newPage({ viewport: { width: 1100, height: 1000 } });
      await page.goto(`${address}/lab/tree/${name}?reset`);
      const lab = labPage(page);
      await lab.untilIdle();
      return lab;
    },
    stop,
  };
}

const codeCell = (source: string) => ({ cell_type: "code", metadata: {}, outputs: [], execution_count: null, source });

async function untilAnswered(address: string, server: ChildProcess, log: () => string): Promise<void> {
  for (let tries = 0; tries < 300 && server.exitCode === null; tries++) {
    const answer = await fetch(address).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`jupyterlab: the server must answer, got nothing\n${log()}`);
}

/** What JupyterLab publishes in the page, as far as we use it. */
interface JupyterApp {
  commands: { execute(name: string, args?: object): Promise<unknown> };
  shell: {
    currentWidget: {
      context: { isReady: boolean };
      sessionContext: { isReady: boolean; session: { kernel: { status: string } | null } | null };
      content: {
        activeCellIndex: number;
        widgets: { model: { type: string; sharedModel: { setSource(code: string): void } } }[];
      };
    } | null;
  };
}
type LabWindow = typeof globalThis & { jupyterapp: JupyterApp };

function labPage(page: Page): LabPage {
  const command = async (name: string) => {
    await page.evaluate(
      async (id) => void (await (window as unknown as LabWindow).jupyterapp.commands.execute(id)),
      name,
    );
  };
  const prompts = () => page.locator(".jp-CodeCell .jp-InputArea-prompt").allTextContents();

  const start = (code: string): Promise<number> =>
    page.evaluate(async (source) => {
      const { commands, shell } = (window as unknown as LabWindow).jupyterapp;
      const notebook = shell.currentWidget?.content;
      if (!notebook) throw new Error("jupyterlab: a notebook must be open");
      notebook.activeCellIndex = notebook.widgets.length - 1;
      await commands.execute("notebook:insert-cell-below");
      const index = notebook.widgets.length - 1;
      notebook.activeCellIndex = index;
      notebook.widgets[index].model.sharedModel.setSource(source);
      void commands.execute("notebook:run-cell");
      return notebook.widgets.slice(0, index).filter(({ model }) => model.type === "code").length;
    }, code);

  const ended = async (cell: number): Promise<string> => {
    const whole = page.locator(".jp-CodeCell").nth(cell);
    await whole.locator(".jp-InputArea-prompt", { hasText: /\[\d+\]:/ }).waitFor({ timeout: 120_000 });
    return (await whole.locator(".jp-OutputArea-output").allInnerTexts()).join("\n");
  };

  return {
    page,
    command,
    prompts,
    start,
    ended,
    run: async (code) => ended(await start(code)),
    runAll: () => command("notebook:run-all-cells"),
    async untilIdle() {
      await page.waitForFunction(
        () => {
          const widget = (window as unknown as Partial<LabWindow>).jupyterapp?.shell.currentWidget;
          return (
            widget?.context?.isReady === true &&
            widget.sessionContext.isReady &&
            widget.sessionContext.session?.kernel?.status === "idle"
          );
        },
        undefined,
        { timeout: 120_000 },
      );
    },
  };
}
