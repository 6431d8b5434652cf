#!/usr/bin/env node
/** The `axial-lab` command: one sub-command a file; help, exit codes and the one-line form of errors are here. */
import "../core/compile-cache.js";
import { Command } from "commander";
import { AxialError } from "../core/errors.js";
import { version } from "../core/version.js";

/**
 * By name, what adds the sub-command. Only the one that is asked for is loaded: they need TypeScript, TensorFlow.js, a
 * decoder of images, each for itself, and all of that together takes longer than most of what they are asked.
 */
const commands: Readonly<Record<string, () => Promise<{ readonly register: (program: Command) => void }>>> = {
  bench: () => import("./bench.js"),
  data: () => import("./data.js"),
  doctor: () => import("./doctor.js"),
  engine: () => import("./engine.js"),
  evaluate: () => import("./evaluate.js"),
  export: () => import("./export.js"),
  kernel: () => import("./kernel.js"),
  new: () => import("./new.js"),
  notebook: () => import("./notebook.js"),
  segment: () => import("./segment.js"),
  train: () => import("./train.js"),
  verify: () => import("./verify.js"),
  zoo: () => import("./zoo.js"),
};

/**
 * Exit codes: 0 done, 1 the work failed or did not match, 2 the command line or its input is wrong.
 *
 * @param asked the sub-command that the command line names; with any other word, or none, the program has all of them
 */
export async function createProgram(asked = ""): Promise<Command> {
  const program = new Command("axial-lab")
    .description("Axial attention as literate notebooks: train, inspect, verify, run.")
    .version(version)
    .showHelpAfterError("(run with --help for what it takes)")
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  const isVersion = asked === "--version" || asked === "-V";
  const all = isVersion ? [] : Object.values(commands);
  for (const load of Object.hasOwn(commands, asked) ? [commands[asked]] : all) (await load()).register(program);
  return program;
}

if (require.main === module) {
  // Whoever reads our output may stop reading it, as `head` does.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
  createProgram(process.argv[2])
    .then((program) => program.parseAsync())
    .catch((error: unknown) => {
      if (error instanceof AxialError) console.error(error.message);
      else console.error(error);
      // The base class itself says that the work failed; those derived from it, that its input is wrong.
      process.exit(error instanceof AxialError && error.name !== "AxialError" ? 2 : 1);
    });
}
