/** What axe-core finds wrong on a page for those who do not see it, or use no mouse. */
import type { Page } from "playwright-core";

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly target: readonly string[] }[];
}

/** A line for each violation. `axe` is the path of `axe.min.js`; the page must not forbid its script. */
export async function violationsOn(page: Page, axe: string): Promise<string[]> {
  await page.addScriptTag({ path: axe });
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(options: object): Promise<{ violations: Violation[] }> } };
    // A page from a disk may not read its own style sheet, which axe would.
    return (await axe.run({ preload: false })).violations;
  });
  return violations.map(({ id, impact, nodes }) => `${id} (${impact}) ${nodes.length}x ${nodes[0].target.join(" ")}`);
}
