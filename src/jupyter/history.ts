/** What was run, for `history_request`: one session, kept in memory. */

export interface HistoryEntry {
  line: number;
  input: string;
  /** The text of the result, where there was one. */
  output: string | null;
}

/** `[session, line, input]`, or `[session, line, [input, output]]` where outputs are asked for. */
type Row = [number, number, string | [string, string | null]];

export interface History {
  add(entry: HistoryEntry): void;
  setOutput(line: number, output: string): void;
  answer(request: Record<string, unknown>): { history: Row[] };
}

const session = 1;

export function createHistory(): History {
  const entries: HistoryEntry[] = [];

  function select(request: Record<string, unknown>): HistoryEntry[] {
    const n = whole(request["n"]) ?? Infinity;
    switch (request["hist_access_type"]) {
      case "tail":
        return last(entries, n);
      case "range": {
        // 0 is the current session, and the only other one there is goes by its own number.
        const wanted = whole(request["session"]) ?? 0;
        if (wanted !== 0 && wanted !== session) return [];
        const start = whole(request["start"]) ?? 0;
        const stop = whole(request["stop"]) ?? Infinity;
        return entries.filter(({ line }) => line >= start && line < stop);
      }
      case "search": {
        const pattern = globPattern(typeof request["pattern"] === "string" ? request["pattern"] : "*");
        let found = entries.filter(({ input }) => pattern.test(input));
        // Of equal inputs the latest stays.
        if (request["unique"] === true) {
          found = [...new Map(found.map((entry) => [entry.input, entry])).values()].sort((a, b) => a.line - b.line);
        }
        return last(found, n);
      }
      default:
        throw new Error(
          `history_request: hist_access_type must be tail, range or search, got ${JSON.stringify(request["hist_access_type"])}`,
        );
    }
  }

  return {
    add: (entry) => void entries.push(entry),
    setOutput(line, output) {
      const entry = entries.find((each) => each.line === line);
      if (entry) entry.output = output;
    },
    answer: (request) => ({
      history: select(request).map(({ line, input, output }): Row => [
        session,
        line,
        request["output"] === true ? [input, output] : input,
      ]),
    }),
  };
}

const whole = (value: unknown): number | null => (typeof value === "number" && Number.isFinite(value) ? value : null);

const last = <T>(list: readonly T[], n: number): T[] => (n <= 0 ? [] : list.slice(-Math.min(n, list.length)));

/** `*` stands for any text and `?` for any character; the whole input must match. */
function globPattern(glob: string): RegExp {
  const escaped = glob
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", "[^]*")
    .replaceAll("?", "[^]");
  return new RegExp(`^${escaped}$`);
}
