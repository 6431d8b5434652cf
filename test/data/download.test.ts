import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import type { Progress } from "../../src/data/dataset.js";
import { download, type DownloadOptions } from "../../src/data/download.js";
import { serve, type FileServer, type ServerBehaviour } from "./server.js";

const content = randomBytes(300_007);
const sha256 = createHash("sha256").update(content).digest("hex");

describe("download", () => {
  const root = mkdtempSync(join(tmpdir(), "axial-download-"));
  after(() => rmSync(root, { recursive: true }));

  interface Trial {
    readonly to: string;
    readonly server: FileServer;
    readonly run: (options?: Partial<DownloadOptions>) => Promise<void>;
  }
  /** A server of this behaviour, and a folder of its own for what arrives. */
  async function trial(
    behaviour: ServerBehaviour,
    use: (trial: Trial) => Promise<void>,
    served = content,
  ): Promise<void> {
    const server = await serve(() => served, behaviour);
    const to = join(mkdtempSync(join(root, "to-")), "deeper", "file.tgz");
    const run = (options: Partial<DownloadOptions> = {}) =>
      download({ url: server.url, to, sha256, pause: 0.001, ...options });
    try {
      await use({ to, server, run });
    } finally {
      await server.close();
    }
  }
  const assertArrived = (to: string): void => {
    assert.ok(readFileSync(to).equals(content));
    assert.equal(existsSync(`${to}.part`), false);
  };

  it("brings the file, tells how far it is, and does nothing the second time", () =>
    trial({}, async ({ to, server, run }) => {
      const progress: Progress[] = [];
      await run({ onProgress: (state) => progress.push(state) });
      assertArrived(to);
      const whole = { what: "file.tgz", unit: "bytes", done: content.length, total: content.length };
      const ofTask = (task: Progress["task"]) => progress.filter((state) => state.task === task);
      assert.deepEqual(ofTask("download").at(-1), { ...whole, task: "download" });
      assert.deepEqual(ofTask("verify").at(-1), { ...whole, task: "verify" });
      await run();
      assert.deepEqual(server.ranges, [null]);
    }));

  it("goes on from where an earlier download stopped", () =>
    trial({}, async ({ to, server, run }) => {
      const stop = new AbortController();
      await assert.rejects(
        run({ signal: stop.signal, onProgress: () => stop.abort(new Error("enough")) }),
        /^Error: enough$/,
      );
      const { size } = statSync(`${to}.part`);
      assert.ok(size > 0 && size < content.length);
      await run();
      assertArrived(to);
      assert.deepEqual(server.ranges, [null, `bytes=${size}-`]);
    }));

  const moments: [string, ServerBehaviour, (stop: () => void) => Partial<DownloadOptions>][] = [
    ["with the first byte", {}, (stop) => ({ onProgress: stop })],
    ["with the last byte", {}, (stop) => ({ onProgress: ({ done, total }) => void (done === total && stop()) })],
    ["while it is verified", {}, (stop) => ({ onProgress: ({ task }) => void (task === "verify" && stop()) })],
    [
      "while it waits to try again",
      { breakAfter: [1000, 1000] },
      (stop) => {
        setTimeout(stop, 200);
        return { pause: 60 };
      },
    ],
    ["before it begins", {}, (stop) => (stop(), {})],
  ];
  for (const [when, behaviour, options] of moments) {
    it(`that is stopped ${when} ends with the signal's reason, each time`, { timeout: 60_000 }, async () => {
      for (let time = 0; time < 8; time++) {
        await trial(structuredClone(behaviour), async ({ run }) => {
          const stop = new AbortController();
          const reason = new Error("enough");
          const given = options(() => stop.abort(reason));
          await assert.rejects(run({ ...given, signal: stop.signal }), (error) => error === reason);
        });
      }
    });
  }

  it("tries again when connections break, and keeps what has arrived", () =>
    trial({ breakAfter: [100_000, 50_000] }, async ({ to, server, run }) => {
      await run();
      assertArrived(to);
      assert.deepEqual(server.ranges, [null, "bytes=100000-", "bytes=150000-"]);
    }));

  it("starts over where the server knows no ranges", () =>
    trial({ ignoreRange: true, breakAfter: [100_000] }, async ({ to, server, run }) => {
      await run();
      assertArrived(to);
      assert.deepEqual(server.ranges, [null, "bytes=100000-"]);
    }));

  it("starts over where the part is of another file", () =>
    trial({}, async ({ to, server, run }) => {
      await run({ attempts: 1 });
      rmSync(to);
      writeFileSync(`${to}.part`, "something else");
      await run();
      assertArrived(to);
      assert.deepEqual(server.ranges, [null, "bytes=14-", null]);
    }));

  it("starts over where the part is too long, whether it knows the length or not", () =>
    trial({}, async ({ to, server, run }) => {
      await run();
      for (const bytes of [content.length, undefined]) {
        rmSync(to);
        writeFileSync(`${to}.part`, Buffer.concat([content, Buffer.of(1)]));
        await run({ bytes });
        assertArrived(to);
      }
      assert.deepEqual(server.ranges, [null, null, `bytes=${content.length + 1}-`, null]);
    }));

  it("asks for nothing when the part is whole already", () =>
    trial({}, async ({ to, server, run }) => {
      await run();
      rmSync(to);
      writeFileSync(`${to}.part`, content);
      await run({ bytes: content.length });
      assertArrived(to);
      assert.equal(server.ranges.length, 1);
    }));

  it("refuses a file with another checksum, and deletes it", () =>
    trial({}, async ({ to, server, run }) => {
      const wrong = "0".repeat(64);
      await assert.rejects(run({ sha256: wrong }), {
        name: "FileError",
        message: `download: the SHA-256 of ${server.url} must be ${wrong}, got ${sha256}; the file was deleted, try again`,
      });
      assert.equal(existsSync(to) || existsSync(`${to}.part`), false);
    }));

  it("never takes a truncated file for a whole one", () =>
    trial(
      {},
      async ({ to, run }) => {
        await assert.rejects(run({ bytes: content.length, attempts: 2 }), { name: "FileError" });
        assert.equal(existsSync(to), false);
      },
      content.subarray(0, 1000),
    ));

  it("waits out errors of the server, but not for ever", () =>
    trial({ statuses: [503, 429, 500] }, async ({ to, run }) => {
      await run();
      assertArrived(to);
    }).then(() =>
      trial({ statuses: [503, 503, 503] }, async ({ to, server, run }) => {
        await assert.rejects(run({ attempts: 3 }), {
          name: "FileError",
          message:
            `download: the server must answer, got HTTP 503 3 times for ${server.url}; ` +
            `what has arrived is kept in ${to}.part, try again later`,
        });
      }),
    ));

  it("gives up at once where the server has no such file", () =>
    trial({ statuses: [404] }, async ({ server, run }) => {
      await assert.rejects(run(), {
        name: "FileError",
        message: `download: the server must have the file, got HTTP 404 for ${server.url}; try again later, or fetch it by other means`,
      });
      assert.equal(server.ranges.length, 1);
    }));

  it("gives up a silent connection and goes on with another", () =>
    trial({ stallAfter: [1000] }, async ({ to, server, run }) => {
      await run({ stall: 0.3 });
      assertArrived(to);
      assert.deepEqual(server.ranges, [null, "bytes=1000-"]);
    }));

  it("says why no connection can be made", async () => {
    const server = await serve(() => content);
    await server.close();
    await assert.rejects(download({ url: server.url, to: join(root, "none"), sha256, attempts: 2, pause: 0.001 }), {
      name: "FileError",
      message: /^download: the server must answer, got ECONNREFUSED 2 times for http/,
    });
  });
});
