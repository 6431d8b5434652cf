/** A headless Firefox, driven by WebDriver BiDi, which it speaks itself: what is seen in Chromium holds for another browser. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import WebSocket from "ws";

/** What the browser answers to a command, or tells by itself. */
interface Message {
  readonly id?: number;
  readonly type: "success" | "error" | "event";
  readonly result?: unknown;
  readonly message?: string;
  readonly method?: string;
  readonly params?: { readonly level?: string; readonly text?: string };
}

/** No command takes so long; one that does hangs. */
const patience = 60_000;

/** Which page is looked at, and how. */
export interface FirefoxOptions {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: "light" | "dark";
}

/** One page of a Firefox of its own. */
export class FirefoxPage {
  /** What scripts have complained about. */
  readonly errors: string[] = [];
  private readonly waiting = new Map<number, (message: Message) => void>();
  private last = 0;
  private context = "";

  private constructor(
    private readonly browser: ChildProcess,
    private readonly socket: WebSocket,
    private readonly profile: string,
  ) {
    socket.on("message", (data: Buffer) => this.receive(JSON.parse(data.toString("utf8")) as Message));
  }

  /** Starts the program; `close` ends it. */
  static async open(program: string, options: FirefoxOptions = {}): Promise<FirefoxPage> {
    const { width = 1280, height = 900, colorScheme = "light" } = options;
    const profile = mkdtempSync(join(tmpdir(), "firefox-"));
    const scheme = colorScheme === "dark" ? 0 : 1;
    writeFileSync(
      join(profile, "user.js"),
      `user_pref("layout.css.prefers-color-scheme.content-override", ${scheme});\n`,
    );
    const browser = spawn(program, ["--headless", "--profile", profile, "--remote-debugging-port", "0"], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const socket = new WebSocket(`${await addressOf(browser)}/session`);
    await once(socket, "open");
    const page = new FirefoxPage(browser, socket, profile);
    await page.send("session.new", { capabilities: {} });
    await page.send("session.subscribe", { events: ["log.entryAdded"] });
    const { contexts } = await page.send<{ contexts: readonly { context: string }[] }>("browsingContext.getTree", {});
    page.context = contexts[0].context;
    await page.send("browsingContext.setViewport", { context: page.context, viewport: { width, height } });
    return page;
  }

  async goto(url: string): Promise<void> {
    await this.send("browsingContext.navigate", { context: this.context, url, wait: "complete" });
  }

  /** The value of an expression, which may be a promise of something that JSON can say. */
  async evaluate<T>(expression: string): Promise<T> {
    const answer = await this.send<{ type: string; result?: { value?: string }; exceptionDetails?: { text: string } }>(
      "script.evaluate",
      {
        expression: `Promise.resolve(${expression}).then((value) => JSON.stringify(value ?? null))`,
        target: { context: this.context },
        awaitPromise: true,
      },
    );
    if (answer.type !== "success") throw new Error(`${expression}: ${answer.exceptionDetails?.text ?? "failed"}`);
    return JSON.parse(answer.result!.value!) as T;
  }

  /** Until an expression is true. */
  async waitFor(expression: string): Promise<void> {
    const until = performance.now() + patience;
    while (!(await this.evaluate<boolean>(`Boolean(${expression})`))) {
      if (performance.now() > until)
        throw new Error(`${expression}: must come true, did not within ${patience / 1000} s`);
      await wait(50);
    }
  }

  /** Chooses files, as a reader does. */
  async setFiles(selector: string, files: readonly string[]): Promise<void> {
    const element = await this.locate(selector);
    await this.send("input.setFiles", { context: this.context, element, files });
  }

  /** A click at so many pixels from an element's middle. */
  async click(selector: string, x = 0, y = 0): Promise<void> {
    const origin = { type: "element", element: await this.locate(selector) };
    await this.evaluate(
      `document.querySelector(${JSON.stringify(selector)}).scrollIntoView({ block: "center", behavior: "instant" })`,
    );
    const actions = [
      { type: "pointerMove", x, y, origin },
      { type: "pointerDown", button: 0 },
      { type: "pointerUp", button: 0 },
    ];
    const pointer = { type: "pointer", id: "mouse", actions };
    await this.send("input.performActions", { context: this.context, actions: [pointer] });
  }

  /** Types into what has the focus. */
  async type(text: string): Promise<void> {
    const actions = [...text].flatMap((value) => ["keyDown", "keyUp"].map((type) => ({ type, value })));
    const keys = { type: "key", id: "keyboard", actions };
    await this.send("input.performActions", { context: this.context, actions: [keys] });
  }

  /** A PNG of what is seen. */
  async screenshot(): Promise<Buffer> {
    const { data } = await this.send<{ data: string }>("browsingContext.captureScreenshot", { context: this.context });
    return Buffer.from(data, "base64");
  }

  async close(): Promise<void> {
    const ended = once(this.browser, "exit");
    await this.send("browser.close", {}).catch(() => this.browser.kill());
    await ended;
    this.socket.close();
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  private async locate(selector: string): Promise<unknown> {
    const locator = { type: "css", value: selector };
    const { nodes } = await this.send<{ nodes: readonly { sharedId: string }[] }>("browsingContext.locateNodes", {
      context: this.context,
      locator,
    });
    if (nodes.length === 0) throw new Error(`${selector}: must be on the page, got none`);
    return { sharedId: nodes[0].sharedId };
  }

  private receive(message: Message): void {
    if (message.method === "log.entryAdded" && message.params?.level === "error")
      this.errors.push(message.params.text ?? "an error without words");
    if (message.id !== undefined) this.waiting.get(message.id)?.(message);
  }

  private async send<T = unknown>(method: string, params: object): Promise<T> {
    const id = ++this.last;
    const answer = new Promise<Message>((resolve) => this.waiting.set(id, resolve));
    this.socket.send(JSON.stringify({ id, method, params }));
    const late = wait(patience, null, { ref: false }).then((): never => {
      throw new Error(`${method}: must be answered, was not within ${patience / 1000} s`);
    });
    const { type, result, message } = await Promise.race([answer, late]);
    this.waiting.delete(id);
    if (type === "error") throw new Error(`${method}: ${message}`);
    return result as T;
  }
}

/** Where a browser that has just started listens. */
async function addressOf(browser: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: browser.stderr! })) {
    const address = /WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1];
    if (address === undefined) continue;
    browser.stderr!.resume(); // Nobody reads on.
    return address;
  }
  throw new Error("firefox: it must listen for WebDriver BiDi, and ended without; version 115 or newer does");
}
