/**
 * `Deno.jupyter` of Deno's notebooks (2.9) over our own displays and comms, so that cells written there run here. Cells
 * alone see it: as a global of the process it would make libraries believe that they run in Deno.
 */
import { readFileSync } from "node:fs";
import { ConfigError } from "../../core/errors.js";
import type { Comm, KernelHost, MimeBundle } from "../../core/kernel-host.js";
import { mangled } from "../runtime-global.js";
import { showValue } from "./display/index.js";

const displaySymbol = Symbol.for("Jupyter.display");
type Content = Record<string, unknown>;

interface BroadcastOptions {
  metadata?: Content;
  buffers?: Uint8Array[];
}
interface DenoDisplayOptions {
  raw?: boolean;
  update?: boolean;
  display_id?: string;
}

export function installDeno(host: KernelHost): void {
  /** Those that were opened here; anywidget's kernel side for Deno speaks to its views so. */
  const comms = new Map<string, Comm>();

  function broadcast(type: string, content: Content, { metadata = {}, buffers = [] }: BroadcastOptions = {}): void {
    const data = (content["data"] ?? {}) as Content;
    const id = String(content["comm_id"]);
    switch (type) {
      case "display_data":
      case "update_display_data": {
        const { display_id: displayId } = (content["transient"] ?? {}) as { display_id?: string };
        const named = displayId === undefined ? {} : { displayId };
        const update = type === "update_display_data";
        return host.display(data, { metadata: (content["metadata"] ?? {}) as Content, update, ...named });
      }
      case "clear_output":
        return host.clearOutput({ wait: content["wait"] === true });
      case "stream":
        return void process[content["name"] === "stderr" ? "stderr" : "stdout"].write(String(content["text"]));
      case "comm_open":
        return void comms.set(id, host.openComm(String(content["target_name"]), data, { id, metadata, buffers }));
      case "comm_msg":
        return comms.get(id)?.send(data, { metadata, buffers });
      case "comm_close":
        comms.get(id)?.close(data);
        return void comms.delete(id);
    }
    throw new ConfigError(
      `Deno.jupyter.broadcast: the type must be that of a message on iopub, got ${type}; use display_data, ` +
        `update_display_data, clear_output, stream, comm_open, comm_msg or comm_close`,
    );
  }

  const format = async (value: unknown): Promise<MimeBundle> => (await showValue(value))?.data ?? {};
  const displayable = (bundle: MimeBundle) => ({ [displaySymbol]: () => bundle });
  const tag =
    (type: string) =>
    (texts: TemplateStringsArray, ...values: unknown[]) => {
      const text = texts.map((each, index) => each + (index < values.length ? String(values[index]) : "")).join("");
      return displayable({ [type]: text, "text/plain": text });
    };

  const jupyter = {
    $display: displaySymbol,
    // Deno's is asynchronous: what it throws is a rejection.
    broadcast: (type: string, content: Content, options?: BroadcastOptions): Promise<void> =>
      Promise.resolve().then(() => broadcast(type, content, options)),
    async display(value: unknown, { raw = false, update = false, display_id: displayId }: DenoDisplayOptions = {}) {
      const bundle = raw ? (value as MimeBundle) : await format(value);
      host.display(bundle, { update, ...(displayId === undefined ? {} : { displayId }) });
    },
    format,
    html: tag("text/html"),
    md: tag("text/markdown"),
    svg: tag("image/svg+xml"),
    image(pathOrBytes: string | Uint8Array) {
      const bytes = typeof pathOrBytes === "string" ? readFileSync(pathOrBytes) : pathOrBytes;
      return displayable({ [pictureType(bytes)]: bytes, "text/plain": "a picture" });
    },
  };
  Object.defineProperty(globalThis, mangled("Deno"), { value: { jupyter }, configurable: true });
}

function pictureType(bytes: Uint8Array): "image/png" | "image/jpeg" {
  if (bytes[0] === 0x89 && bytes[1] === 0x50) return "image/png";
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return "image/jpeg";
  throw new ConfigError(
    `Deno.jupyter.image: the picture must be PNG or JPEG, got ${bytes.length} bytes of neither; convert it first`,
  );
}
