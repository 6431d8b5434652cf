/** `axial-lab doctor`: what this machine offers, which engine was chosen and why, and what would be faster. */
import { availableParallelism, cpus, totalmem } from "node:os";
import { version_core as tfjsVersion } from "@tensorflow/tfjs";
import type { Command } from "commander";
import * as engine from "../engine/index.js";
import { version } from "../core/version.js";
import { describeMpi } from "../exchange/index.js";

interface Diagnosis {
  readonly versions: { readonly package: string; readonly node: string; readonly v8: string; readonly tfjs: string };
  readonly machine: {
    readonly platform: string;
    readonly processor: string;
    readonly logicalCores: number;
    readonly memoryGiB: number;
  };
  readonly engine: engine.EngineReport;
  readonly heap: engine.EngineMemory["heap"];
  /** Each optional package with why it is not used, or null where it can be. */
  readonly optional: Readonly<Record<string, string | null>>;
  /** The MPI that several processes would train through, or how to get one. */
  readonly mpi: string;
  /** What would be faster here, one line each. */
  readonly advice: readonly string[];
}

interface DoctorOptions {
  readonly json?: boolean;
  readonly backend?: engine.EngineOptions["backend"];
  readonly engine?: engine.EngineChoice;
  readonly threads?: number;
}

export function register(program: Command): void {
  program
    .command("doctor")
    .description("Show which engine runs here and why, and what would be faster.")
    .option("--backend <name>", "try this backend: auto, wasm, cpu, node, node-gpu")
    .option("--engine <name>", "try these kernels: auto, native, wasm")
    .option("--threads <count>", "threads to use (default: all logical cores)", Number)
    .option("--json", "print the findings as JSON")
    .addHelpText(
      "after",
      `
Examples:
  npx axial-lab doctor                     what will be used, and why
  npx axial-lab doctor --threads 2         the same on two threads
  npx axial-lab doctor --json | jq .engine for a program

Exit code: 0 the engine started, 2 the backend that was named cannot run here.`,
    )
    .action(async (options: DoctorOptions) => {
      const diagnosis = await diagnose(options);
      console.log(options.json === true ? JSON.stringify(diagnosis, null, 2) : describe(diagnosis));
    });
}

async function diagnose({ backend, engine: choice, threads }: DoctorOptions): Promise<Diagnosis> {
  const report = await engine.start({
    ...(backend && { backend }),
    ...(choice && { engine: choice }),
    ...(threads !== undefined && { threads }),
  });
  const optional = Object.fromEntries(
    engine.nativeBackends.map((name) => [engine.packageOf(name), engine.whyAbsent(name)]),
  );
  return {
    versions: { package: version, node: process.versions.node, v8: process.versions.v8, tfjs: tfjsVersion },
    machine: {
      platform: `${process.platform} ${process.arch}`,
      processor: cpus()[0]?.model.trim() ?? "unknown",
      logicalCores: availableParallelism(),
      memoryGiB: Number((totalmem() / 2 ** 30).toFixed(1)),
    },
    engine: report,
    heap: engine.memory().heap,
    optional,
    mpi: describeMpi(),
    advice: advise(report),
  };
}

function advise(report: engine.EngineReport): string[] {
  const advice: string[] = [];
  const cores = availableParallelism();
  if (!report.kernels && report.backend !== "node-gpu") {
    advice.push(
      "the fused kernels need the threaded WebAssembly engine: npx axial-lab doctor --backend wasm says what stops it",
    );
  }
  if (report.engine === "wasm") {
    const how =
      engine.findLibrary() === null
        ? "npx axial-lab engine build compiles them where Rust (cargo) is installed"
        : "they are there: see the engine line, and npx axial-lab engine build";
    advice.push(`native kernels, with this processor's own vectors: ${how}`);
  }
  if (report.backend === "wasm" && report.threads < cores) {
    advice.push(`${cores - report.threads} more of the ${cores} logical cores could be used: leave out --threads`);
  }
  if (report.kernels && !report.relaxedSimd) advice.push("Node 22 or newer has fused multiply-add (relaxed SIMD)");
  if (report.backend !== "node-gpu") {
    const absent = engine.whyAbsent("node-gpu");
    if (absent !== null) advice.push(`with an NVIDIA GPU, ${engine.packageOf("node-gpu")}: see above`);
  }
  return advice;
}

function kernelsLine({ kernels, instructionSet }: engine.EngineReport): string {
  if (!kernels) return "composed of single operations";
  return instructionSet === null ? "fused, in WebAssembly" : `fused, native for ${instructionSet}`;
}

function describe({ versions, machine, engine: report, heap, optional, mpi, advice }: Diagnosis): string {
  const yes = (value: boolean): string => (value ? "yes" : "no");
  const rows: [string, string][] = [
    ["package", `axial-lab ${versions.package}, TensorFlow.js ${versions.tfjs}`],
    ["runtime", `Node ${versions.node} (V8 ${versions.v8}), ${machine.platform}`],
    ["machine", `${machine.processor}, ${machine.logicalCores} logical cores, ${machine.memoryGiB} GiB`],
    ["engine", report.reason],
    ["threads", String(report.threads)],
    ["SIMD", `${yes(report.simd)}, relaxed ${yes(report.relaxedSimd)}`],
    ["kernels", kernelsLine(report)],
  ];
  if (heap !== null) {
    const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
    const [size, limit, peak] = [heap.heapBytes, heap.heapLimitBytes, heap.peakBytes].map(mebibytes);
    rows.push([
      "heap",
      `${size} of ${limit} MiB (32-bit addresses reach 4096, with native kernels too), of which ${peak} MiB were in use at most`,
    ]);
  }
  for (const [name, absent] of Object.entries(optional)) rows.push(["optional", absent ?? `${name} is installed`]);
  rows.push(["processes", mpi]);
  for (const line of advice) rows.push(["faster", line]);
  return rows.map(([name, value]) => `${name.padEnd(10)}${value}`).join("\n");
}
