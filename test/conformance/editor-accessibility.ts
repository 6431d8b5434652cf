/**
 * Looks at `notebook edit` with axe-core in a headless Chromium, which the suite does without:
 *
 *     node dist/test/conformance/editor-accessibility.js AXE
 *
 * AXE is `axe.min.js` of axe-core. The file list, and a notebook with outputs of every kind, edited, with its menu, help sheet, find
 * bar, notices and dialogs open; light and dark, wide and narrow. CHROMIUM names the program where it is not in the search path.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatNotebook } from "../../src/notebook/nbformat.js";
import { violationsOn } from "../helpers/axe.js";
import { closeBrowser } from "../helpers/chromium.js";
import { openDesk, type Desk, type NotebookPage } from "./editing-page.js";

const sources = [
  "const side: number = 7;\nside * side",
  "console.log('one\\ntwo'); console.error('three');",
  "const right: number = side;",
  `import { widgets, notebook } from "axial-lab";
await widgets.show(widgets.vegaFigure("Two points", { data: { values: [{ x: 1 }, { x: 2 }] }, mark: "point", encoding: { x: { field: "x", type: "quantitative" } } }));
notebook.progress(3).update(2, "second");`,
  "console.table([{ name: 'a', value: 1 }]); await import('axial-lab').then(({ notebook }) => notebook.display({ 'text/html': '<table><tr><th>n</th></tr><tr><td>1</td></tr></table>' }));",
  "'folded'",
  "const answer = await prompt('Your name?');",
  "throw new Error('an error');",
];

const prose = `# A lesson

With *words*, a formula $y = x^2$, a display

$$\\sum_i w_i v_i \\tag{1}$$

and a list:

- [x] done
- [ ] to do

| a | b |
|---|---|
| 1 | 2 |

\`\`\`ts
const code = 1; // a comment
\`\`\`
`;

function write(desk: Desk): void {
  desk.write("lesson.ipynb", sources);
  const notebook = desk.read("lesson.ipynb");
  notebook.cells[5].metadata = { tags: ["solution"] };
  notebook.cells.unshift({ cell_type: "markdown", id: "prose", source: prose, metadata: {} });
  notebook.cells.push({ cell_type: "raw", id: "raw", source: "raw text", metadata: {} });
  writeFileSync(join(desk.folder, "lesson.ipynb"), formatNotebook(notebook));
}

/** What is open on the page when it is looked at, each from the state that the one before has left. */
const states: readonly (readonly [name: string, reach: (opened: NotebookPage) => Promise<void>])[] = [
  [
    "run, with a question",
    async (opened) => {
      await opened.command("run-all");
      await opened.cell(7).getByRole("textbox", { name: "Your name?" }).waitFor();
      await opened.page.waitForTimeout(500);
    },
  ],
  [
    "edited, with a type error",
    async (opened) => {
      await opened.cell(7).getByRole("textbox", { name: "Your name?" }).press("Enter");
      await opened.ended(8);
      await opened.type(3, "const wrong: string = side;\nside.");
      await opened.cell(3).locator(".problem").first().waitFor();
    },
  ],
  [
    "completing",
    async ({ page }) => {
      await page.keyboard.press("Control+End");
      await page.keyboard.type("toF");
      await page.locator(".cm-tooltip-autocomplete li").first().waitFor();
    },
  ],
  [
    "finding",
    async ({ page }) => {
      await page.keyboard.press("Escape");
      await page.keyboard.press("Control+f");
      await page.keyboard.type("words");
      await page.getByText("1 of 1").waitFor();
    },
  ],
  [
    "the menu",
    async ({ page }) => {
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "All commands" }).click();
      await page.locator(".menu button").first().waitFor();
    },
  ],
  [
    "the help sheet",
    async ({ page }) => {
      await page.keyboard.press("Escape");
      await page.keyboard.press("Escape");
      await page.locator(".cell").first().focus();
      await page.keyboard.press("h");
      await page.getByRole("dialog", { name: "Keys" }).waitFor();
    },
  ],
  [
    "a question of its own",
    async (opened) => {
      await opened.page.keyboard.press("Escape");
      await opened.command("restart");
      await opened.page.getByRole("dialog", { name: "Restart the kernel?" }).waitFor();
    },
  ],
];

async function main(axe: string): Promise<void> {
  const desk = await openDesk();
  let found = 0;
  const look = async ({ page }: Pick<NotebookPage, "page">, where: string): Promise<void> => {
    for (const line of await violationsOn(page, axe)) {
      console.log(`${where}: ${line}`);
      found++;
    }
  };
  try {
    for (const colorScheme of ["light", "dark"] as const)
      for (const width of [1280, 390]) {
        write(desk);
        const where = `${colorScheme} ${width}`;
        const opened = await desk.open("lesson.ipynb", {
          colorScheme,
          viewport: { width, height: 900 },
          bypassCSP: true,
        });
        await opened.untilIdle();
        for (const [name, reach] of states) {
          await reach(opened);
          await look(opened, `${where}, ${name}`);
        }
        await opened.page.keyboard.press("Escape");
        const second = await desk.open("lesson.ipynb", { context: opened.page.context() });
        await second.notice("tab").waitFor();
        await look(second, `${where}, a second tab`);
        await opened.page.getByRole("link", { name: "Files" }).click();
        await opened.page.getByRole("table").waitFor();
        await look(opened, `${where}, files`);
        await opened.page.context().close();
      }
  } finally {
    await closeBrowser();
    await desk.close();
  }
  console.log(`${found} violations on ${4 * (states.length + 2)} pages`);
  if (found > 0) process.exitCode = 1;
}

void main(process.argv[2]);
