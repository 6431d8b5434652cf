/** What the kernel says of itself. */
import { readFileSync } from "node:fs";
import { version } from "../core/version.js";
import { nameOf, type NotebookLanguage } from "./notebook-language.js";
import { protocolVersion } from "./wire.js";

// Read, not loaded: the compiler runs in a thread of its own.
const typescript = JSON.parse(readFileSync(require.resolve("typescript/package.json"), "utf8")) as { version: string };

/** `version`: of the compiler for TypeScript, of Node for JavaScript. */
const languages: Record<NotebookLanguage, Record<string, unknown>> = {
  typescript: {
    name: "typescript",
    version: typescript.version,
    mimetype: "text/typescript",
    file_extension: ".ts",
    pygments_lexer: "typescript",
    // A name and no object: clients built on Rust's jupyter-protocol (Zed, nteract) read no object but CodeMirror 5's.
    codemirror_mode: "typescript",
    nbconvert_exporter: "script",
  },
  javascript: {
    name: "javascript",
    version: process.versions.node,
    mimetype: "text/javascript",
    file_extension: ".js",
    pygments_lexer: "javascript",
    codemirror_mode: "javascript",
    nbconvert_exporter: "script",
  },
};

export function kernelInfo(language: NotebookLanguage): Record<string, unknown> {
  return {
    protocol_version: protocolVersion,
    implementation: "axial-lab",
    implementation_version: version,
    language_info: languages[language],
    banner: `axial-lab ${version}: ${nameOf(language)}${language === "typescript" ? ` ${typescript.version}` : ""} on Node ${process.versions.node}`,
    help_links: [
      { text: "TypeScript", url: "https://www.typescriptlang.org/docs/" },
      { text: "TensorFlow.js", url: "https://js.tensorflow.org/api/latest/" },
    ],
    debugger: false,
    supported_features: [],
  };
}
