/** The thread that TypeScript runs in, so that the kernel answers everything else while it checks a cell. */
import { parentPort, workerData } from "node:worker_threads";
import type { MimeBundle } from "../../core/kernel-host.js";
import { toCodePoints, toUtf16 } from "./code-points.js";
import { complete } from "./completion.js";
import { inspectAt } from "./inspection.js";
import { isComplete, type Completeness } from "./is-complete.js";
import {
  createLanguageSession,
  type CompileRequest,
  type DiagnoseRequest,
  type LanguageSession,
  type LanguageSessionOptions,
} from "./session.js";

/** Cursors are counted in code points, as in Jupyter. `above`: the code cells above, whether they have been run or not. */
export interface LanguageRequests {
  compile: CompileRequest;
  diagnose: DiagnoseRequest;
  complete: { code: string; cursor: number; above: string[] };
  inspect: { code: string; cursor: number; detail: 0 | 1; above: string[] };
  isComplete: { code: string };
  reset: null;
}

export interface LanguageReplies {
  compile: ReturnType<LanguageSession["compile"]>;
  diagnose: ReturnType<LanguageSession["diagnose"]>;
  complete: { matches: string[]; kinds: string[]; start: number; end: number };
  inspect: MimeBundle | null;
  isComplete: Completeness;
  reset: null;
}

export type LanguageRequest = {
  [K in keyof LanguageRequests]: { id: number; type: K; request: LanguageRequests[K] };
}[keyof LanguageRequests];

export type LanguageReply = { id: number; value?: unknown; error?: string };

const options = workerData as LanguageSessionOptions;
const session = createLanguageSession(options);

function answer(message: LanguageRequest): LanguageReplies[keyof LanguageReplies] {
  switch (message.type) {
    case "compile":
      return session.compile(message.request);
    case "diagnose":
      return session.diagnose(message.request);
    case "complete": {
      const { code, cursor, above } = message.request;
      const { start, end, ...found } = complete(session.notebook, code, toUtf16(code, cursor), above);
      return { ...found, start: toCodePoints(code, start), end: toCodePoints(code, end) };
    }
    case "inspect": {
      const { code, cursor, detail, above } = message.request;
      return inspectAt(session.notebook, code, toUtf16(code, cursor), detail, above);
    }
    case "isComplete":
      return isComplete(message.request.code, options.language);
    case "reset":
      session.reset();
      return null;
  }
}

parentPort!.on("message", (message: LanguageRequest) => {
  let reply: LanguageReply;
  try {
    reply = { id: message.id, value: answer(message) };
  } catch (error) {
    reply = { id: message.id, error: String((error as Error).stack ?? error) };
  }
  parentPort!.postMessage(reply);
  if (message.type === "compile" || message.type === "reset") setImmediate(prepare);
});

/** Takes in what has changed now, while nobody waits: at first Node's types and the library, then the last cell. */
function prepare(): void {
  session.notebook.open("");
  session.notebook.service.getProgram()?.getTypeChecker();
}
prepare();
