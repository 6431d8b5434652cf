#!/usr/bin/env node
/** The `axial-lab` command: one sub-command a file; help, exit codes and the one-line form of errors are here. */
import { Command } from "commander";
import { AxialError } from "../core/errors.js";
import { version } from "../core/version.js";
import { register as bench } from "./bench.js";
import { register as data } from "./data.js";
import { register as doctor } from "./doctor.js";
import { register as engine } from "./engine.js";
import { register as evaluate } from "./evaluate.js";
import { register as exportModel } from "./export.js";
import { register as kernel } from "./kernel.js";
import { register as newNotebook } from "./new.js";
import { register as notebook } from "./notebook.js";
import { register as segment } from "./segment.js";
import { register as train } from "./train.js";
import { register as verify } from "./verify.js";
import { register as zoo } from "./zoo.js";

/** Each adds its sub-command. */
// prettier-ignore
const commands = [
  bench,
  data,
  doctor,
  engine,
  evaluate,
  exportModel,
  kernel,
  newNotebook,
  notebook,
  segment,
  train,
  verify,
  zoo,
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
  // Whoever reads our output may stop reading it, as `head` does.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
  createProgram()
    .parseAsync()
    .catch((error: unknown) => {
      if (error instanceof AxialError) console.error(error.message);
      else console.error(error);
      // The base class itself says that the work failed; those derived from it, that its input is wrong.
      process.exit(error instanceof AxialError && error.name !== "AxialError" ? 2 : 1);
    });
}
