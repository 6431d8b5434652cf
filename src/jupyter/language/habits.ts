/**
 * Lines of other notebooks and of a terminal, which are no TypeScript: shell commands (`!npm install x`) and magic
 * commands (`%time`, `%%html`). A cell whose syntax fails at such a line is told in one line what to write here.
 */
import { nameOf, type NotebookLanguage } from "../notebook-language.js";

const quoted = (text: string): string => JSON.stringify(text);
const execute = (command: string): string => `require("node:child_process").execSync(${command}, { stdio: "inherit" })`;

/** Programs that are typed in a terminal, and that no statement begins with followed by a word. */
const program =
  /^(?:npm|npx|yarn|pnpm|pip3?|conda|git|cd|ls|cat|mkdir|rm|apt|apt-get|brew|curl|wget|python3?|node)\s+\S/;

/** What to write instead of the line at which a cell's syntax fails; null where that is no such habit. */
export function habitMessage(line: string, language: NotebookLanguage): string | null {
  const text = line.trim();
  const remedy = remedyOf(text, language);
  if (remedy === null) return null;
  return `a cell holds ${nameOf(language)}, got ${quoted(text)}; ${remedy}`;
}

function remedyOf(text: string, language: NotebookLanguage): string | null {
  const magic = /^(%{1,2})([a-z_]\w*)\s*(.*)$/i.exec(text);
  if (magic) return magicRemedy(magic[2].toLowerCase(), magic[3], magic[1] === "%%", language);
  // A name and what cannot follow one in an expression: `!done && go(` is a statement that is not finished.
  const shell = /^(?:!\s*|\$\s+)([\w./~-]+(?:\s+[^\s&|=?,;:<>+*%^()[\]{}].*)?)$/.exec(text)?.[1];
  const command = shell ?? (program.test(text) ? text : undefined);
  return command === undefined ? null : shellRemedy(command);
}

function shellRemedy(command: string): string {
  if (/^(?:pip3?|conda|python3?\s+-m\s+pip)\s/.test(command)) return packages;
  const folder = /^cd\s+(\S+)/.exec(command)?.[1];
  if (folder !== undefined) return `write process.chdir(${quoted(folder)})`;
  const place = /^(?:npm|yarn|pnpm)\s/.test(command) ? "in a terminal in the notebook's folder" : "in a terminal";
  return `run it ${place}, or write ${execute(quoted(command))}`;
}

const packages =
  'packages come from npm: run npm install NAME in a terminal in the notebook\'s folder, then import it: import * as x from "NAME"';

/** What a magic command does in IPython, or in kernels that took its form, said as it is said here. */
function magicRemedy(name: string, rest: string, isCell: boolean, language: NotebookLanguage): string {
  switch (name) {
    case "pip":
    case "conda":
    case "uv":
      return packages;
    case "npm":
      return shellRemedy(`npm ${rest}`);
    case "html":
    case "svg":
    case "markdown":
    case "latex": {
      const type = { html: "text/html", svg: "image/svg+xml", markdown: "text/markdown", latex: "text/latex" }[name];
      return `write import { notebook } from "axial-lab"; notebook.display({ ${quoted(type)}: \`…\` }) with the rest of the cell in place of …`;
    }
    case "bash":
    case "sh":
    case "script":
    case "system":
    case "sx":
      return `write ${execute("`…`")} with the ${isCell ? "rest of the cell" : "command"} in place of …`;
    case "time":
    case "timeit":
      return 'write console.time("cell") before what is to be timed and console.timeEnd("cell") behind it';
    case "javascript":
    case "js":
    case "typescript":
    case "ts":
      return name.startsWith(language === "typescript" ? "t" : "j")
        ? "leave the line out: the rest is that already"
        : "leave the line out: the rest runs here, in Node and not in the page";
    case "cd":
      return `write process.chdir(${quoted(rest)})`;
    case "env":
    case "set_env":
      return "write process.env.NAME = VALUE";
    case "run":
    case "load":
      return `write await import(${quoted(rest.startsWith(".") ? rest : `./${rest}`)})`;
    case "writefile":
    case "file":
      return `write require("node:fs").writeFileSync(${quoted(rest)}, \`…\`) with the rest of the cell in place of …`;
    case "capture":
      return "leave the line out: outputs cannot be captured here";
    case "matplotlib":
    case "config":
    case "load_ext":
    case "reload_ext":
    case "autoreload":
      return "leave the line out: nothing needs to be set up here, and a changed file beside the notebook is read anew when it is imported again";
    default:
      return "magic commands are IPython's: leave the line out";
  }
}
