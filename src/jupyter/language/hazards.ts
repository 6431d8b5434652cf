/**
 * Names that a notebook may use as it likes but that must not become global variables of the process: the globals
 * that Node has (libraries use them), and those by which libraries tell where they run.
 */

const environmentTests = [
  ...["window", "self", "document", "navigator", "location", "importScripts", "WorkerGlobalScope"],
  ...["define", "module", "exports", "require", "Deno", "Bun", "__dirname", "__filename"],
];

// Taken when this module is loaded, in the language thread, where no cell ever runs.
const taken = new Set([...Object.getOwnPropertyNames(globalThis), ...environmentTests, "__axial__", "__cell__"]);

/** The name to use instead, or null where the name is harmless. */
export const mangled = (name: string): string | null => (taken.has(name) ? `${name}$cell` : null);
