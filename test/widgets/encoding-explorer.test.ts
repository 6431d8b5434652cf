import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodingExplorerSpec, type EncodingSnapshot } from "../../widgets/encoding-explorer.js";
import { themed } from "../../widgets/vega.js";
import type { VegaLiteSpec } from "../../widgets/vega-lite-spec.js";
import { drawStrictly, textsOf } from "../helpers/figures.js";

const table = (scale: number) => ({
  values: Float32Array.from({ length: 15 }, (_, i) => scale * (i - 7)),
  shape: [5, 3] as const,
});
const snapshots: EncodingSnapshot[] = ["a", "b"].flatMap((layer, i) =>
  [0, 7].map((epoch) => ({ layer, term: "query" as const, epoch, table: table(1 + i + epoch) })),
);

/** With the controls at these values. */
const at = (spec: VegaLiteSpec, values: Record<string, number>): VegaLiteSpec => ({
  ...spec,
  params: (spec.params as { name: string; value: number }[]).map((param) => ({
    ...param,
    value: values[param.name] ?? param.value,
  })),
});
const cells = (svg: string) =>
  [...svg.matchAll(/aria-label="offset: ([^;]*); channel: ([^;]*); value: ([^"]*)"/g)].map((match) =>
    match.slice(1).map((text) => Number(text.replace("−", "-"))),
  );

describe("the explorer of encodings", () => {
  it("has a control for what there are several of", () => {
    const params = encodingExplorerSpec(snapshots).params as { name: string; bind?: { input: string; max?: number } }[];
    assert.deepEqual(
      params.map(({ name, bind }) => [name, bind?.input, bind?.max]),
      [
        ["layerShown", "select", undefined],
        ["termShown", undefined, undefined],
        ["headShown", undefined, undefined],
        ["epoch", "range", 7],
        ["epochShown", undefined, undefined],
      ],
    );
  });

  it("shows the table that is chosen, by offset and channel, and says which it is", async () => {
    const spec = themed(encodingExplorerSpec(snapshots));
    const svg = await drawStrictly(at(spec, { layerShown: 1, epoch: 0 }));
    const shown = cells(svg);
    assert.equal(shown.length, 15);
    assert.deepEqual(
      shown.find(([offset, channel]) => offset === -2 && channel === 1),
      [-2, 1, -12],
    );
    assert.ok(textsOf(svg).includes("query encodings of b, after 0 epochs"), String(textsOf(svg)));
    const between = textsOf(await drawStrictly(at(spec, { epoch: 6 })));
    assert.ok(between.includes("query encodings of a, after 0 epochs"), "the snapshot before");
    const last = cells(await drawStrictly(spec));
    assert.deepEqual(
      last.find(([offset, channel]) => offset === 2 && channel === 2),
      [2, 2, 56],
    );
  });

  it("needs tables, of the size that their shapes say", () => {
    assert.throws(() => encodingExplorerSpec([]), {
      name: "ConfigError",
      message: "encodingExplorer: there must be tables to explore, got none; give one snapshot at least",
    });
    const short = { values: [1, 2], shape: [5, 3] as const };
    assert.throws(() => encodingExplorerSpec([{ layer: "a", term: "key", table: short }]), {
      name: "ShapeError",
      message: /^encodingExplorer: a table must hold offsets x channels numbers .*\(key of a\)/,
    });
  });
});
