/**
 * What UCX, by which some MPIs send (MPICH 4 of Debian among them), does to the process that loads it. The environment, which it
 * reads once, tells it not to; what the user has set stays.
 */
export function tameUcx(environment: Record<string, string | undefined> = process.env): void {
  // It takes the signals of faults for a report of its own. V8 turns such a signal into the exception that a fault in
  // WebAssembly is; with UCX's handler in its place the process ends instead.
  environment["UCX_ERROR_SIGNALS"] ??= "";
  // It writes jumps to itself over the C library's brk, sbrk, mmap and others, to keep InfiniBand's registrations of memory. In
  // a process of many threads that damages the C library's heap: UCX 1.13 loaded, and nothing of it called, one Node process
  // in a hundred ended by a segmentation fault, somewhere in V8.
  environment["UCX_MEM_EVENTS"] ??= "no";
}
