/** `axial-lab kernel`: makes the TypeScript kernel known to Jupyter and VS Code. */
import { largest } from "../core/extremes.js";
import { Option, type Command } from "commander";
import { installKernel, listKernels, removeKernel, defaultNames, type InstallOptions } from "../jupyter/install.js";
import { notebookLanguages } from "../jupyter/notebook-language.js";
import { thisSystem } from "../jupyter/jupyter-paths.js";

interface InstallFlags extends Pick<InstallOptions, "language" | "name" | "displayName" | "prefix" | "sysPrefix"> {
  check?: "error" | "warn" | "off";
}

export function register(program: Command): void {
  const kernel = program
    .command("kernel")
    .description("Install, list and remove the TypeScript kernel for Jupyter and VS Code (needs no Python).");

  kernel
    .command("install")
    .description("Write the kernelspec, so that Jupyter and VS Code offer the kernel.")
    .option("--user", "for this user (the default)")
    .addOption(new Option("--prefix <folder>", "below FOLDER/share/jupyter").conflicts(["user", "sysPrefix"]))
    .addOption(new Option("--sys-prefix", "in the active virtualenv or conda environment").conflicts("user"))
    .addOption(
      new Option("--language <language>", "what the cells are in").choices(notebookLanguages).default("typescript"),
    )
    .option("--name <name>", `the kernel's name in notebooks (default: ${Object.values(defaultNames).join(", or ")})`)
    .option("--display-name <text>", "the kernel's name in menus (default: the language and axial-lab)")
    .addOption(
      new Option("--check <how>", "what type errors do, unless a cell says otherwise").choices([
        "error",
        "warn",
        "off",
      ]),
    )
    .addHelpText(
      "after",
      `
Examples:
  npx axial-lab kernel install                    then choose "TypeScript (axial-lab)" in Jupyter or VS Code
  npx axial-lab kernel install --sys-prefix       only for the environment that is active here
  npx axial-lab kernel install --language javascript   for notebooks in plain JavaScript, as a kernel of its own
  npx axial-lab kernel install --check warn       cells with type errors run, with a warning`,
    )
    .action(async ({ check, ...flags }: InstallFlags) => {
      const folder = await installKernel({ system: thisSystem(), ...flags, ...(check ? { checking: check } : {}) });
      console.log(`installed ${folder}`);
      console.log("for live figures JupyterLab needs the Python package anywidget beside it: pip install anywidget");
      if (__dirname.includes("_npx")) {
        console.log(
          "this copy of axial-lab lies in npx's cache, which is emptied now and then: install the package to keep it",
        );
      }
    });

  kernel
    .command("list")
    .description("List the kernels that Jupyter would offer here; ours are marked with *.")
    .option("--json", "as JSON")
    .action(async ({ json }: { json?: boolean }) => {
      const kernels = await listKernels(thisSystem());
      if (json) return console.log(JSON.stringify(kernels, null, 2));
      if (kernels.length === 0) return console.log("no kernel is installed");
      const width = largest(kernels.map(({ name }) => name.length));
      for (const { name, ours, displayName, folder } of kernels) {
        console.log(`${ours ? "*" : " "} ${name.padEnd(width)}  ${displayName}  ${folder}`);
      }
    });

  kernel
    .command("remove [name]")
    .description(`Remove a kernel that \`kernel install\` has written (default: ${defaultNames.typescript}).`)
    .action(async (name: string | undefined) => console.log(`removed ${await removeKernel(thisSystem(), name)}`));
}
