/** The thread that TypeScript runs in, so that the kernel answers everything else while it checks a cell. */
import { parentPort, workerData } from "node:worker_threads";
import type { NotebookServiceOptions } from "./service.js";
import { createLanguageSession, type CompileRequest, type LanguageSession } from "./session.js";

export interface LanguageRequests {
  compile: CompileRequest;
  reset: null;
}

export interface LanguageReplies {
  compile: ReturnType<LanguageSession["compile"]>;
  reset: null;
}

export type LanguageRequest = {
  [K in keyof LanguageRequests]: { id: number; type: K; request: LanguageRequests[K] };
}[keyof LanguageRequests];

export type LanguageReply = { id: number; value?: unknown; error?: string };

const session = createLanguageSession(workerData as NotebookServiceOptions);

function answer(message: LanguageRequest): LanguageReplies[keyof LanguageReplies] {
  switch (message.type) {
    case "compile":
      return session.compile(message.request);
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
});

// Node's types and the standard library are read now, and not when the first cell waits for them.
session.notebook.open("");
session.notebook.service.getProgram()?.getTypeChecker();
