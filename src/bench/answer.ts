/**
 * Our own engine as a reference: answers the requests that `test/bench/reference.py` answers, so that one choice of kernels is
 * measured beside another in one run.
 */
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import * as engine from "../engine/index.js";
import type { BenchCase, Mode, Prepared } from "./cases.js";
import { timedRound } from "./measure.js";
import type { ReferenceAnswer, ReferenceRequest } from "./reference.js";

interface Channel {
  readonly input: Readable;
  readonly output: Writable;
}

/** Greets, then answers each line of the input until it ends. `find` gives the case of a name. */
export async function answerRequests(
  find: (name: string) => BenchCase,
  choice: engine.EngineChoice,
  { input, output }: Channel,
): Promise<void> {
  const say = (line: object): void => void output.write(`${JSON.stringify(line)}\n`);
  say({ reference: choice === "native" ? "native" : "WebAssembly", version: "kernels" });
  let current = null as { readonly key: string; readonly prepared: Prepared } | null;
  for await (const line of createInterface({ input })) {
    const { case: name, mode, threads, memory } = JSON.parse(line) as ReferenceRequest;
    if (memory === true) {
      say({ absent: "memory is measured of a reference that is another program" } satisfies ReferenceAnswer);
      continue;
    }
    const key = `${name} ${mode} ${threads}`;
    if (current?.key !== key) {
      current?.prepared.dispose();
      await engine.start({ engine: choice, threads });
      current = { key, prepared: prepareWarm(find(name), mode) };
    }
    say({ milliseconds: timedRound(current.prepared), threads } satisfies ReferenceAnswer);
  }
  current?.prepared.dispose();
  await engine.stop();
}

function prepareWarm({ prepare }: BenchCase, mode: Mode): Prepared {
  const prepared = prepare(mode);
  prepared.run();
  prepared.run();
  return prepared;
}
