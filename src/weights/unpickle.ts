/**
 * Reads Python pickles as data. A pickle is a small program; this machine runs it without any Python: it makes
 * dicts, lists, tuples, strings and numbers, and calls only what `allowed` lists. Whatever else a pickle names is neither
 * looked up nor called: an {@link Inert} stands in its place, which keeps what the pickle said of it.
 *
 * Source: the opcode table of Python's `pickletools` (protocols 2 to 5, as `torch.save` writes them).
 */

/** A Python tuple, told apart from a list. */
export class Tuple {
  constructor(readonly items: readonly unknown[]) {}
}

/** In the place of an object (or of a class or function, with no `args`) that only Python could make. */
export class Inert {
  /** What it would hold as a dict, such as a `Counter`. */
  readonly items = new Map<unknown, unknown>();
  /** What Python would hand to `__setstate__`: most often the object's attributes as a dict. */
  state: unknown = null;

  constructor(
    /** `module.name` of its class, or of the function that would make it. */
    readonly name: string,
    readonly args: readonly unknown[] = [],
  ) {}
}

/** What a pickle may call: from `module.name` to a function of the arguments. */
export type AllowedGlobals = ReadonlyMap<string, (args: readonly unknown[]) => unknown>;

export interface UnpickleOptions {
  readonly allowed: AllowedGlobals;
  /** Answers a persistent id: torch's storages. */
  readonly persistentLoad?: (id: unknown) => unknown;
}

/** A reference to one of the allowed globals, on its way to being called. */
export class Callable {
  constructor(
    readonly name: string,
    readonly call: (args: readonly unknown[]) => unknown,
  ) {}
}

const mark = Symbol("mark");

/** Thrown for anything that is not a well-formed pickle; the caller adds the file's name. */
export class PickleError extends Error {}

/** Thrown where the bytes end before the pickle does. */
export class PickleEndsError extends PickleError {}

