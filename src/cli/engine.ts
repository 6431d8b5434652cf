/** `axial-lab engine`: builds the native kernels, and tells which kernels run. */
import type { Command } from "commander";
import * as engine from "../engine/index.js";

export function register(program: Command): void {
  const command = program
    .command("engine")
    .summary("build the native kernels, or show which kernels run")
    .description("The engine's kernels: native ones where they are built or installed, else those in WebAssembly.");
  command
    .command("build")
    .description(
      "Compile the native kernels for this machine; needs Rust (cargo) 1.89 or newer, and a few minutes at most.",
    )
    .addHelpText("after", "\nExit code: 0 built, 2 no cargo, or it failed.")
    .action(async () => {
      console.log(`built ${await engine.buildNative()}`);
      await showStatus();
    });
  command
    .command("status")
    .description("Show which kernels run here, and where the native ones come from.")
    .action(showStatus);
}

async function showStatus(): Promise<void> {
  const { reason } = await engine.start();
  const library = engine.findLibrary();
  console.log(`engine    ${reason}`);
  console.log(`library   ${library ?? "none: npx axial-lab engine build compiles one where Rust is installed"}`);
  await engine.stop();
}
