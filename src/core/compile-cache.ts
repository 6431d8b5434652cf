/**
 * Imported for its effect, first of all, by what starts a process: from Node 22.1 on, code that V8 has compiled is kept in the
 * system's temporary folder for the next process, which then starts a tenth to a third sooner. Where the folder cannot be
 * written, or NODE_DISABLE_COMPILE_CACHE is set, Node goes on without.
 */
import * as nodeModule from "node:module";

/** Not among the types of Node 20. */
interface CompileCache {
  enableCompileCache?(): unknown;
}

(nodeModule as CompileCache).enableCompileCache?.();
