import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { ownKernel, startKernelProcess } from "../../src/jupyter/client.js";

describe("a kernel whose port was taken before it could bind it", () => {
  const folder = mkdtempSync(join(tmpdir(), "axial-ports-"));
  after(() => rmSync(folder, { recursive: true }));

  /** A kernel that counts its starts, ends the first `refused` of them with this message, and then is our own. */
  function refusing(name: string, refused: number, message: string) {
    const [starts, script] = [join(folder, `${name}.txt`), join(folder, `${name}.cjs`)];
    writeFileSync(starts, "");
    writeFileSync(
      script,
      `const { appendFileSync, readFileSync } = require("node:fs");
       appendFileSync(${JSON.stringify(starts)}, "x");
       if (readFileSync(${JSON.stringify(starts)}).length <= ${refused}) {
         console.error(${JSON.stringify(message)});
         process.exitCode = 1;
       } else {
         const [, main, ...args] = process.argv.splice(1);
         process.argv.push(main, ...args);
         require(main);
       }`,
    );
    const { argv, ...rest } = ownKernel();
    return {
      command: { ...rest, argv: [argv[0], script, ...argv.slice(1)] },
      starts: () => readFileSync(starts).length,
    };
  }

  it("is started on other ports", async () => {
    const { command, starts } = refusing("twice", 2, "Address already in use");
    const kernel = await startKernelProcess(folder, command);
    await kernel.stop();
    assert.equal(starts(), 3);
  });

  it("is an error where others are taken too", async () => {
    const { command, starts } = refusing("always", 7, "bind EADDRINUSE 127.0.0.1");
    await assert.rejects(
      startKernelProcess(folder, command),
      /kernel: it exited with code 1 before it was ready\n.*EADDRINUSE/s,
    );
    assert.equal(starts(), 3);
  });

  it("is an error at once where it ends for another reason", async () => {
    const { command, starts } = refusing("broken", 7, "no such module");
    await assert.rejects(startKernelProcess(folder, command), /no such module/);
    assert.equal(starts(), 1);
  });
});
