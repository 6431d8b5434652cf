/** `axial-lab bench`: our kernels beside a reference, in turn, on one machine. */
import { availableParallelism } from "node:os";
import { Option, type Command } from "commander";
import { answerRequests } from "../bench/answer.js";
import { benchCases, type BenchCase, type Mode } from "../bench/cases.js";
import { measureCase, type CaseResult } from "../bench/measure.js";
import { measureMemory, memoryInThisProcess, type MemoryResult } from "../bench/memory.js";
import { profileCase, profileTable, type CaseProfile } from "../bench/profile.js";
import { startReference } from "../bench/reference.js";
import { benchReport, markdownTable, writeReport } from "../bench/report.js";
import * as engine from "../engine/index.js";
import { ConfigError } from "../core/errors.js";
import { benchScaling } from "./bench-scaling.js";

interface BenchFlags {
  rounds: string;
  threads: string;
  mode?: Mode;
  engine?: engine.EngineChoice;
  against?: "native" | "wasm";
  reference?: string;
  memory?: boolean;
  profile?: boolean;
  json?: string;
  scaling?: boolean;
  figure?: string;
  memoryOnly?: boolean;
  answer?: boolean;
}

const examples = `
Cases: ${benchCases.map(({ name }) => name).join(", ")}; default all of them.

A round repeats the work for at least 250 ms, ours and the reference's alike, and its median counts: a single run of a few
milliseconds would measure how threads wake up. Before each of our rounds a pause lets the reference's threads fall asleep.

Examples:
  npx axial-lab bench layer-64x56 --threads 2
      one case by itself, evaluation and training
  npx axial-lab bench axial-resnet-26-s --mode training --profile
      and which kernels its time goes to, beside arithmetic and memory at this machine's peaks
  npx axial-lab bench resnet-50 --engine native --against wasm
      the native kernels beside those in WebAssembly
  npx axial-lab bench --reference "python test/bench/reference.py --sources DIR" --json bench.json
      all cases beside PyTorch running the public sources below DIR: reference and ours in turn, medians of 5 rounds
  npx axial-lab bench axial-resnet-26-s --mode training --memory --reference "..."
      peak memory too, each in a process of its own
  npx axial-lab bench --scaling --rounds 3 --json scaling.json --figure scaling.png
      time over L x span and memory over L, for L from 64 to 2048: global and local span, fused and composed; 3 minutes`;

export function register(program: Command): void {
  program
    .command("bench")
    .summary("measure the kernels, beside a reference where one is given")
    .description("Measures attention, layers and nets: milliseconds, and how many times as fast as a reference.")
    .argument("[case...]", "which cases to run")
    .option("--rounds <n>", "rounds; the median of their medians counts", "5")
    .option("--threads <n>", "threads of ours, and the most the reference may use", String(availableParallelism()))
    .addOption(new Option("--mode <mode>", "only one of them").choices(["evaluation", "training"]))
    .addOption(new Option("--engine <name>", "whose kernels are measured").choices(engine.engineChoices))
    .addOption(new Option("--against <name>", "beside our kernels of this name").choices(["native", "wasm"]))
    .option("--reference <command>", "a program that answers one JSON line to each request")
    .option("--memory", "measure peak memory as well")
    .option("--profile", "show where the time goes: each kernel, beside the least that this machine's peaks allow")
    .option("--scaling", "measure instead how time and memory of attention grow with the length of the axis")
    .option("--figure <file>", "draw that: .png, .svg, .html or .json (Vega-Lite)")
    .option("--json <file>", "write all rounds to a file, with processor, Node, threads and the reference's version")
    .addOption(new Option("--memory-only").hideHelp())
    .addOption(new Option("--answer").hideHelp())
    .addHelpText("after", examples)
    .action(run);
}

