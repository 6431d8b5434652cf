import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { packageFolder } from "../../src/core/version.js";
import { features } from "./kernels/features.js";
import { formatComparison, parseComparison } from "./kernels/table.js";

describe("the comparison of kernels", () => {
  for (const { name, test } of features)
    it(`names a test that there is: ${name}`, () => {
      const [file, title] = test;
      const source = readFileSync(join(packageFolder, "test", file), "utf8");
      assert.ok(source.includes(JSON.stringify(title)), `${file} has no ${title}`);
    });

  it("is written as it was measured, and ours has every line", () => {
    const written = readFileSync(join(packageFolder, "docs", "kernels.md"), "utf8");
    const { kernels, verdicts, machine } = parseComparison(written);
    assert.equal(formatComparison(kernels, verdicts, machine), written);
    assert.deepEqual(
      features.filter((_, i) => !verdicts[i][0]).map(({ name }) => name),
      [],
    );
  });
});
