/** The model that a command line names: one of the zoo's, or a configuration in a JSON file. */
import { readFileSync } from "node:fs";
import { FileError } from "../core/errors.js";
import { parseJson } from "../core/json.js";
import type { ResNetConfig } from "../models/index.js";

/** A name as it is, or what the JSON file holds; whether there is such a model is seen where it is built. */
export function modelOf(where: string, text: string): string | ResNetConfig {
  if (!text.endsWith(".json")) return text;
  try {
    return parseJson(readFileSync(text, "utf8")) as ResNetConfig;
  } catch (error) {
    throw new FileError(`${where}: must be a name or a JSON file, got ${text} (${(error as Error).message})`);
  }
}