/** The value of one pickle, and the offset after it. Dicts become `Map`, tuples `Tuple`, large integers `bigint`. */
export function unpickle(
  bytes: Uint8Array,
  options: UnpickleOptions,
  start = 0,
): { readonly value: unknown; readonly end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const memo = new Map<number, unknown>();
  const stack: unknown[] = [];
  let at = start;

  const take = (count: number): number => {
    if (count < 0 || at + count > bytes.length)
      throw new PickleEndsError(`ends inside a value at byte ${at} of ${bytes.length}`);
    at += count;
    return at - count;
  };
  const uint8 = (): number => view.getUint8(take(1));
  const uint32 = (): number => view.getUint32(take(4), true);
  const uint64 = (): number => {
    const value = view.getBigUint64(take(8), true);
    if (value > BigInt(bytes.length)) throw new PickleEndsError(`announces ${value} bytes, more than it has`);
    return Number(value);
  };
  const text = (length: number): string => {
    const from = take(length);
    return new TextDecoder("utf-8").decode(bytes.subarray(from, from + length));
  };
  const line = (): string => {
    const end = bytes.indexOf(10, at);
    if (end < 0) throw new PickleEndsError(`ends inside a line at byte ${at}`);
    const value = text(end - at);
    at = end + 1;
    return value;
  };
  const pop = (): unknown => {
    if (stack.length === 0 || stack[stack.length - 1] === mark)
      throw new PickleError(`takes from an empty stack at byte ${at}`);
    return stack.pop();
  };
  const top = (): unknown => {
    if (stack.length === 0) throw new PickleError(`takes from an empty stack at byte ${at}`);
    return stack[stack.length - 1];
  };
  const popToMark = (): unknown[] => {
    const from = stack.lastIndexOf(mark);
    if (from < 0) throw new PickleError(`has no mark for the items at byte ${at}`);
    const items = stack.splice(from);
    return items.slice(1);
  };
  const items = (value: unknown): readonly unknown[] => {
    if (value instanceof Tuple) return value.items;
    if (value instanceof Inert) return [value]; // Arguments that only Python could make.
    throw new PickleError(`calls with arguments that are no tuple at byte ${at}`);
  };
  const global = (module: string, name: string): Callable | Inert => {
    const call = options.allowed.get(`${module}.${name}`);
    return call === undefined ? new Inert(`${module}.${name}`) : new Callable(`${module}.${name}`, call);
  };
  const called = (callable: unknown, args: unknown): unknown => {
    if (callable instanceof Callable) return callable.call(items(args));
    if (callable instanceof Inert) return new Inert(callable.name, items(args));
    throw new PickleError(`calls what is no function at byte ${at}`);
  };
  const setItems = (target: unknown, pairs: readonly unknown[]): void => {
    const dict = target instanceof Inert ? target.items : target;
    if (!(dict instanceof Map) || pairs.length % 2 !== 0)
      throw new PickleError(`sets items of what is no dict at byte ${at}`);
    for (let i = 0; i < pairs.length; i += 2) dict.set(pairs[i], pairs[i + 1]);
  };
  const append = (target: unknown, values: readonly unknown[]): void => {
    if (target instanceof Set) for (const value of values) target.add(value);
    else if (Array.isArray(target)) for (const value of values) target.push(value);
    else if (!(target instanceof Inert)) throw new PickleError(`appends to what is no list at byte ${at}`);
  };
  const longInteger = (length: number): number | bigint => {
    const from = take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[from + i]);
    if (length > 0 && bytes[from + length - 1] >= 128) value -= 1n << BigInt(8 * length);
    return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
  };
  const memoized = (index: number): unknown => {
    if (!memo.has(index)) throw new PickleError(`reads memo ${index} before it is written`);
    return memo.get(index);
  };

  for (;;) {
    const opcodeAt = at;
    const opcode = String.fromCharCode(uint8());
    switch (opcode) {
      case "\x80": // PROTO
        if (uint8() > 5) throw new PickleError("has a pickle protocol newer than 5");
        break;
      case "\x95": // FRAME
        take(8);
        break;
      case ".": // STOP
        return { value: pop(), end: at };
      case "(":
        stack.push(mark);
        break;
      case "0":
        pop();
        break;
      case "1":
        popToMark();
        break;
      case "2":
        stack.push(top());
        break;
      // Atoms.
      case "N":
        stack.push(null);
        break;
      case "\x88":
        stack.push(true);
        break;
      case "\x89":
        stack.push(false);
        break;
      case "J":
        stack.push(view.getInt32(take(4), true));
        break;
      case "K":
        stack.push(uint8());
        break;
      case "M":
        stack.push(view.getUint16(take(2), true));
        break;
      case "G":
        stack.push(view.getFloat64(take(8), false));
        break;
      case "\x8a": // LONG1
        stack.push(longInteger(uint8()));
        break;
      case "\x8b": // LONG4
        stack.push(longInteger(uint32()));
        break;
      case "X": // BINUNICODE
        stack.push(text(uint32()));
        break;
      case "\x8c": // SHORT_BINUNICODE
        stack.push(text(uint8()));
        break;
      case "\x8d": // BINUNICODE8
        stack.push(text(uint64()));
        break;
      case "T": // BINSTRING
        stack.push(text(uint32()));
        break;
      case "U": // SHORT_BINSTRING
        stack.push(text(uint8()));
        break;
      case "B": // BINBYTES
      case "C": // SHORT_BINBYTES
      case "\x8e": // BINBYTES8
      case "\x96": {
        // BYTEARRAY8
        const length = opcode === "B" ? uint32() : opcode === "C" ? uint8() : uint64();
        const from = take(length);
        stack.push(bytes.slice(from, from + length));
        break;
      }
      // Containers.
      case "}":
        stack.push(new Map());
        break;
      case "]":
        stack.push([]);
        break;
      case "\x8f": // EMPTY_SET
        stack.push(new Set());
        break;
      case "\x91": // FROZENSET
        stack.push(new Set(popToMark()));
        break;
      case ")":
        stack.push(new Tuple([]));
        break;
      case "\x85":
        stack.push(new Tuple([pop()]));
        break;
      case "\x86": {
        const second = pop();
        stack.push(new Tuple([pop(), second]));
        break;
      }
      case "\x87": {
        const third = pop();
        const second = pop();
        stack.push(new Tuple([pop(), second, third]));
        break;
      }
      case "t":
        stack.push(new Tuple(popToMark()));
        break;
      case "l":
        stack.push(popToMark());
        break;
      case "d": {
        const dict = new Map<unknown, unknown>();
        setItems(dict, popToMark());
        stack.push(dict);
        break;
      }
      case "s": {
        const value = pop();
        const key = pop();
        setItems(top(), [key, value]);
        break;
      }
      case "u": {
        const pairs = popToMark();
        setItems(top(), pairs);
        break;
      }
      case "a": {
        const value = pop();
        append(top(), [value]);
        break;
      }
      case "e": // APPENDS
      case "\x90": {
        // ADDITEMS
        const values = popToMark();
        append(top(), values);
        break;
      }
      // Memo.
      case "q":
        memo.set(uint8(), top());
        break;
      case "r":
        memo.set(uint32(), top());
        break;
      case "\x94": // MEMOIZE
        memo.set(memo.size, top());
        break;
      case "h":
        stack.push(memoized(uint8()));
        break;
      case "j":
        stack.push(memoized(uint32()));
        break;
      // Calls: those on the list; an inert object in the place of any other.
      case "c":
        stack.push(global(line(), line()));
        break;
      case "\x93": {
        // STACK_GLOBAL
        const name = pop();
        stack.push(global(String(pop()), String(name)));
        break;
      }
      case "R": // REDUCE
      case "\x81": {
        // NEWOBJ
        const args = pop();
        stack.push(called(pop(), args));
        break;
      }
      case "\x92": {
        // NEWOBJ_EX, whose keyword arguments no allowed call has
        pop();
        const args = pop();
        stack.push(called(pop(), args));
        break;
      }
      case "b": {
        // BUILD: nothing of it is needed of an OrderedDict or a Parameter
        const state = pop();
        const target = top();
        if (target instanceof Inert) target.state = state;
        break;
      }
      case "Q": // BINPERSID
        if (options.persistentLoad === undefined) throw new PickleError("has a persistent id where none is expected");
        stack.push(options.persistentLoad(pop()));
        break;
      default:
        throw new PickleError(
          `has the opcode 0x${opcode.charCodeAt(0).toString(16)} at byte ${opcodeAt}, which weights do not need`,
        );
    }
  }
}
