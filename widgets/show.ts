/**
 * Where figures go: to the front end of the kernel that the code runs in, or into a file.
 */
import { extname } from "node:path";
import { writeFileAtomically } from "../src/core/atomic-file.js";
import { ConfigError } from "../src/core/errors.js";
import { kernelHost, type DisplayOptions, type MimeBundle } from "../src/core/kernel-host.js";
import type { Figure } from "./figure.js";

/** Takes bundles to where the reader is. */
export type Display = (bundle: MimeBundle, options?: DisplayOptions) => void;

/** The part of tslab's module `tslab/dist/jupyter` (1.0.22) that its own display functions write through. */
interface TslabModule {
  lastWriteDisplayData?:
    | ((
        content: { data: MimeBundle; metadata: Record<string, unknown>; transient: { display_id?: string } },
        update: boolean,
      ) => void)
    | null;
}

/**
 * The running tslab, if the process is a stock tslab kernel. Its public functions send one MIME type at a time, the
 * module below them whole bundles; a kernel's process has it loaded, whatever folder it was installed in.
 */
function tslabDisplay(): Display | null {
  for (const [path, loaded] of Object.entries(require.cache)) {
    if (!/[\\/]tslab[\\/]dist[\\/]jupyter\.js$/.test(path)) continue;
    const tslab = loaded?.exports as TslabModule | undefined;
    if (!tslab?.lastWriteDisplayData) continue;
    return (bundle, options = {}) =>
      tslab.lastWriteDisplayData?.(
        { data: bundle, metadata: options.metadata ?? {}, transient: { display_id: options.displayId } },
        options.update === true,
      );
  }
  return null;
}

/** How to display something from here, or null in a plain script. */
export function findDisplay(): Display | null {
  const host = kernelHost();
  return host ? (bundle, options) => host.display(bundle, options) : tslabDisplay();
}

/**
 * Shows figures and widgets below the running cell, one after the other. In a plain script it draws nothing: see `save`.
 *
 *     await axial.widgets.show(axial.widgets.trainingCurves([{ name: "first run", events }]));
 */
export async function show(...figures: readonly Pick<Figure, "bundle">[]): Promise<void> {
  const display = findDisplay();
  if (!display) return;
  for (const figure of figures) display(await figure.bundle());
}

/**
 * Writes a figure in the form that the file's name asks for: `.svg`, `.png`, `.html` (one static element) or `.json`
 * (the specification).
 *
 * @throws ConfigError for any other ending
 */
export async function save(figure: Figure, path: string): Promise<void> {
  const forms: Record<string, () => Promise<string | Uint8Array>> = {
    ".svg": () => figure.svg(),
    ".png": () => figure.png(),
    ".html": () => figure.html(),
    ".json": () => Promise.resolve(`${JSON.stringify(Object.values(figure.live)[0] ?? null, null, 2)}\n`),
  };
  const ending = extname(path).toLowerCase();
  if (!Object.hasOwn(forms, ending))
    throw new ConfigError(
      `save: a figure is written as ${Object.keys(forms).join(", ")}, got ${path}; give the file one of these endings`,
    );
  const content = await forms[ending]();
  await writeFileAtomically(path, [typeof content === "string" ? Buffer.from(content) : content]);
}
