import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { serve, v1, type Json, type Served } from "./served.js";

describe("kernels and sessions", () => {
  let served: Served;
  before(async () => {
    served = await serve({ "lessons/neighbour.ts": "export const here = 13;", "a.ipynb": "{}" });
  });
  after(() => served.close());

  const kernels = async () => (await served.ask("GET", "/api/kernels")).json as unknown as Json[];
  const value = async (kernel: string, code: string) => {
    const channels = await served.channels(kernel, { protocol: v1 });
    const { content, parent_header: parent } = await channels.request("execute_request", { code });
    const result = channels.messages.find(
      ({ header, parent_header: each }) => header.msg_type === "execute_result" && each.msg_id === parent.msg_id,
    );
    await channels.close();
    return {
      status: content["status"],
      count: content["execution_count"],
      text: (result?.content["data"] as Json)?.["text/plain"],
    };
  };

  it("tell the kernels that there are", async () => {
    const { json } = await served.ask("GET", "/api/kernelspecs");
    assert.equal(json["default"], "axial-lab");
    const specs = json["kernelspecs"] as Record<string, { spec: Json; resources: Json }>;
    assert.deepEqual(Object.keys(specs), ["axial-lab", "axial-lab-javascript"]);
    assert.deepEqual(
      [specs["axial-lab"].spec["language"], specs["axial-lab"].spec["interrupt_mode"]],
      ["typescript", "message"],
    );
    const logo = await served.ask("GET", String(specs["axial-lab"].resources["logo-svg"]));
    assert.deepEqual([logo.status, logo.headers.get("content-type")], [200, "image/svg+xml"]);
    assert.equal(
      (await served.ask("GET", "/api/kernelspecs/axial-lab-javascript")).json["name"],
      "axial-lab-javascript",
    );
    assert.equal((await served.ask("GET", "/api/kernelspecs/constructor")).status, 404);
    const unknown = await served.ask("POST", "/api/kernels", { name: "python3" });
    assert.deepEqual([unknown.status, /got python3/.test(String(unknown.json["message"]))], [501, true]);
  });

  it("start, tell what they do, run, and end", async () => {
    const made = await served.ask("POST", "/api/kernels", "", { authorization: `token ${served.token}` });
    assert.equal(made.status, 201);
    assert.deepEqual(Object.keys(made.json), ["id", "name", "last_activity", "execution_state", "connections"]);
    const id = String(made.json["id"]);
    assert.equal(made.headers.get("location"), `/api/kernels/${id}`);
    const channels = await served.channels(id, { protocol: v1 });
    assert.equal((await served.ask("GET", `/api/kernels/${id}`)).json["connections"], 1);
    const forever = channels.send("execute_request", { code: "await new Promise(() => {})" });
    await channels.until(
      ({ header, parent_header: parent }) => header.msg_type === "execute_input" && parent.msg_id === forever,
    );
    assert.equal((await served.ask("GET", `/api/kernels/${id}`)).json["execution_state"], "busy");
    assert.equal((await served.ask("POST", `/api/kernels/${id}/interrupt`)).status, 204);
    const reply = await channels.until(
      ({ channel, parent_header: parent }) => channel === "shell" && parent.msg_id === forever,
    );
    assert.equal(reply.content["ename"], "Interrupted");
    await channels.close();
    assert.equal((await served.ask("DELETE", `/api/kernels/${id}`)).status, 204);
    assert.equal((await served.ask("GET", `/api/kernels/${id}`)).status, 404);
    assert.equal((await served.ask("DELETE", `/api/kernels/${id}`)).status, 404);
  });

  it("run a notebook in JavaScript as JavaScript, in the notebook's folder", async () => {
    const body = { path: "lessons/new.ipynb", type: "notebook", name: "", kernel: { name: "axial-lab-javascript" } };
    const { status, json } = await served.ask("POST", "/api/sessions", body);
    assert.equal(status, 201);
    const { id, name } = json["kernel"] as { id: string; name: string };
    assert.equal(name, "axial-lab-javascript");
    assert.deepEqual(await value(id, "x = [1, 2]; require('node:path').basename(process.cwd())"), {
      ...{ status: "ok", count: 1, text: "'lessons'" },
    });
    assert.equal((await served.ask("DELETE", `/api/sessions/${String(json["id"])}`)).status, 204);
  });

  it("restart under the same id, with nothing of what they knew, and run what is sent meanwhile", async () => {
    const id = await served.startKernel({ path: "lessons" });
    assert.equal((await value(id, 'import { here } from "./neighbour.ts"; const kept = here; kept')).text, "13");
    const channels = await served.channels(id, { protocol: v1 });
    const restarting = served.ask("POST", `/api/kernels/${id}/restart`);
    await channels.until(
      ({ header, content }) => header.msg_type === "status" && content["execution_state"] === "starting",
    );
    const { content } = await channels.request("execute_request", { code: "kept" });
    assert.deepEqual([content["ename"], content["execution_count"]], ["TypeScriptError", 1]);
    const { status, json } = await restarting;
    assert.deepEqual([status, json["id"]], [200, id]);
    await channels.close();
    await served.ask("DELETE", `/api/kernels/${id}`);
  });

  it("abort what waits when they restart, so that nobody waits for ever", async () => {
    const id = await served.startKernel();
    const channels = await served.channels(id, { protocol: v1 });
    await channels.request("execute_request", { code: "1" });
    const running = channels.send("execute_request", { code: "while (true) {}" });
    const waiting = channels.send("execute_request", { code: "2" });
    await channels.until(
      ({ header, parent_header: parent }) => header.msg_type === "execute_input" && parent.msg_id === running,
    );
    await served.ask("POST", `/api/kernels/${id}/restart`);
    const replyTo = (request: string) =>
      channels.until(({ channel, parent_header: parent }) => channel === "shell" && parent.msg_id === request);
    assert.equal((await replyTo(running)).content["ename"], "KernelShutdown");
    assert.equal((await replyTo(waiting)).content["status"], "aborted");
    await channels.close();
    await served.ask("DELETE", `/api/kernels/${id}`);
  });

  it("say dead before they close, to every tab", async () => {
    const id = await served.startKernel();
    const tabs = [await served.channels(id, { protocol: v1 }), await served.channels(id)];
    await tabs[0].request("kernel_info_request", {});
    await served.ask("DELETE", `/api/kernels/${id}`);
    for (const tab of tabs) {
      const [code, reason] = await tab.closed;
      assert.deepEqual([code, reason], [1000, "the kernel has ended"]);
      assert.equal(tab.messages.at(-1)?.content["execution_state"], "dead");
    }
  });

  it("say dead where a client asks the kernel itself to shut down, and restart where it asks for that", async () => {
    const id = await served.startKernel();
    const channels = await served.channels(id, { protocol: v1 });
    await channels.request("execute_request", { code: "const kept = 1;" });
    channels.messages.length = 0;
    channels.send("shutdown_request", { restart: true }, { channel: "control" });
    await channels.until(({ content }) => content["execution_state"] === "starting");
    assert.equal((await channels.request("execute_request", { code: "kept" })).content["status"], "error");
    channels.send("shutdown_request", { restart: false }, { channel: "control" });
    await channels.until(({ header }) => header.msg_type === "shutdown_reply");
    await channels.closed;
    assert.equal(channels.messages.at(-1)?.content["execution_state"], "dead");
    assert.ok((await kernels()).every((kernel) => kernel["id"] !== id));
  });

  it(
    "go on where the process of the cells is killed, and say so under the cell",
    { skip: process.platform === "win32" },
    async () => {
      const id = await served.startKernel();
      const channels = await served.channels(id, { protocol: v1 });
      const running = channels.send("execute_request", {
        code: "console.log('pid', process.pid); await new Promise(() => {})",
      });
      const line = await channels.until(({ header }) => header.msg_type === "stream");
      execFileSync("kill", ["-9", /pid (\d+)/.exec(String(line.content["text"]))![1]]);
      const reply = await channels.until(
        ({ channel, parent_header: parent }) => channel === "shell" && parent.msg_id === running,
      );
      assert.deepEqual([reply.content["ename"], /SIGKILL/.test(String(reply.content["evalue"]))], ["KernelDied", true]);
      assert.equal((await channels.request("execute_request", { code: "1 + 1" })).content["status"], "ok");
      // The kernel is the same and the connection goes on: nothing is dead that a client would have to start anew.
      assert.ok(channels.messages.every(({ content }) => content["execution_state"] !== "dead"));
      assert.ok((await kernels()).some((kernel) => kernel["id"] === id));
      await channels.close();
      await served.ask("DELETE", `/api/kernels/${id}`);
    },
  );

  it("ask the tab that runs a cell for input, and no other", async () => {
    const id = await served.startKernel();
    const [asking, other] = [await served.channels(id, { protocol: v1 }), await served.channels(id)];
    const running = asking.send("execute_request", { code: 'prompt("name?")', allow_stdin: true });
    const question = await asking.until(({ channel }) => channel === "stdin");
    assert.equal(question.content["prompt"], "name?");
    asking.send("input_reply", { value: "Ada" }, { channel: "stdin" });
    await other.until(
      ({ header, parent_header: parent }) => header.msg_type === "execute_result" && parent.msg_id === running,
    );
    await asking.until(({ channel, parent_header: parent }) => channel === "shell" && parent.msg_id === running);
    assert.ok(other.messages.every(({ channel }) => channel === "iopub"));
    await asking.close();
    await other.close();
    await served.ask("DELETE", `/api/kernels/${id}`);
  });

  it("have one session for a path, however many tabs open it at once", async () => {
    const body = { path: "a.ipynb", type: "notebook", name: "a.ipynb", kernel: { name: "axial-lab" } };
    const opened = await Promise.all(Array.from({ length: 5 }, () => served.ask("POST", "/api/sessions", body)));
    assert.deepEqual([...new Set(opened.map(({ status }) => status))], [201]);
    assert.equal(new Set(opened.map(({ json }) => json["id"])).size, 1);
    assert.equal((await kernels()).length, 1);
    const id = String(opened[0].json["id"]);
    const list = (await served.ask("GET", "/api/sessions")).json as unknown as Json[];
    assert.deepEqual(
      list.map((session) => session["path"]),
      ["a.ipynb"],
    );

    const renamed = await served.ask("PATCH", `/api/sessions/${id}`, { path: "b.ipynb", name: "b.ipynb" });
    assert.deepEqual([renamed.status, renamed.json["path"], renamed.json["name"]], [200, "b.ipynb", "b.ipynb"]);
    const before = (renamed.json["kernel"] as Json)["id"];
    const changed = await served.ask("PATCH", `/api/sessions/${id}`, { kernel: { name: "axial-lab-javascript" } });
    const after = changed.json["kernel"] as Json;
    assert.equal(after["name"], "axial-lab-javascript");
    assert.notEqual(after["id"], before);
    assert.equal(
      (await served.ask("GET", `/api/kernels/${String(before)}`)).status,
      404,
      "the one that it had is ended",
    );

    await served.ask("DELETE", `/api/kernels/${String(after["id"])}`);
    assert.deepEqual((await served.ask("GET", "/api/sessions")).json, [], "a session ends with its kernel");
    assert.equal((await served.ask("DELETE", `/api/sessions/${id}`)).status, 404);
    assert.equal((await served.ask("POST", "/api/sessions", { type: "notebook" })).status, 400);
    assert.equal((await served.ask("POST", "/api/sessions", { path: "../x.ipynb" })).status, 400);
  });

  it("tell the server's state and who is at work", async () => {
    const { json } = await served.ask("GET", "/api/status");
    assert.deepEqual([json["kernels"], json["connections"]], [0, 0]);
    assert.equal(((await served.ask("GET", "/api/me")).json["identity"] as Json)["username"], "axial-lab");
    assert.equal(typeof (await served.ask("GET", "/api")).json["version"], "string");
  });
});

