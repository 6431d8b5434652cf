/** Executes one piece of code through a client and gathers what comes back. */
import type { KernelClient } from "./client.js";
import type { Message } from "./wire.js";

export interface ExecuteOptions {
  silent?: boolean;
  storeHistory?: boolean;
  stopOnError?: boolean;
  userExpressions?: Record<string, string>;
  /** Called with every message on iopub that this execution causes, as it comes. */
  onOutput?: (message: Message) => void;
  /** Called when the cell asks for input; null leaves it waiting. Without it the cell may not ask. */
  onInput?: (prompt: string, password: boolean) => string | null;
}

/** Resolves when both the reply and the `idle` status have come: nothing of this execution is still on its way. */
export function execute(client: KernelClient, code: string, options: ExecuteOptions = {}): Promise<Message> {
  const {
    silent = false,
    storeHistory = !silent,
    stopOnError = true,
    userExpressions = {},
    onOutput,
    onInput,
  } = options;
  return new Promise((resolve) => {
    let reply: Message | null = null;
    let idle = false;
    const stop = client.listen((channel, message) => {
      if (message.parentHeader.msg_id !== sent.msg_id) return;
      if (channel === "shell") reply = message;
      if (channel === "iopub") {
        onOutput?.(message);
        idle ||= message.header.msg_type === "status" && message.content["execution_state"] === "idle";
      }
      if (channel === "stdin" && message.header.msg_type === "input_request" && onInput) {
        const value = onInput(String(message.content["prompt"]), message.content["password"] === true);
        if (value !== null) client.send("stdin", "input_reply", { value }, { parent: message.header });
      }
      if (!reply || !idle) return;
      stop();
      resolve(reply);
    });
    const sent = client.send("shell", "execute_request", {
      code,
      silent,
      store_history: storeHistory,
      user_expressions: userExpressions,
      allow_stdin: onInput !== undefined,
      stop_on_error: stopOnError,
    });
  });
}
