/**
 * Writes the site.
 *
 *     npm run site                       # out/site
 *     npm run site -- --net FOLDER       # the live net that `axial-lab export RUN --to web FOLDER` wrote, in place of ours
 *     npm run site -- --out FOLDER
 */
import { mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { writeFileAtomically } from "../core/atomic-file.js";
import { AxialError, ConfigError } from "../core/errors.js";
import { makeSite } from "./site.js";

const options = { out: { type: "string", default: "out/site" }, net: { type: "string" } } as const;

function readFlags(): { readonly out: string; readonly net?: string } {
  try {
    return parseArgs({ options }).values;
  } catch {
    throw new ConfigError(
      `site: a flag must be known and have a value, got ${process.argv.slice(2).join(" ")}; use --out FOLDER or --net FOLDER`,
    );
  }
}

async function main(): Promise<void> {
  const values = readFlags();
  const out = resolve(values.out);
  const { files, broken } = await makeSite(out, { net: values.net, run: true });
  for (const [path, contents] of files) {
    const file = join(out, ...path.split("/"));
    await mkdir(dirname(file), { recursive: true });
    await writeFileAtomically(file, [typeof contents === "string" ? Buffer.from(contents) : contents]);
  }
  for (const line of broken) console.error(line);
  console.log(`wrote ${join(out, "index.html")} and ${files.size - 1} files beside it`);
  if (broken.length > 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error instanceof AxialError ? error.message : error);
  process.exitCode = error instanceof ConfigError ? 2 : 1;
});
