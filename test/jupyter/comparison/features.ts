/**
 * What a notebook kernel for TypeScript may be asked for: each line with the way to find out over the protocol, and with
 * the test of this repository that holds our kernel to it.
 */
import type { Outcome, Probe } from "./probe.js";

export interface Feature {
  readonly group: string;
  readonly name: string;
  /** File below test/, and a title or a case in it. */
  readonly test: readonly [file: string, title: string];
  /** True where the kernel does it. What throws or does not answer is a no. */
  readonly probe: (kernel: Probe) => Promise<boolean>;
  /** Files in the notebook's folder. */
  readonly files?: Record<string, string>;
}

/** What it printed and gave, without colours. */
const text = ({ printed, data }: Outcome): string =>
  (printed + (data["text/plain"] ?? "")).replace(/\u001b\[[\d;]*m/g, "");
const ok = (outcome: Outcome): boolean => outcome.reply["status"] === "ok" && outcome.error === undefined;
const types = ({ messages }: Outcome): string[] => messages.map(({ header }) => header.msg_type);
const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Whether the cell runs without an error and what it prints or gives is matched. */
const gives = (code: string, match: RegExp) => async (kernel: Probe) => {
  const outcome = await kernel.run(code);
  return ok(outcome) && match.test(text(outcome));
};

/** Whether an interrupt ends this cell, which prints `on` when it is well under way, and leaves a variable as it was. */
const stops = (code: string) => async (kernel: Probe) => {
  await kernel.run("let kept = 41;");
  const running = kernel.run(code);
  await kernel.until(({ content }) => String(content["text"]).includes("on"));
  kernel.interrupt();
  await running;
  // What comes right behind an error may be aborted.
  await sleep(500);
  return text(await kernel.run("console.log(kept + 1)")).includes("42");
};

const esmPackage = {
  "node_modules/only-esm/package.json": JSON.stringify({
    name: "only-esm",
    version: "1.0.0",
    type: "module",
    exports: { ".": { types: "./i.d.ts", import: "./i.js" } },
  }),
  "node_modules/only-esm/i.js": "export const answer = 42;",
  "node_modules/only-esm/i.d.ts": "export declare const answer: number;",
};

const messaging = "jupyter/messaging.test.ts";
const language = "jupyter/language.test.ts";
const output = "jupyter/output.test.ts";
const interrupt = "jupyter/interrupt.test.ts";
const lifecycle = "jupyter/lifecycle.test.ts";
const services = "jupyter/services.test.ts";
const comm = "jupyter/comm.test.ts";
const display = "jupyter/display.test.ts";

export const features: readonly Feature[] = [
  {
    group: "Messages",
    name: "`execute_input`, and results as `execute_result`",
    test: [messaging, "hold a result with the number of its run"],
    async probe(kernel) {
      const outcome = await kernel.run("1 + 1");
      return types(outcome).includes("execute_input") && types(outcome).includes("execute_result");
    },
  },
  {
    group: "Messages",
    name: "`error` with name and value",
    test: [messaging, "hold an error with name, value and a traceback that shows the cell's own line"],
    async probe(kernel) {
      const { error } = await kernel.run("throw new RangeError('far');");
      return error?.["ename"] === "RangeError" && error["evalue"] === "far";
    },
  },
  {
    group: "Messages",
    name: "tracebacks that show the cell's own line",
    test: [messaging, "hold an error with name, value and a traceback that shows the cell's own line"],
    async probe(kernel) {
      const { error, printed } = await kernel.run("const n: number = 3;\nthrow new RangeError(`far ${n}`);");
      const traceback = ((error?.["traceback"] ?? []) as string[]).join("\n");
      return `${traceback}${printed}`.includes("throw new RangeError");
    },
  },
  {
    group: "Messages",
    name: "`silent` and `store_history`",
    test: [messaging, "of a silent run are statuses only, and it counts for nothing"],
    async probe(kernel) {
      const before = await kernel.run("1");
      const silent = await kernel.run("console.log('heard')", { silent: true, storeHistory: false });
      const after = await kernel.run("2");
      const counted = Number(after.reply["execution_count"]) - Number(before.reply["execution_count"]);
      return types(silent).every((type) => type === "status") && counted === 1;
    },
  },
  {
    group: "Messages",
    name: "`user_expressions`",
    test: [messaging, "hold the values of user expressions, and the errors of those that fail"],
    async probe(kernel) {
      const { reply } = await kernel.run("const two = 2;", { userExpressions: { six: "two * 3" } });
      const { six } = reply["user_expressions"] as { six?: { status?: string; data?: Record<string, string> } };
      return six?.status === "ok" && six.data?.["text/plain"] === "6";
    },
  },
  {
    group: "Messages",
    name: "`stop_on_error`: cells behind an error are aborted, or run if asked for",
    test: [messaging, "abort nothing behind an error that is not to stop what follows"],
    async probe(kernel) {
      const [, kept] = await Promise.all([
        kernel.run("throw new Error('x')", { stopOnError: false }),
        kernel.run("console.log('goes on')"),
      ]);
      const [, aborted] = await Promise.all([kernel.run("throw new Error('x')"), kernel.run("console.log('no')")]);
      return text(kept).includes("goes on") && aborted.reply["status"] !== "ok" && !text(aborted).includes("no");
    },
  },
  {
    group: "Messages",
    name: "`input_request`: a cell asks, with `prompt`",
    test: ["jupyter/messaging.test.ts", "comes to a cell that waits for it"],
    async probe(kernel) {
      return text(await kernel.run("console.log(prompt('name?') + '!')", { onInput: () => "ada" })).includes("ada!");
    },
  },
  {
    group: "Messages",
    name: "`history_request`",
    test: [services, "ends with what was run last"],
    async probe(kernel) {
      await kernel.run("const mark = 1;");
      const request = { hist_access_type: "tail", n: 5, output: false, raw: true };
      return JSON.stringify((await kernel.ask("history_request", request))["history"] ?? "").includes(
        "const mark = 1;",
      );
    },
  },
  {
    group: "Messages",
    name: "Comms, both ways, with buffers",
    test: [comm, "carry messages both ways, between busy and idle"],
    async probe(kernel) {
      // Deno has no such thing: its `broadcast` only sends. Nor has tslab.
      await kernel.run(
        "const host = (globalThis as any)[Symbol.for('axial-lab.kernel-host')];" +
          "const comm = host.openComm('probe', {}, { id: 'probe' });" +
          "comm.onMessage(({ data, buffers }: any) => comm.send({ back: data.n + 1 }, { buffers }));",
      );
      kernel.send("comm_msg", { comm_id: "probe", data: { n: 4 } }, { buffers: [Uint8Array.of(7)] });
      const back = await kernel.until(({ header, content }) => {
        const data = content["data"] as { back?: number } | undefined;
        return header.msg_type === "comm_msg" && data?.back === 5;
      });
      return back.buffers.length === 1 && back.buffers[0][0] === 7;
    },
  },
  {
    group: "Output",
    name: "20,000 lines of one loop arrive whole, before `idle`",
    test: [output, "arrives whole and in order: 100,000 lines"],
    async probe(kernel) {
      const { printed } = await kernel.run("for (let i = 0; i < 20000; i++) console.log(i);");
      return printed === Array.from({ length: 20000 }, (_, i) => `${i}\n`).join("");
    },
  },
  {
    group: "Output",
    name: "while the cell still computes",
    test: [output, "arrives while the cell still computes"],
    async probe(kernel) {
      const running = kernel.run("console.log('early'); const end = Date.now() + 3000; while (Date.now() < end);");
      const startedAt = Date.now();
      await kernel.until(({ content }) => String(content["text"]).includes("early"));
      const early = Date.now() - startedAt < 2500;
      await running;
      return early;
    },
  },
  {
    group: "Output",
    name: "of a child process that inherits stdout",
    test: [output, "keeps its place among what blocking child processes print"],
    async probe(kernel) {
      const outcome = await kernel.run(
        "import { spawnSync } from 'node:child_process';\n" +
          "spawnSync('node', ['-e', 'console.log(\"from a child\")'], { stdio: 'inherit' });",
      );
      await sleep(300);
      const late = kernel.seen.some(({ content }) => String(content["text"]).includes("from a child"));
      return late || text(outcome).includes("from a child");
    },
  },
  {
    group: "Output",
    name: "of a timer belongs to the cell that set it",
    test: [output, "of a timer belongs to the cell that set it"],
    async probe(kernel) {
      const first = await kernel.run("setTimeout(() => console.log('tick'), 500);");
      await kernel.run("await new Promise((resolve) => setTimeout(resolve, 1500));");
      const tick = await kernel.until(({ content }) => String(content["text"]).includes("tick"));
      return tick.parentHeader.msg_id === first.messages[0].parentHeader.msg_id;
    },
  },
  {
    group: "Stopping",
    name: "a synchronous loop",
    test: [interrupt, "a synchronous loop"],
    probe: stops("console.log('on');\nwhile (true) {}"),
  },
  {
    group: "Stopping",
    name: "a loop after an `await`",
    test: [interrupt, "a loop after an await"],
    probe: stops("await new Promise((resolve) => setTimeout(resolve, 50));\nconsole.log('on');\nwhile (true) {}"),
  },
  {
    group: "Stopping",
    name: "a promise that never comes",
    test: [interrupt, "a promise that nobody resolves"],
    probe: stops("console.log('on');\nawait new Promise(() => undefined);"),
  },
  {
    group: "Stopping",
    name: "control requests are answered while a cell computes",
    test: [interrupt, "the heart beats and control answers"],
    async probe(kernel) {
      const running = kernel.run("console.log('on'); const end = Date.now() + 4000; while (Date.now() < end);");
      const startedAt = Date.now();
      await sleep(500);
      await kernel.ask("kernel_info_request", {}, "control");
      const early = Date.now() - startedAt < 3000;
      await running;
      return early;
    },
  },
  {
    group: "Stopping",
    name: "shutdown in an endless loop",
    test: [lifecycle, "shuts down while a cell is in an endless loop, with a reply for both"],
    async probe(kernel) {
      void kernel.run("console.log('on'); while (true) {}").catch(() => undefined);
      await sleep(1500);
      kernel.send("shutdown_request", { restart: false }, { channel: "control" });
      await Promise.race([kernel.ended, sleep(4000).then(() => Promise.reject(new Error("it lives")))]);
      return true;
    },
  },
  {
    group: "Stopping",
    name: "`process.exit` in a cell does not end the kernel",
    test: [lifecycle, "survives process.exit, and the cell ends there"],
    async probe(kernel) {
      await kernel.run("const before = 5;");
      const { reply } = await kernel.run("process.exit(3)");
      await sleep(500);
      return reply["status"] === "error" && text(await kernel.run("console.log(before)")).includes("5");
    },
  },
  {
    group: "Stopping",
    name: "after a crash of native code it starts again and says so",
    test: [lifecycle, "is started again after a crash of native code"],
    async probe(kernel) {
      const { error } = await kernel.run(
        "process.kill(process.pid, 'SIGSEGV'); await new Promise((r) => setTimeout(r, 5000));",
      );
      return error !== undefined && text(await kernel.run("console.log(6 * 7)")).includes("42");
    },
  },
  {
    group: "Language",
    name: "type errors stop a cell, with the compiler's message",
    test: [language, "shows type errors as compiler messages with the line, and does not run"],
    async probe(kernel) {
      const outcome = await kernel.run("const n: number = 'three';\nconsole.log('ran');");
      const told = outcome.printed + JSON.stringify(outcome.error ?? {});
      return !outcome.printed.includes("ran\n") && told.includes("not assignable");
    },
  },
  {
    group: "Language",
    name: "a name is declared again in a later cell",
    test: [language, "declares a name of another type again"],
    async probe(kernel) {
      await kernel.run("const again = 1;");
      return gives("const again = 'b';\nconsole.log(again + again)", /bb/)(kernel);
    },
  },
  {
    group: "Language",
    name: "functions see helpers that are defined anew",
    test: [language, "lets a function see the later definition of another"],
    async probe(kernel) {
      await kernel.run("function helper() { return 1; }\nfunction user() { return helper(); }");
      await kernel.run("function helper() { return 7; }");
      return text(await kernel.run("console.log('is', user())")).includes("is 7");
    },
  },
  {
    group: "Language",
    name: "a variable that a function of an earlier cell changes",
    test: [language, "shares a variable between a function and later cells"],
    async probe(kernel) {
      await kernel.run("let count = 0;\nfunction up() { count++; return count; }");
      await kernel.run("count = 10;");
      return text(await kernel.run("up(); console.log('is', count)")).includes("is 11");
    },
  },
  {
    group: "Language",
    name: "`for await` and nested `await` at the top level",
    test: [language, "loops over an async generator"],
    probe: gives(
      "for await (const n of [Promise.resolve(5)]) console.log('got', n);\nconsole.log(await (await Promise.resolve(async () => 'deep'))());",
      /got 5[^]*deep/,
    ),
  },
  {
    group: "Language",
    name: "`using`",
    test: [language, "disposes what it uses"],
    probe: gives(
      "function f() { using thing = { [Symbol.dispose]() { console.log('closed'); } }; return thing; }\nf();",
      /closed/,
    ),
  },
  {
    group: "Language",
    name: "`export` and type annotations as in a module",
    test: [language, "exports what it declares"],
    async probe(kernel) {
      return (
        ok(await kernel.run("export const shared: number = 4;")) &&
        text(await kernel.run("console.log('is', shared)")).includes("is 4")
      );
    },
  },
  {
    group: "Language",
    name: "packages that are ES modules only, from the notebook's folder, with their types",
    test: [language, "imports an ESM-only package with types from its exports"],
    files: esmPackage,
    probe: gives("import { answer } from 'only-esm';\nconst n: number = answer;\nconsole.log('is', n);", /is 42/),
  },
  {
    group: "Editor",
    name: "completion of members, by type",
    test: [services, "complete a member of a variable of an earlier cell"],
    async probe(kernel) {
      await kernel.run("const record = { colour: 1, column: 2 };");
      const { matches } = await kernel.ask("complete_request", { code: "record.col", cursor_pos: 10 });
      return ["colour", "column"].every((name) => (matches as string[]).some((match) => match.includes(name)));
    },
  },
  {
    group: "Editor",
    name: "cursor positions are characters, also behind an emoji",
    test: [services, "count positions in characters and not in UTF-16 units"],
    async probe(kernel) {
      await kernel.run("const record = { colour: 1, column: 2 };");
      const reply = await kernel.ask("complete_request", { code: "'😀'; record.col", cursor_pos: 15 });
      return reply["cursor_end"] === 15 && (reply["matches"] as string[]).some((match) => match.includes("colour"));
    },
  },
  {
    group: "Editor",
    name: "inspection with type and documentation",
    test: [services, "inspect a function with its documentation"],
    async probe(kernel) {
      await kernel.run("/** Twice the number. */\nfunction twice(n: number): number { return 2 * n; }");
      const reply = await kernel.ask("inspect_request", { code: "twice", cursor_pos: 3, detail_level: 0 });
      const told = JSON.stringify(reply["data"] ?? "");
      return told.includes("n: number") && told.includes("Twice the number");
    },
  },
  {
    group: "Editor",
    name: "`is_complete` with the indent of the next line",
    test: [services, "function f() {"],
    async probe(kernel) {
      const open = await kernel.ask("is_complete_request", { code: "function f() {" });
      const whole = await kernel.ask("is_complete_request", { code: "1 + 1" });
      return open["status"] === "incomplete" && open["indent"] === "  " && whole["status"] === "complete";
    },
  },
  {
    group: "Values",
    name: "that say how they are shown: `Symbol.for('Jupyter.display')`",
    test: [display, "that say themselves how they are shown are shown so"],
    async probe(kernel) {
      const { data } = await kernel.run("({ [Symbol.for('Jupyter.display')]: () => ({ 'text/html': '<b>own</b>' }) })");
      return data["text/html"] === "<b>own</b>";
    },
  },
  {
    group: "Values",
    name: "arrays of objects as a table",
    test: [display, "that are arrays of objects are shown as a table"],
    async probe(kernel) {
      const { data } = await kernel.run("[{ name: 'a', size: 3 }, { name: 'b', size: 5 }]");
      return /<table/.test(data["text/html"] ?? "");
    },
  },
];
