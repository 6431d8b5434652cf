/** The front end, as the build has bundled it into `dist/browser/editor`. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { packageFolder } from "../core/version.js";
import { RequestRefused, type Answer, type Call, type Route } from "./http.js";
import { mediaTypeOf } from "./media-types.js";

const bundle = join(packageFolder, "dist", "browser", "editor");

/** The page, and what lies beside it. Names of one folder below at most: nothing here leads elsewhere. */
export function staticRoutes(folder = bundle): Route[] {
  async function file(name: string, { request }: Call): Promise<Answer> {
    const bytes = await readFile(join(folder, ...name.split("/"))).catch(() => null);
    if (!bytes)
      throw new RequestRefused(
        404,
        name === "index.html"
          ? `editor: the page must be bundled, got no ${join(folder, name)}; run npm run build`
          : `editor: there is no such address, got /${name}`,
      );
    const tag = `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`;
    const headers = { etag: tag, "cache-control": "no-cache", "content-type": contentType(name) };
    return request.headers["if-none-match"] === tag ? { status: 304, headers } : { status: 200, bytes, headers };
  }

  return [
    { method: "GET", pattern: /^\/$/, handle: (call) => file("index.html", call) },
    {
      method: "GET",
      pattern: /^\/((?:[\w-][\w.-]*\/)?[\w-][\w.-]*\.\w+)$/,
      handle: (call) => file(call.parts[0], call),
    },
  ];
}

function contentType(name: string): string {
  const type = mediaTypeOf(name) ?? "application/octet-stream";
  return /^text\/|javascript|json|svg/.test(type) ? `${type}; charset=utf-8` : type;
}
