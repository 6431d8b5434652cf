/** Requests that are answered at once, whatever a cell is doing: content in, content of the reply out. */
import type { Comms } from "./comms.js";
import type { History } from "./history.js";
import type { Language } from "./language/language-thread.js";

type Content = Record<string, unknown>;
export type Handler = (content: Content) => Content | Promise<Content>;

export interface RequestOptions {
  /** What the kernel says of itself. */
  info: Content;
  language: Language;
  history: History;
  comms: Comms;
  /** Resolves when cells are answered promptly; a client takes the kernel for ready from the first reply on. */
  warm: Promise<void>;
  interrupt: () => void;
}

/** By the type of the request. A handler that throws makes an error reply. */
export function createHandlers({
  info,
  language,
  history,
  comms,
  warm,
  interrupt,
}: RequestOptions): Record<string, Handler> {
  return {
    async kernel_info_request() {
      await warm;
      return info;
    },

    async complete_request(content) {
      const { matches, kinds, start, end } = await language.ask("complete", readCursor(content));
      return {
        matches,
        cursor_start: start,
        cursor_end: end,
        metadata: {
          _jupyter_types_experimental: matches.map((text, index) => ({ text, type: kinds[index], start, end })),
        },
      };
    },

    async inspect_request(content) {
      const detail = content["detail_level"] === 1 ? 1 : 0;
      const data = await language.ask("inspect", { ...readCursor(content), detail });
      return { found: data !== null, data: data ?? {}, metadata: {} };
    },

    async is_complete_request({ code }) {
      return { ...(await language.ask("isComplete", { code: String(code) })) };
    },

    history_request: (content) => ({ ...history.answer(content) }),

    comm_info_request: ({ target_name: target }) => ({ comms: comms.info(target) }),

    interrupt_request() {
      interrupt();
      return {};
    },

    // The debug adapter protocol's way to say no; `debugger: false` of kernel_info said so before.
    debug_request: ({ seq, command }) => ({
      type: "response",
      request_seq: seq ?? 0,
      success: false,
      command: command ?? "",
      message: "debugging is not supported by this kernel",
    }),
  };
}

/** `cells` is ours: the code cells above the one that is asked about, which may not have been run yet. */
function readCursor(content: Content): { code: string; cursor: number; above: string[] } {
  const { code, cursor_pos: cursor, cells } = content;
  if (typeof code !== "string") throw new TypeError(`code must be a text, got ${JSON.stringify(code)}`);
  const above = Array.isArray(cells) ? cells.filter((cell) => typeof cell === "string") : [];
  return { code, cursor: typeof cursor === "number" && cursor >= 0 ? cursor : [...code].length, above };
}
