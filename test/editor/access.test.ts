import assert from "node:assert/strict";
import { request } from "node:http";
import { connect as connectTcp } from "node:net";
import { hostname } from "node:os";
import { after, before, describe, it } from "node:test";
import { startEditor } from "../../src/editor/server.js";
import { connect, encodeV1, serve, v1, type Served } from "./served.js";

/** A request with headers that fetch would not let through. */
function ask(served: Served, path: string, headers: Record<string, string>): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    request(served.origin + path, { headers }, (response) => {
      let text = "";
      response.on("data", (bytes: Buffer) => (text += bytes.toString()));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    })
      .on("error", reject)
      .end();
  });
}

/** The status and the text with which a websocket is refused. */
function refusedUpgrade(
  address: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect(address, v1, { headers });
    socket.on("open", () => reject(new Error("the websocket was opened")));
    socket.on("error", () => undefined);
    socket.on("unexpected-response", (_, response) => {
      let text = "";
      response.on("data", (bytes: Buffer) => (text += bytes.toString()));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
  });
}

describe("who may talk to the server", () => {
  let served: Served;
  let kernel: string;
  before(async () => {
    served = await serve({ "a.txt": "x" }, { maxBytes: 100_003 });
    kernel = await served.startKernel();
  });
  after(() => served.close());

  it("listens on this machine only", () => assert.match(served.origin, /^http:\/\/127\.0\.0\.1:\d+$/));

  for (const path of [
    "/",
    "/app.js",
    "/api",
    "/api/contents/a.txt",
    "/files/a.txt",
    "/api/kernels",
    "/axial/diagnostics",
  ])
    it(`answers ${path} without a token with 403 and one line`, async () => {
      const { status, text } = await ask(served, path, {});
      assert.equal(status, 403);
      assert.match(text, /the token must be given; open the address that the terminal shows/);
      assert.ok(served.log.some((line) => line.startsWith(`refused GET ${path} with 403:`) && !line.includes("\n")));
    });

  const tokens: [string, (served: Served) => [path: string, headers: Record<string, string>], number][] = [
    ["in a header", ({ token }) => ["/api", { authorization: `token ${token}` }], 200],
    ["in a header, as Bearer", ({ token }) => ["/api", { authorization: `Bearer ${token}` }], 200],
    ["in the address", ({ token }) => [`/api?token=${token}`, {}], 200],
    ["wrong in a header", () => ["/api", { authorization: "token guessed" }], 403],
    ["wrong in the address", () => ["/api?token=guessed", {}], 403],
    ["empty", () => ["/api?token=", { authorization: "token " }], 403],
    ["in a cookie of another port", ({ token }) => ["/api", { cookie: `axial-lab-1=${token}` }], 403],
  ];
  for (const [how, make, expected] of tokens)
    it(`answers a token ${how} with ${expected}`, async () => {
      assert.equal((await ask(served, ...make(served))).status, expected);
    });

  it("hands the token of the page's address to the browser in a cookie, and leads on without it", async () => {
    const { status, headers } = await served.ask("GET", `/?token=${served.token}&path=a.ipynb`, undefined, {});
    const cookie = headers.get("set-cookie") ?? "";
    assert.deepEqual([status, headers.get("location")], [302, "/?path=a.ipynb"]);
    assert.match(cookie, /; HttpOnly; SameSite=Strict$/);
    const [pair] = cookie.split(";");
    assert.equal((await ask(served, "/api", { cookie: `other=1; ${pair}` })).status, 200);
    assert.equal((await served.ask("GET", "/?token=guessed", undefined, {})).headers.get("set-cookie"), null);
  });

  it("leads on by the page itself where a link on another page was followed, as the cookie would not go along", async () => {
    const page = await ask(served, `/?token=${served.token}&path=%22%3E.ipynb`, { "sec-fetch-site": "cross-site" });
    assert.equal(page.status, 200);
    assert.match(page.text, /<a href="\/\?path=%22%3E\.ipynb">/);
  });

  const hosts: [string, (port: string) => string, number][] = [
    ["localhost", (port) => `localhost:${port}`, 200],
    ["[::1]", (port) => `[::1]:${port}`, 200],
    ["a name that was bent to this address", (port) => `evil.example:${port}`, 403],
  ];
  for (const [name, host, expected] of hosts)
    it(`answers the host ${name} with ${expected}, whatever the token`, async () => {
      const headers = { host: host(new URL(served.origin).port), authorization: `token ${served.token}` };
      assert.equal((await ask(served, "/api", headers)).status, expected);
    });

  for (const origin of ["https://evil.example", "http://127.0.0.1:1", "null"])
    it(`refuses a page of ${origin}, with the token and on a websocket too`, async () => {
      const headers = { origin, authorization: `token ${served.token}` };
      const answer = await ask(served, "/api", headers);
      assert.deepEqual([answer.status, /the origin must be/.test(answer.text)], [403, true]);
      const address = `${served.origin}/api/kernels/${kernel}/channels?token=${served.token}`;
      const upgrade = await refusedUpgrade(address, { origin });
      assert.deepEqual([upgrade.status, /^request: the origin must be [^\n]*$/.test(upgrade.text)], [403, true]);
    });

  it("takes its own page's origin", async () => {
    const headers = { origin: served.origin, authorization: `token ${served.token}` };
    assert.equal((await ask(served, "/api", headers)).status, 200);
  });

  it("refuses websockets without a token, of no kernel, and elsewhere", async () => {
    assert.equal((await refusedUpgrade(`${served.origin}/api/kernels/${kernel}/channels`)).status, 403);
    assert.equal((await refusedUpgrade(`${served.origin}/api/events/subscribe`)).status, 403);
    const query = `?token=${served.token}`;
    assert.equal((await refusedUpgrade(`${served.origin}/api/kernels/absent/channels${query}`)).status, 404);
    assert.equal((await refusedUpgrade(`${served.origin}/api/terminals${query}`)).status, 404);
  });

  it("opens the websocket of events, of which there are none", async () => {
    const socket = connect(`${served.origin}/api/events/subscribe?token=${served.token}`);
    await new Promise<void>((resolve, reject) => socket.on("open", resolve).on("error", reject));
    socket.close();
  });

  it("refuses a body that is longer than its limit, whether it says so or not", async () => {
    const content = "x".repeat(100_003);
    const declared = await served.ask("PUT", "/api/contents/long.txt", { type: "file", format: "text", content });
    assert.deepEqual([declared.status, /at most 100003 bytes/.test(declared.text)], [413, true]);
    const { port } = new URL(served.origin);
    const answer = await new Promise<string>((resolve) => {
      let text = "";
      const socket = connectTcp(Number(port), "127.0.0.1", () => {
        const head = `PUT /api/contents/long.txt?token=${served.token} HTTP/1.1\r\nHost: 127.0.0.1:${port}`;
        socket.write(`${head}\r\nTransfer-Encoding: chunked\r\n\r\n`);
        for (let sent = 0; sent < 7; sent++) socket.write(`4e20\r\n${"x".repeat(20_000)}\r\n`);
      });
      socket.on("data", (bytes: Buffer) => (text += bytes.toString()));
      socket.on("error", () => resolve(text)).on("close", () => resolve(text));
    });
    assert.match(answer, /^HTTP\/1\.1 413 /);
    assert.equal((await served.ask("GET", "/api/contents/long.txt")).status, 404);
  });

  it("refuses methods and addresses that it does not have", async () => {
    const patch = await served.ask("PATCH", "/api/kernels");
    assert.deepEqual([patch.status, patch.json["message"]], [405, "request: the method must be GET, POST, got PATCH"]);
    assert.equal((await served.ask("GET", "/api/terminals")).status, 404);
    assert.equal((await served.ask("GET", "/..%2fpackage.json")).status, 404);
    assert.equal((await ask(served, "/../package.json", { authorization: `token ${served.token}` })).status, 404);
  });

  for (const [what, frame, code, line] of [
    ["that is malformed", Buffer.from([1, 2, 3]), 1007, /refused a message to kernel [\w-]+: a frame holds 6 offsets/],
    [
      "on a channel that takes nothing",
      encodeV1({ channel: "iopub", header: {}, parent_header: {}, metadata: {}, content: {}, buffers: [] }),
      1007,
      /a channel is shell, control, stdin, got "iopub"/,
    ],
    [
      "that is longer than its limit",
      Buffer.alloc(100_019),
      1009,
      /refused a websocket's frame: Max payload size exceeded/,
    ],
  ] as const)
    it(`closes a connection over a frame ${what}, in one line, and the kernel lives on`, async () => {
      const channels = await served.channels(kernel, { protocol: v1 });
      channels.socket.send(frame);
      assert.equal((await channels.closed)[0], code);
      const lines = served.log.filter((each) => line.test(each));
      assert.equal(lines.length, 1);
      assert.doesNotMatch(lines[0], /\n/);
      const further = await served.channels(kernel, { protocol: v1 });
      assert.equal((await further.request("execute_request", { code: "1 + 1" })).content["status"], "ok");
      await further.close();
    });

  it("is reached by this machine's name and addresses where it listens on all of them, and by no other name", async () => {
    const wide = await serve({}, { host: "0.0.0.0" });
    assert.match(wide.origin, /^http:\/\/127\.0\.0\.1:/);
    const { port } = new URL(wide.origin);
    for (const [name, expected] of [
      [hostname().toLowerCase(), 200],
      ["192.0.2.7", 200],
      ["[2001:db8::7]", 200],
      ["evil.example", 403],
    ] as const) {
      const headers = { host: `${name}:${port}`, authorization: `token ${wide.token}` };
      assert.equal((await ask(wide, "/api", headers)).status, expected, name);
    }
    await wide.close();
  });

  it("says in one line that a port is taken and that a folder is none", async () => {
    const port = Number(new URL(served.origin).port);
    const taken = startEditor({ folder: served.folder, port });
    await assert.rejects(taken, /notebook edit: the address must be free, got 127\.0\.0\.1, port \d+ \(EADDRINUSE\)/);
    const none = startEditor({ folder: `${served.folder}/absent` });
    await assert.rejects(none, /notebook edit: the folder must be readable, got .* \(ENOENT\)/);
  });
});
