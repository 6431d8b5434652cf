/** What the Jupyter protocol asks of a kernel: its messages, what cells print, and how they are stopped. */
import { sleep, text, types, type Feature } from "./feature.js";
import type { Probe } from "./probe.js";

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

const messaging = "jupyter/kernel/messaging.test.ts";
const output = "jupyter/kernel/output.test.ts";
const interrupt = "jupyter/kernel/interrupt.test.ts";
const lifecycle = "jupyter/kernel/lifecycle.test.ts";
const services = "jupyter/kernel/services.test.ts";
const comm = "jupyter/kernel/comm.test.ts";

export const protocolFeatures: readonly Feature[] = [
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
    test: [messaging, "comes to a cell that waits for it"],
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
];
