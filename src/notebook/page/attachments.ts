/** Pictures that lie in a cell itself, as `attachment:name` in its Markdown. */
import type { Cell } from "../nbformat.js";
import { dataUri } from "./html.js";
import type { Pictures } from "./pictures.js";

/** Answers for the cell's attachments; what is none of them goes to `others`. */
export function attachedPictures(cell: Cell, others: Pictures): Pictures {
  const attachments = (cell.cell_type === "code" ? {} : (cell.attachments ?? {})) as Record<
    string,
    Record<string, string>
  >;
  return (address) => {
    const name = /^attachment:(.*)$/.exec(address)?.[1];
    if (name === undefined) return others(address);
    const [type, content] = Object.entries(attachments[decodeURIComponent(name)] ?? {})[0] ?? [];
    return type === undefined ? null : dataUri(type, content);
  };
}
