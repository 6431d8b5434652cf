/** Writes what reads the arguments of ../signatures.ts: in AssemblyScript (slots.ts), and their places for a native engine. */

const readers = {
  address: ["usize", (slot) => `pointerAt(args, ${slot})`],
  bytes: ["usize", (slot) => `pointerAt(args, ${slot})`],
  count: ["i32", (slot) => `integerAt(args, ${slot})`],
  flag: ["bool", (slot) => `integerAt(args, ${slot}) !== 0`],
  real: ["f32", (slot) => `realAt(args, ${slot})`],
  double: ["f64", (slot) => `load<f64>(args, ${slot} << 3)`],
  // Not its value but its place, for atomic operations.
  counter: ["usize", (slot) => `args + (${slot} << 3)`],
};

/** @param signatures kernels and groups, each by its name: types by the slots' names, in order */
export function assemblySlots(signatures) {
  const spaces = Object.entries(signatures).map(([name, slots]) => {
    const functions = Object.entries(slots).map(([slot, type], index) => {
      const [result, read] = readers[type];
      return `  // @ts-ignore: decorator\n  @inline export function ${slot}(args: usize): ${result} { return ${read(index)}; }\n`;
    });
    const bytes = Object.keys(slots).length * 8;
    return `export namespace ${name}Args {\n  /** Of all slots. */\n  export const slotBytes: usize = ${bytes};\n${functions.join("")}}\n`;
  });
  return `/** Arguments by name. Written by build.mjs from ../signatures.ts. */
import { integerAt, pointerAt, realAt } from "./arguments";

${spaces.join("\n")}`;
}

/** The same as Rust modules of constants: `axial_attention::CONTENT`, and how many there are, `SLOTS`. */
export function rustSlots(signatures) {
  const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const modules = Object.entries(signatures).map(([name, slots]) => {
    const constants = Object.entries(slots).map(
      ([slot, type], index) => `    /// ${type}\n    pub const ${snake(slot).toUpperCase()}: usize = ${index};\n`,
    );
    return `pub mod ${snake(name)} {\n${constants.join("")}    pub const SLOTS: usize = ${constants.length};\n}\n`;
  });
  return `//! Argument slots by kernel and name. Written by wasm/assembly/build.mjs from wasm/signatures.ts.\n\n${modules.join("\n")}`;
}
