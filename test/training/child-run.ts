/**
 * A run in a process of its own, to be killed: `node child-run.js FOLDER [resume]`. Says each step on its output, and goes on
 * when it is told to by a byte, so that none ends before it can be killed.
 */
import { readSync, writeSync } from "node:fs";
import * as engine from "../../src/engine/index.js";
import { train } from "../../src/training/index.js";
import { tinyData, tinyModel, tinySettings } from "./tiny.js";

async function main([folder, resume]: string[]): Promise<void> {
  await engine.start({ threads: 1 });
  const common = {
    model: tinyModel(),
    data: tinyData(),
    checkpointEvery: { steps: 2 },
    onEvent: ({ event }: { event: string }) => {
      writeSync(1, `${event}\n`);
      if (event === "step") readSync(0, Buffer.alloc(1));
    },
  };
  const place =
    resume === undefined ? { ...tinySettings, optimizer: "ranger" as const, out: folder } : { resume: folder };
  await train({ ...common, ...place });
  await engine.stop();
}

void main(process.argv.slice(2));
