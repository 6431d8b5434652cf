/** Tensors of TensorFlow.js: shape, dtype, statistics, a few values, a picture where they look like one. */
import type { MimeBundle } from "../../../core/kernel-host.js";
import { picture } from "./image.js";
import { statistics, statisticsText } from "./statistics.js";
import { escapeHtml } from "./text.js";

/** What a tensor of any copy of TensorFlow.js has. */
export interface TensorLike {
  shape: number[];
  dtype: string;
  size: number;
  isDisposed: boolean;
  data(): Promise<ArrayLike<number>>;
  toString(verbose?: boolean): string;
  name?: string;
}

export function isTensor(value: unknown): value is TensorLike {
  if (typeof value !== "object" || value === null) return false;
  const tensor = value as Partial<TensorLike>;
  return (
    Array.isArray(tensor.shape) &&
    typeof tensor.dtype === "string" &&
    typeof tensor.data === "function" &&
    typeof tensor.isDisposed === "boolean"
  );
}

/** Lines of values that are shown of a tensor. */
const mostLines = 30;

function shorten(text: string): string {
  const lines = text.split("\n");
  if (lines.length <= mostLines) return text;
  const half = mostLines / 2;
  return [...lines.slice(0, half), "     …", ...lines.slice(-half)].join("\n");
}

/** Larger tensors are described without being read, in elements. */
const mostRead = 1 << 26;

/** Its kind, shape and dtype. */
export function tensorLine(tensor: TensorLike): string {
  const kind = "name" in tensor && "trainable" in tensor ? `Variable ${JSON.stringify(tensor.name)}` : "Tensor";
  return `${kind} [${tensor.shape.join(", ")}] ${tensor.dtype}`;
}

export async function tensorBundle(tensor: TensorLike): Promise<MimeBundle> {
  const head = tensorLine(tensor);
  if (tensor.isDisposed) return { "text/plain": `${head}, disposed` };
  if (tensor.size > mostRead) return { "text/plain": `${head}, ${tensor.size} elements` };
  const values = await tensor.data();
  const isNumeric = tensor.dtype === "float32" || tensor.dtype === "int32" || tensor.dtype === "bool";
  const summary = isNumeric && tensor.size > 1 ? `, ${statisticsText(statistics(values))}` : "";
  const body = shorten(tensor.toString().replace(/^Tensor\n/, ""));
  const png = isNumeric && tensor.dtype !== "bool" ? picture(tensor.shape, values) : null;
  const html = `<div>${escapeHtml(head + summary)}</div>`;
  return {
    "text/plain": `${head}${summary}\n${body}`,
    ...(png
      ? {
          "text/html": `${html}<img alt="${escapeHtml(head)}" src="data:image/png;base64,${png.toString("base64")}">`,
          "image/png": png,
        }
      : {}),
  };
}
