/**
 * UCX, by which some MPIs send (MPICH 4 of Debian among them), takes the signals of faults for a report of its own when it is
 * loaded. V8 turns such a signal into the exception that a fault in WebAssembly is; with UCX's handler in its place the process
 * ends instead. The environment tells it not to, which it reads once; what the user has set stays.
 */
export function leaveFaultsToV8(environment: Record<string, string | undefined> = process.env): void {
  environment["UCX_ERROR_SIGNALS"] ??= "";
}
