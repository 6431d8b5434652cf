/**
 * Optional: the public conformance suite for kernels, `runtimed/kernel-testbed`, against our kernel. Its program is built
 * by `cargo build --release` from a checkout in which `jupyter-protocol` and `runtimelib` (features tokio-runtime, ring)
 * are releases of crates.io (1.5.0 and 1.6.0) instead of a git branch.
 *
 *     node dist/test/conformance/kernel-testbed.js path/to/jupyter-kernel-test
 *
 * The kernel is installed in a folder of its own for the time of the run. The exit code is that of the suite, and 1 where
 * a test did not pass.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installKernel } from "../../src/jupyter/install.js";
import { thisSystem } from "../../src/jupyter/jupyter-paths.js";

async function main([program]: string[]): Promise<number> {
  if (program === undefined) throw new Error("testbed: the path of jupyter-kernel-test must be given, got none");
  const data = mkdtempSync(join(tmpdir(), "axial-testbed-"));
  try {
    const env = { ...process.env, XDG_DATA_HOME: data, JUPYTER_DATA_DIR: join(data, "jupyter") };
    await installKernel({ system: { ...thisSystem(), env } });
    const { status, stdout } = spawnSync(program, ["axial-lab"], {
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
    console.log(stdout);
    return status === 0 && !/FAIL|SKIP|TIMEOUT|UNSUPPORTED/i.test(stdout) ? 0 : 1;
  } finally {
    rmSync(data, { recursive: true });
  }
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error((error as Error).message);
    process.exitCode = 2;
  },
);
