/**
 * What UCX, by which some MPIs send (MPICH 4 of Debian among them), does to the process that loads it.
 */

/**
 * UCX takes the signals of faults for a report of its own. V8 turns such a signal into the exception that a fault in WebAssembly
 * is; with UCX's handler in its place the process ends instead. The environment tells it not to, which it reads once; what the user
 * has set stays.
 */
export function leaveFaultsToV8(environment: Record<string, string | undefined> = process.env): void {
  environment["UCX_ERROR_SIGNALS"] ??= "";
}

let leaves = false;

/**
 * With UCX 1.13 loaded, and nothing of it called, one Node process in a hundred finds the C library's heap damaged when V8 takes its
 * own down at the very end, and ends by a segmentation fault where it should by its exit code. `process.exit` does not take it
 * down: so the process leaves by that once nothing is left to do.
 */
export function leaveWithoutTeardown(): void {
  if (!leaves) process.once("beforeExit", (code) => process.exit(code));
  leaves = true;
}
