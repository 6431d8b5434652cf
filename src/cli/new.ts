/** `axial-lab new`: a notebook to start from. */
import { basename, extname, dirname } from "node:path";
import { mkdir, open } from "node:fs/promises";
import type { Command } from "commander";
import { ConfigError } from "../core/errors.js";
import { lessonTemplate } from "../editor/template.js";
import { formatNotebook } from "../notebook/file.js";

export function register(program: Command): void {
  program
    .command("new <notebook>")
    .description("Start a notebook from a template: a title, an idea, a layer, an exercise.")
    .addHelpText("after", "\nAn existing file is never overwritten.\n\nExample:\n  npx axial-lab new lesson.ipynb")
    .action(create);
}

async function create(path: string): Promise<void> {
  if (extname(path) !== ".ipynb")
    throw new ConfigError(`new: the name of a notebook must end in .ipynb, got ${path}; use ${path}.ipynb`);
  const title = titleOf(basename(path, ".ipynb"));
  try {
    await mkdir(dirname(path), { recursive: true });
    // Refused by the system itself where the file is there, whoever makes it meanwhile.
    const file = await open(path, "wx");
    await file.writeFile(formatNotebook(lessonTemplate(title)));
    await file.close();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST")
      throw new ConfigError(
        `new: the file must not exist, got ${path}; choose another name, or open it: npx axial-lab notebook edit ${path}`,
      );
    throw new ConfigError(`new: the file must be writable, got ${path} (${code}); choose another place`);
  }
  console.log(`wrote ${path}; open it: npx axial-lab notebook edit ${path}`);
}

/** `02-row-and-column` reads "Row and column". */
function titleOf(name: string): string {
  const words =
    name
      .replace(/^\d+[-_. ]+/, "")
      .replace(/[-_]+/g, " ")
      .trim() || name;
  return words[0].toUpperCase() + words.slice(1);
}
