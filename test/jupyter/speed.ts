/**
 * How fast the kernel is beside stock tslab, in one run. Not a test: `node dist/test/jupyter/speed.js [RUNS]` prints
 * medians in milliseconds over that many fresh kernels of each (default 5), in turn.
 */
import { ownKernel, startKernelProcess, type KernelCommand } from "../../src/jupyter/client.js";
import { execute } from "../../src/jupyter/execute-client.js";
import { median } from "../../src/bench/measure.js";
import { packageFolder } from "../../src/core/version.js";

const tslab: KernelCommand = {
  argv: [process.execPath, require.resolve("tslab/bin/tslab"), "kernel", "--config-path", "{connection_file}"],
};

const steps = ["ready", "first cell", "next cell", "import * as tf"] as const;
type Times = Record<(typeof steps)[number], number>;

async function measure(command: KernelCommand): Promise<Times> {
  const since = (start: number) => performance.now() - start;
  const started = performance.now();
  const kernel = await startKernelProcess(packageFolder, command);
  const ready = since(started);
  async function cell(code: string): Promise<number> {
    const start = performance.now();
    await execute(kernel.client, code);
    return since(start);
  }
  try {
    const first = await cell("const x = 1 + 1;");
    const next: number[] = [];
    for (let n = 0; n < 5; n++) next.push(await cell(`const y${n} = x + ${n}; y${n}`));
    const tf = await cell("import * as tf from '@tensorflow/tfjs'; tf.version.tfjs");
    return { ready, "first cell": first, "next cell": median(next), "import * as tf": tf };
  } finally {
    await kernel.stop();
  }
}

async function main(runs: number): Promise<void> {
  const kernels = { "axial-lab": ownKernel(), tslab };
  const times: Record<string, Times[]> = {};
  for (let run = 0; run < runs; run++) {
    for (const [name, command] of Object.entries(kernels)) (times[name] ??= []).push(await measure(command));
  }
  const rows = Object.entries(times).map(([name, all]) => [
    name,
    Object.fromEntries(steps.map((step) => [step, Math.round(median(all.map((each) => each[step])))])),
  ]);
  console.table(Object.fromEntries(rows));
}

void main(Number(process.argv[2] ?? 5));
