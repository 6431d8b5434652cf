import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configuration, names } from "../../src/models/index.js";
import { packageFolder } from "../../src/core/version.js";

const command = join(packageFolder, "dist", "src", "cli", "main.js");
const zoo = (...args: string[]) => spawnSync(process.execPath, [command, "zoo", ...args], { encoding: "utf8" });

describe("axial-lab zoo", () => {
  it("lists every model, the paper's figures beside ours, and explains what differs", () => {
    const { stdout, stderr, status } = zoo();
    assert.equal(status, 0, stderr);
    for (const name of names()) assert.match(stdout, new RegExp(`^${name} `, "m"));
    assert.match(stdout, /^resnet-50 +25\.6M +4\.1B +4\.09B +0\.00B +\d+ MiB +25\.6M +4\.1B +76\.9 %$/m);
    assert.match(stdout, /^axial-resnet-50-s .* 12\.4M +2\.8B +77\.5 % \[1\]$/m);
    assert.match(stdout, /^\[1\] axial-resnet-50-s: .*tables/m);
    assert.match(stdout, /LR-Net-50/);
  });

  it("gives a program exact numbers", () => {
    const rows = JSON.parse(zoo("--json").stdout) as {
      model: string;
      parameters: number;
      attentionMultiplyAdds: number;
    }[];
    const axial = rows.find(({ model }) => model === "axial-resnet-50-s")!;
    assert.deepEqual([axial.parameters, axial.attentionMultiplyAdds], [11586216, 528604160]);
    assert.equal(rows.length, names().length);
  });

  it("lists the layers of one model at another size", () => {
    const { stdout } = zoo("axial-resnet-26-s", "--size", "64", "--classes", "10");
    assert.match(stdout, /^stage1\.block1\.height +16 x 16 x 64 +9248 /m);
    assert.match(stdout, /^classifier +1 x 1 x 10 +10250 /m);
  });

  it("takes the configuration in a JSON file that train takes", () => {
    const folder = mkdtempSync(join(tmpdir(), "axial-zoo-"));
    try {
      const file = join(folder, "mine.json");
      writeFileSync(file, JSON.stringify({ ...configuration("axial-resnet-26-s"), name: "mine" }));
      const { stdout, stderr } = zoo(file, "--size", "64", "--classes", "10");
      assert.equal(stderr, "");
      assert.match(stdout, /^mine, 64 x 64 pixels\n/);
      assert.match(stdout, /^stage1\.block1\.height +16 x 16 x 64 +9248 /m);
      const foreign = zoo(join(packageFolder, "package.json"));
      assert.equal(foreign.status, 2);
      assert.match(
        foreign.stderr,
        /^models\.summarize: there is no option of this name, got version; did you mean .*\n$/,
      );
      const missing = zoo(join(folder, "none.json"));
      assert.match(missing.stderr, /^zoo: must be a name or a JSON file with a configuration, got .*none\.json .*\n$/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("exits with 2 and one line where there is no such model", () => {
    const { stderr, status } = zoo("resnet-51");
    assert.equal(status, 2);
    assert.match(
      stderr,
      /^models.configuration: no model of this name, got resnet-51; did you mean resnet-50\? Known are .*\n$/,
    );
  });
});