async function run(names: string[], flags: BenchFlags): Promise<void> {
  if (flags.memoryOnly === true) return memoryOnly(names, flags.engine);
  if (flags.answer === true)
    return answerRequests(findCase, flags.engine ?? "auto", { input: process.stdin, output: process.stdout });
  const rounds = positiveInteger("--rounds", flags.rounds);
  const threads = positiveInteger("--threads", flags.threads);
  if (flags.scaling === true) {
    if (names.length > 0)
      throw new ConfigError(`bench: --scaling must stand without cases, got ${names.join(" ")}; leave one of them out`);
    return benchScaling({ threads, rounds, json: flags.json, figure: flags.figure });
  }
  if (flags.figure !== undefined)
    throw new ConfigError(`bench: --figure must come with --scaling, got ${flags.figure} alone; add --scaling`);
  const cases = names.length === 0 ? benchCases : names.map(findCase);
  const modes: Mode[] = flags.mode === undefined ? ["evaluation", "training"] : [flags.mode];
  const command = referenceCommand(flags);
  const reference = command === undefined ? null : await startReference(command);
  const choice = flags.engine === undefined ? {} : { engine: flags.engine };
  try {
    const { reason, engine: kernels } = await engine.start({ ...choice, threads });
    console.error(`${reason}${reference === null ? "" : `, beside ${reference.name}`}`);
    const results: CaseResult[] = [];
    const memory: MemoryResult[] = [];
    const profiles: CaseProfile[] = [];
    const report = () =>
      benchReport({ engine: reason, reference: reference?.name ?? null, threads, results, memory, profiles });
    for (const benchCase of cases)
      for (const mode of modes) {
        // The targets are beside PyTorch, not beside other kernels of ours.
        const target = kernels === null || flags.against !== undefined ? undefined : benchCase.targets[kernels][mode];
        const result = await measureCase(benchCase, mode, { rounds, threads, reference, target });
        results.push(result);
        console.error(progressLine(result));
        if (flags.profile === true) profiles.push(profileCase(benchCase, mode, rounds));
        if (flags.memory === true) {
          const own = flags.engine === undefined ? [] : ["--engine", flags.engine];
          const command = [process.execPath, process.argv[1], "bench", "--memory-only", ...own];
          memory.push(await measureMemory(benchCase, mode, { threads, reference, command }));
        }
        // After each: what ends a measurement of half an hour early leaves what was measured by then.
        if (flags.json !== undefined) await writeReport(flags.json, report());
      }
    console.log([markdownTable(report()), ...profiles.map(profileTable)].join("\n\n"));
  } finally {
    reference?.close();
    await engine.stop();
  }
}

/** What the memory measurement runs in a process of its own: case, mode, threads. */
async function memoryOnly([name, mode, threads]: string[], choice?: engine.EngineChoice): Promise<void> {
  await engine.start({ ...(choice && { engine: choice }), threads: Number(threads) });
  console.log(JSON.stringify(memoryInThisProcess(findCase(name), mode as Mode)));
  await engine.stop();
}

/** The command of the reference, which may be this one with other kernels. */
function referenceCommand({ reference, against }: BenchFlags): string | undefined {
  if (against === undefined) return reference;
  if (reference !== undefined)
    throw new ConfigError(`bench: --against must stand without --reference, got both; leave one of them out`);
  return `"${process.execPath}" "${process.argv[1]}" bench --answer --engine ${against}`;
}

function findCase(name: string): BenchCase {
  const found = benchCases.find((benchCase) => benchCase.name === name);
  if (found === undefined)
    throw new ConfigError(
      `bench: no case of this name, got ${name}; use one of ${benchCases.map((c) => c.name).join(", ")}`,
    );
  return found;
}

function positiveInteger(flag: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new ConfigError(`bench: ${flag} must be a positive integer, got ${text}; use 1 or more`);
  return value;
}

function progressLine({
  case: name,
  mode,
  milliseconds,
  referenceMilliseconds,
  referenceThreads,
  compiledMilliseconds,
  compiledAbsent,
  ratio,
  target,
  absent,
}: CaseResult): string {
  const ours = `${name} ${mode}: ${milliseconds.toFixed(1)} ms`;
  if (ratio === undefined || referenceMilliseconds === undefined)
    return absent === undefined ? ours : `${ours} (no reference: ${absent})`;
  const aim = target === undefined ? "" : `, target ${target}x`;
  const compiled =
    compiledMilliseconds !== undefined
      ? `, compiled ${compiledMilliseconds.toFixed(1)} ms`
      : compiledAbsent === undefined
        ? ""
        : `, not compiled (${compiledAbsent})`;
  const theirs = `reference ${referenceMilliseconds.toFixed(1)} ms on ${referenceThreads} threads${compiled}`;
  return `${ours}, ${theirs}: ${ratio.toFixed(2)}x${aim}`;
}
