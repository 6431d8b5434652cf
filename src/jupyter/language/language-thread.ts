/** The kernel's end of the language thread. */
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { LanguageSessionOptions } from "./session.js";
import type { LanguageReplies, LanguageReply, LanguageRequests } from "./worker.js";

export interface Language {
  ask<K extends keyof LanguageRequests>(type: K, request: LanguageRequests[K]): Promise<LanguageReplies[K]>;
  close(): Promise<void>;
}

export function startLanguage(options: LanguageSessionOptions): Language {
  const worker = new Worker(join(__dirname, "worker.js"), { workerData: options });
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let serial = 0;
  let failure: Error | null = null;
  worker.on("message", ({ id, value, error }: LanguageReply) => {
    const entry = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) entry?.resolve(value as never);
    else entry?.reject(new Error(`internal: the language service failed: ${error}`));
  });
  worker.on("error", (error) => {
    failure = new Error(`internal: the language service has ended: ${error.message}; restart the kernel`);
    for (const { reject } of waiting.values()) reject(failure);
    waiting.clear();
  });
  return {
    ask: (type, request) =>
      new Promise((resolve, reject) => {
        if (failure) return reject(failure);
        waiting.set(++serial, { resolve, reject });
        worker.postMessage({ id: serial, type, request });
      }),
    async close() {
      await worker.terminate();
    },
  };
}
