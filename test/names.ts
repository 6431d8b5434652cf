/** Writes what is derived from the public names: docs/names.md, and the kinds of all parameters (`npm run names`). */
import { writeFileAtomically } from "../src/core/atomic-file.js";
import { namesPage, namesPath, publicNames } from "./public-names.js";
import { parametersFile, parametersPath, publicParameters } from "./public-parameters.js";

async function write(): Promise<void> {
  await writeFileAtomically(namesPath, [Buffer.from(namesPage(publicNames()))]);
  await writeFileAtomically(parametersPath, [Buffer.from(parametersFile(publicParameters()))]);
}

void write();
