/** A model on a command line: a name, or a JSON file with a configuration. */
import { readFileSync } from "node:fs";
import { FileError } from "../core/errors.js";
import { decodeText, parseJson } from "../core/json.js";
import type { ResNetConfig } from "../models/index.js";

/**
 * @param flag begins the error, such as `--model`
 * @returns the name, or what the file holds: whoever takes it checks it
 * @throws FileError when there is no such file, or it is no JSON
 */
export function readModel(flag: string, text: string): string | ResNetConfig {
  if (!text.endsWith(".json")) return text;
  try {
    return parseJson(decodeText(readFileSync(text))) as ResNetConfig;
  } catch (error) {
    throw new FileError(
      `${flag}: must be a name or a JSON file with a configuration, got ${text} (${(error as Error).message}); ` +
        `\`npx axial-lab zoo\` lists the names`,
    );
  }
}
