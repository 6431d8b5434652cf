/** `execute_request` as it comes, with the defaults of the specification. */

export interface ExecuteContent {
  code: string;
  /** Nothing is published and nothing is remembered. */
  silent: boolean;
  storeHistory: boolean;
  /** An error aborts the requests that wait behind this one. */
  stopOnError: boolean;
  allowStdin: boolean;
  userExpressions: Record<string, string>;
}

/** Null where there is no code. */
export function readExecuteRequest(content: Record<string, unknown>): ExecuteContent | null {
  if (typeof content["code"] !== "string") return null;
  const silent = content["silent"] === true;
  const expressions = content["user_expressions"];
  return {
    code: content["code"],
    silent,
    storeHistory: !silent && content["store_history"] !== false,
    stopOnError: content["stop_on_error"] !== false,
    allowStdin: content["allow_stdin"] !== false,
    userExpressions:
      typeof expressions === "object" && expressions !== null
        ? Object.fromEntries(Object.entries(expressions).map(([name, text]) => [name, String(text)]))
        : {},
  };
}

/** `name?` asks what a name is and `name??` also how it is defined; the answer goes to the pager. */
export function readHelpRequest(code: string): { expression: string; detail: 0 | 1 } | null {
  const match = /^\s*(?:(\?\??)\s*([\w$.]+)|([\w$.]+)\s*(\?\??))\s*$/.exec(code);
  if (!match) return null;
  return { expression: match[2] ?? match[3], detail: (match[1] ?? match[4]).length === 2 ? 1 : 0 };
}
