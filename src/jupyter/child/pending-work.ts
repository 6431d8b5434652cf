/**
 * What cells have set going and left: timers, child processes, files and connections. Told by the resources that Node
 * itself counts, of which only those matter that end by themselves: a server or a thread waits for ever.
 */
const kinds: Record<string, RegExp> = {
  timers: /^(?:Timeout|Immediate)$/,
  "child processes": /^ProcessWrap$/,
  files: /^FSReq/,
  connections: /^(?:TCPSocketWrap|TCPConnectWrap|TLSWrap|GetAddrInfoReqWrap|QueryReqWrap|HTTPClientRequest)$/,
};

/** Node's own: the timers of cells are counted, this one is not. */
const later = setTimeout;
/** Between two looks, in milliseconds. */
const pause = 20;

function pendingWork(): string[] {
  const resources = process.getActiveResourcesInfo();
  return Object.keys(kinds).filter((kind) => resources.some((resource) => kinds[kind].test(resource)));
}

/** Resolves when nothing is left, or after so many milliseconds with the kinds of what is. */
export async function workDone(limit: number): Promise<string[]> {
  for (const deadline = Date.now() + limit; ;) {
    const left = pendingWork();
    if (left.length === 0 || Date.now() >= deadline) return left;
    await new Promise((resolve) => later(resolve, pause).unref());
  }
}
