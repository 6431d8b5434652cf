/**
 * Names that a notebook may use as it likes but that must not become global variables of the process: the globals
 * that Node has (libraries use them), and those by which libraries tell where they run.
 */

import { cellParameter, mangled, runtimeGlobal } from "../runtime-global.js";

const environmentTests = [
  ...["window", "self", "document", "navigator", "location", "importScripts", "WorkerGlobalScope"],
  ...["define", "module", "exports", "require", "Deno", "Bun", "__dirname", "__filename"],
];

// Taken when this module is loaded, in the language thread, where no cell ever runs.
const taken = new Set([...Object.getOwnPropertyNames(globalThis), ...environmentTests, runtimeGlobal, cellParameter]);

/** The name to use instead, or null where the name is harmless. */
export const harmlessName = (name: string): string | null => (taken.has(name) ? mangled(name) : null);
