/**
 * Optional: TensorFlow.js's own suites on our engine, beside its own backends.
 *
 *     node dist/test/peer/run.js core
 *     node dist/test/peer/run.js layers --checkout DIR          DIR: tensorflow/tfjs
 *
 *     --backend wasm|cpu      the same on TensorFlow.js's own; default: axial
 *     --threads COUNT         of our engine; default 2
 *     --json FILE             every test's outcome
 *     --only WORD             only tests whose names contain it; may be repeated
 *
 * Ends with the number of those that pass. The exit code is 0 where exactly those fail that `differences.ts` lists.
 */
import { fork } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeFileSync } from "node:fs";
import type { PeerBackend, PeerMessage, PeerRun } from "./child.js";
import { expectedDifferences } from "./differences.js";
import { bundleSuite, suiteNames, type SuiteName } from "./suites.js";

/** No test takes so long; one that does hangs. */
const patience = 120_000;

interface Outcome {
  readonly name: string;
  readonly status: string;
  readonly message: string;
}

/** Runs a suite; a test that hangs or ends the process fails, and ends the run. */
async function runSuite(run: PeerRun): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const seen = new Map<string, number>();
  const child = fork(join(__dirname, "child.js"), [JSON.stringify(run)], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  let current: string | null = null;
  let isHanging = false;
  let timer: NodeJS.Timeout | undefined;
  const watch = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      isHanging = true;
      child.kill("SIGKILL");
    }, patience);
  };
  child.on("message", (message: PeerMessage) => {
    watch();
    if (message.kind === "begun") current = message.name;
    else {
      // Some tests have one name.
      const times = (seen.get(message.name) ?? 0) + 1;
      seen.set(message.name, times);
      outcomes.push({ ...message, name: times === 1 ? message.name : `${message.name} (${times})` });
      current = null;
    }
  });
  watch();
  const code = await new Promise<number | null>((resolve) => child.on("exit", resolve));
  clearTimeout(timer);
  if (code !== 0)
    outcomes.push({
      name: current ?? "the run",
      status: "failed",
      message: isHanging ? `it hung for ${patience / 1000} s` : `the process ended with ${code}`,
    });
  return outcomes;
}

function report(suite: SuiteName, backend: PeerBackend, outcomes: readonly Outcome[], isWhole: boolean): boolean {
  const failed = outcomes.filter(({ status }) => status === "failed");
  const expected = backend === "axial" ? expectedDifferences[suite] : [];
  const reasonOf = ({ name }: Outcome) => expected.find(({ tests }) => tests.includes(name));
  for (const one of failed.filter((one) => reasonOf(one) === undefined))
    console.log(`failed: ${one.name}\n    ${one.message.slice(0, 400)}`);
  const names = new Set(failed.map(({ name }) => name));
  const mended = isWhole ? expected.flatMap(({ tests }) => tests).filter((name) => !names.has(name)) : [];
  for (const name of mended) console.log(`passes, though listed as a difference: ${name}`);
  const known = failed.filter((one) => reasonOf(one) !== undefined).length;
  console.log(
    `${suite} on ${backend}: ${outcomes.length - failed.length} of ${outcomes.length} pass` +
      (known > 0 ? `; ${known} differ as listed` : ""),
  );
  return failed.length === known && mended.length === 0 && outcomes.length > 0;
}

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      checkout: { type: "string" },
      backend: { type: "string", default: "axial" },
      threads: { type: "string", default: "2" },
      json: { type: "string" },
      only: { type: "string", multiple: true, default: [] },
    },
  });
  const suite = positionals[0] as SuiteName;
  if (!suiteNames.includes(suite))
    throw new Error(`peer: the suite must be ${suiteNames.join(" or ")}, got ${positionals[0] ?? "none"}`);
  const bundle = await bundleSuite(suite, values.checkout);
  const backend = values.backend as PeerBackend;
  // Half the tests of layers are for "cpu" alone, to save time; those of core that are look into that backend.
  const asked = suite === "layers" || backend === "cpu" ? "cpu" : "wasm";
  const outcomes = await runSuite({ bundle, backend, asked, threads: Number(values.threads), words: values.only });
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(outcomes, null, 1));
  return report(suite, backend, outcomes, values.only.length === 0) ? 0 : 1;
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error((error as Error).message);
    process.exitCode = 2;
  },
);
