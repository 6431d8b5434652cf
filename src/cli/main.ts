#!/usr/bin/env node
/** The `axial-lab` command: one sub-command a file; help, exit codes and the one-line form of errors are here. */
import { Command } from "commander";
import { AxialError } from "../errors.js";
import { version } from "../version.js";
import { register as bench } from "./bench.js";
import { register as doctor } from "./doctor.js";
import { register as kernel } from "./kernel.js";
import { register as notebook } from "./notebook.js";
import { register as verify } from "./verify.js";

/** Each adds its sub-command. */
// prettier-ignore
const commands = [
  bench,
  doctor,
  kernel,
  notebook,
  verify,
];

/** Exit codes: 0 done, 1 the work failed or did not match, 2 the command line or its input is wrong. */
export function createProgram(): Command {
  const program = new Command("axial-lab")
    .description("Axial attention as literate notebooks: train, inspect, verify, run.")
    .version(version)
    .showHelpAfterError("(run with --help for what it takes)")
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  for (const register of commands) register(program);
  return program;
}

if (require.main === module) {
  createProgram()
    .parseAsync()
    .catch((error: unknown) => {
      if (error instanceof AxialError) console.error(error.message);
      else console.error(error);
      process.exit(error instanceof AxialError ? 2 : 1);
    });
}