describe("what the compiler says of a cell that is being written", () => {
  let served: Served;
  let kernel: string;
  before(async () => {
    served = await serve();
    kernel = await served.startKernel();
  });
  after(() => served.close());

  const diagnose = async (code: string, cells?: string[]) => {
    const { status, json } = await served.ask("POST", "/axial/diagnostics", { kernel, code, cells });
    assert.equal(status, 200);
    return json["diagnostics"] as { start: number; end: number; message: string; severity: string }[];
  };

  it("marks the place of a type error in UTF-16 units, also behind an emoji", async () => {
    const code = "const fox = '🦊'; const n: number = fox;";
    const [mark, ...rest] = await diagnose(code);
    assert.deepEqual([rest, code.slice(mark.start, mark.end), mark.severity], [[], "n", "error"]);
    assert.match(mark.message, /Type 'string' is not assignable to type 'number'/);
  });

  it("marks syntax errors, and nothing in what is right", async () => {
    const [mark] = await diagnose("const = 5;");
    assert.deepEqual([mark.start, mark.severity], [6, "error"]);
    for (const code of [
      "",
      "1 + 1",
      "{ a: 1 }",
      "const x = await Promise.resolve(3); x",
      "Array?",
      "/** @browser */ nope",
    ])
      assert.deepEqual(await diagnose(code), [], code);
  });

  it("knows what cells above declare before they have run, and forgets them with them", async () => {
    const cells = ["const n = 5;", "function double(x: number) { return 2 * x; }\ntype Name = string;"];
    assert.deepEqual(await diagnose("const d: number = double(n); const s: Name = 'x';", cells), []);
    const [mark] = await diagnose("const d: string = double(n);", cells);
    assert.match(mark.message, /'number' is not assignable to type 'string'/);
    assert.match((await diagnose("double(n)"))[0].message, /Cannot find name 'double'/);
    assert.match((await diagnose("double(n)", ["const n = 5;"]))[0].message, /Cannot find name 'double'/);
  });

  it("takes a cell above as it is written now, not as it was run", async () => {
    const channels = await served.channels(kernel, { protocol: v1 });
    await channels.request("execute_request", { code: "let size = 7;" });
    assert.deepEqual(await diagnose("const a: number = size;", ["let size = 7;"]), []);
    assert.match((await diagnose("const a: number = size;", ["let size = 'seven';"]))[0].message, /'string'/);
    assert.deepEqual(await diagnose("const a: number = size;"), [], "without cells, what has been run is known");
    const { content } = await channels.request("execute_request", { code: "const a: number = size; a" });
    assert.equal(content["status"], "ok", "what is being written changes nothing of what runs");
    await channels.close();
  });

  it("follows the directives of the cell and of the notebook", async () => {
    const wrong = "const n: number = 'x';";
    assert.deepEqual(await diagnose(`// @check off\n${wrong}`), []);
    assert.equal((await diagnose(`// @check warn\n${wrong}`))[0].severity, "warning");
    assert.deepEqual(await diagnose(wrong, ["// @check notebook off\n1"]), []);
    assert.equal((await diagnose(`// @check error\n${wrong}`, ["// @check notebook off\n1"])).length, 1);
  });

  it("says what to write instead of a line for a terminal", async () => {
    const [mark, ...rest] = await diagnose("!npm install x");
    assert.deepEqual([rest, mark.start], [[], 0]);
    assert.match(mark.message, /run it in a terminal/);
  });

  it("completes and inspects by what cells above declare too", async () => {
    const channels = await served.channels(kernel, { protocol: v1 });
    const cells = ["const record = { colour: 'red', count: 3 };"];
    const code = "record.co";
    const { content } = await channels.request("complete_request", { code, cursor_pos: 9, cells });
    assert.deepEqual(content["matches"], ["colour", "count"]);
    const inspected = await channels.request("inspect_request", {
      code: "record",
      cursor_pos: 3,
      detail_level: 0,
      cells,
    });
    assert.match(String((inspected.content["data"] as Json)["text/plain"]), /const record: /);
    assert.deepEqual((await channels.request("complete_request", { code, cursor_pos: 9 })).content["matches"], []);
    await channels.close();
  });

  it("refuses what it cannot answer", async () => {
    const ask = async (body: Json) => (await served.ask("POST", "/axial/diagnostics", body)).status;
    assert.equal(await ask({ kernel: "absent", code: "1" }), 404);
    assert.equal(await ask({ kernel }), 400);
    assert.equal(await ask({ kernel, code: "1", cells: [5] }), 400);
    assert.equal(await ask({ kernel, code: "1", cells: "x" }), 400);
  });
});
