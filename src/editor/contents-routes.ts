/** `/api/contents`: Jupyter's interface to files and folders, and `/files`, their bytes as they are. */
import { readFile, stat } from "node:fs/promises";
import type { Checkpoints } from "./checkpoints.js";
import { isNotebookName, missing, readContents } from "./contents.js";
import { decodePath, type Folder } from "./folder.js";
import { created, nothing, ok, optionalText, RequestRefused, type Answer, type Call, type Route } from "./http.js";
import { mediaTypeOf } from "./media-types.js";
import { splitName, type Saver } from "./save.js";
import { emptyNotebook } from "./template.js";

export interface ContentsRoutesOptions {
  folder: Folder;
  saver: Saver;
  checkpoints: Checkpoints;
}

export function contentsRoutes({ folder, saver, checkpoints }: ContentsRoutesOptions): Route[] {
  const pathOf = ({ parts }: Call) => decodePath(parts[0] ?? "");
  const location = (path: string) => `/api/contents/${path.split("/").map(encodeURIComponent).join("/")}`;

  /** A new file, folder or copy in a folder, under a name that is free. */
  async function create(call: Call): Promise<Answer> {
    const parent = pathOf(call);
    const body = await call.body();
    const copied = optionalText(body, "copy_from");
    if (copied !== undefined) {
      const { content, type, format, name } = await readContents(folder, copied);
      if (type === "directory") throw new RequestRefused(400, `contents: a folder is not copied, got ${copied}`);
      const [base, extension] = splitName(name);
      const path = await saver.freePath(parent, (number) => `${base}-Copy${number + 1}${extension}`);
      const { model } = await saver.save(path, { type, content, format: format ?? undefined });
      return created(model, location(path));
    }
    const type = optionalText(body, "type") ?? "notebook";
    if (type === "directory") {
      const path = await saver.freePath(parent, numbered("Untitled Folder", "", " "));
      return created((await saver.makeFolder(path)).model, location(path));
    }
    const isNotebook = type === "notebook";
    const extension = optionalText(body, "ext") ?? (isNotebook ? ".ipynb" : "");
    const path = await saver.freePath(parent, numbered(isNotebook ? "Untitled" : "untitled", dotted(extension)));
    const content = isNotebook ? emptyNotebook() : "";
    const { model } = await saver.save(path, { type, content, format: "text", expectedHash: null });
    return created(model, location(path));
  }

  async function save(call: Call): Promise<Answer> {
    const path = pathOf(call);
    const body = await call.body();
    const type = optionalText(body, "type") ?? (isNotebookName(path) ? "notebook" : "file");
    const expectedHash = body["expected_hash"] === null ? null : optionalText(body, "expected_hash");
    const { model, isNew } =
      type === "directory"
        ? await saver.makeFolder(path)
        : await saver.save(path, {
            type,
            format: optionalText(body, "format"),
            content: body["content"],
            chunk: body["chunk"] === undefined ? undefined : Number(body["chunk"]),
            expectedHash,
          });
    return isNew ? created(model, location(model.path)) : ok(model);
  }

  async function bytes(call: Call): Promise<Answer> {
    const place = await folder.place(pathOf(call));
    if (!place.exists || !(await stat(place.file)).isFile()) throw missing(place.path);
    return {
      status: 200,
      bytes: await readFile(place.file),
      headers: {
        "content-type": mediaTypeOf(place.name) ?? "application/octet-stream",
        // A page or a picture of the folder that is opened by itself must not act with the reader's cookie.
        "content-security-policy": "sandbox allow-scripts",
        "cache-control": "no-cache",
      },
    };
  }

  return [
    {
      method: "GET",
      pattern: /^\/api\/contents\/(.+)\/checkpoints$/,
      handle: async (call) => ok(await checkpoints.list(pathOf(call))),
    },
    {
      method: "POST",
      pattern: /^\/api\/contents\/(.+)\/checkpoints$/,
      async handle(call) {
        const checkpoint = await checkpoints.create(pathOf(call));
        return created(checkpoint, `${location(pathOf(call))}/checkpoints/${checkpoint.id}`);
      },
    },
    {
      method: "POST",
      pattern: /^\/api\/contents\/(.+)\/checkpoints\/([\w-]+)$/,
      async handle(call) {
        await checkpoints.restore(pathOf(call), call.parts[1]);
        return nothing;
      },
    },
    {
      method: "DELETE",
      pattern: /^\/api\/contents\/(.+)\/checkpoints\/([\w-]+)$/,
      async handle(call) {
        await checkpoints.remove(pathOf(call), call.parts[1]);
        return nothing;
      },
    },
    {
      method: "GET",
      pattern: /^\/api\/contents(?:\/(.*))?$/,
      handle: async (call) =>
        ok(
          await readContents(folder, pathOf(call), {
            content: call.query.get("content") !== "0",
            hash: call.query.get("hash") === "1",
            type: call.query.get("type") ?? undefined,
            format: call.query.get("format") ?? undefined,
          }),
        ),
    },
    { method: "POST", pattern: /^\/api\/contents(?:\/(.*))?$/, handle: create },
    { method: "PUT", pattern: /^\/api\/contents\/(.+)$/, handle: save },
    {
      method: "PATCH",
      pattern: /^\/api\/contents\/(.+)$/,
      async handle(call) {
        const to = optionalText(await call.body(), "path");
        if (to === undefined) throw new RequestRefused(400, "contents: a rename must give path, got none");
        return ok(await saver.rename(pathOf(call), to));
      },
    },
    {
      method: "DELETE",
      pattern: /^\/api\/contents\/(.+)$/,
      async handle(call) {
        await saver.remove(pathOf(call));
        return nothing;
      },
    },
    { method: "GET", pattern: /^\/files\/(.+)$/, handle: bytes },
  ];
}

const numbered =
  (base: string, extension: string, separator = "") =>
  (number: number): string =>
    `${base}${number === 0 ? "" : `${separator}${number}`}${extension}`;

const dotted = (extension: string): string =>
  extension === "" || extension.startsWith(".") ? extension : `.${extension}`;
