/** What an argument slot of a kernel can hold. */

/**
 * address: of a tensor's or scratch memory's first byte; 0 where there is none. bytes: a distance in memory. count: a
 * size, an index or a choice, may be negative. flag: 0 or 1. real: float32. double: float64. counter: 0 at first; what
 * threads take tasks by.
 */
export type SlotType = "address" | "bytes" | "count" | "flag" | "real" | "double" | "counter";

/** Arguments by kernel and name, in the order of their slots. */
export type Signatures = Readonly<Record<string, Readonly<Record<string, SlotType>>>>;
