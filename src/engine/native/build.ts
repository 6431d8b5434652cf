/** Compiles the native kernels where Rust is installed, and puts the library where the engine looks for it. */
import { spawn } from "node:child_process";
import { copyFile, mkdir, rename } from "node:fs/promises";
import path from "node:path";
import { UnsupportedError } from "../../core/errors.js";
import { packageFolder } from "../../core/version.js";
import { builtLibrary, libraryName } from "./library.js";

const crate = path.join(packageFolder, "src", "engine", "native");
const targetFolder = path.join(packageFolder, "dist", "native", "target");

/**
 * Builds with cargo, whose messages go to standard error.
 *
 * @returns the library's file
 * @throws UnsupportedError where there is no cargo, or it does not succeed
 */
export async function buildNative(): Promise<string> {
  const manifest = path.join(crate, "Cargo.toml");
  await runCargo(["build", "--release", "--locked", "--manifest-path", manifest, "--target-dir", targetFolder]);
  await mkdir(path.dirname(builtLibrary), { recursive: true });
  // Whole under another name first: an engine that starts meanwhile must not find half of it.
  const copy = `${builtLibrary}.${process.pid}`;
  await copyFile(path.join(targetFolder, "release", libraryName), copy);
  await rename(copy, builtLibrary);
  return builtLibrary;
}

function runCargo(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const cargo = spawn("cargo", args, { stdio: ["ignore", 2, 2] });
    cargo.on("error", (error: NodeJS.ErrnoException) => {
      const reason = error.code === "ENOENT" ? "none in the PATH" : error.message;
      reject(
        new UnsupportedError(
          `engine build: cargo must be there to compile the native kernels, got ${reason}; install Rust 1.89 or newer (rustup.rs)`,
        ),
      );
    });
    cargo.on("exit", (code, signal) => {
      if (code === 0) resolve();
      else
        reject(
          new UnsupportedError(`engine build: cargo must succeed, got ${signal ?? `exit code ${code}`}; see above`),
        );
    });
  });
}
