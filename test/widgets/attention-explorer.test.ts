import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { LayerAttention, PlaceAttention } from "../../src/inspection/attention-weights.js";
import { hostKey, type CommMessage, type KernelHost } from "../../src/core/kernel-host.js";
import { attentionExplorer } from "../../widgets/attention-explorer.js";

/** Attention of 2 heads over 3 rows and 5 columns, all weights different; rows sum to one where the test needs it. */
const layer = (axis: "height" | "width", lines: number, keys: number): LayerAttention => ({
  layer: `stage1.block1.${axis}`,
  axis,
  axes: [axis === "height" ? "column" : "row", "head", "query", "key"],
  shape: [lines, 2, keys, keys],
  weights: Float32Array.from({ length: lines * 2 * keys * keys }, (_, i) => (i % 7) + 1),
});
const attention = [layer("height", 5, 3), layer("width", 3, 5)];
const image = { values: new Uint8Array(6 * 10 * 3), shape: [6, 10, 3] as const };

afterEach(() => delete (globalThis as Record<symbol, unknown>)[hostKey]);

/** A front end that sees what is sent and sends what the reader does. */
function frontEnd() {
  const sent: Record<string, unknown>[] = [];
  let receive: (message: CommMessage) => void = () => assert.fail("nobody listens");
  const host: Partial<KernelHost> = {
    openComm: (targetName, _data, { id = "" } = {}) => ({
      id,
      targetName,
      send: (data) => void sent.push(data),
      onMessage: (listener) => void (receive = listener),
      onClose: () => undefined,
      close: () => undefined,
    }),
    onCommOpen: () => undefined,
  };
  (globalThis as Record<symbol, unknown>)[hostKey] = host;
  const choose = (state: Record<string, unknown>) =>
    receive({ data: { method: "update", state, buffer_paths: [] }, metadata: {}, buffers: [] });
  return { sent, choose };
}

describe("the attention explorer", () => {
  it("begins in the middle of the map with all heads", () => {
    const { state } = attentionExplorer({ image, attention });
    assert.deepEqual([state.block, state.head, state.query], [0, -1, [1, 2]]);
    assert.deepEqual(state.blocks, [{ name: "stage1.block1", rows: 3, columns: 5, heads: 2 }]);
    assert.deepEqual([state.field.length, state.column.length, state.row.length], [15, 6, 10]);
  });

  it("answers a click with the weights of the place", () => {
    const { sent, choose } = frontEnd();
    const widget = attentionExplorer({ image, attention });
    choose({ query: [2, 4], head: 1 });
    // Head 1 of column 4 and query row 2: from ((4 * 2 + 1) * 3 + 2) * 3 = 87 on; 87 % 7 = 3.
    assert.deepEqual([...widget.state.column.slice(3)], [4, 5, 6]);
    assert.deepEqual(
      sent.map(({ method }) => method),
      ["echo_update", "update"],
    );
    assert.deepEqual(sent[1].buffer_paths, [["field"], ["column"], ["row"]]);
    assert.deepEqual(sent[1].state, {}, "the choice itself is not sent back");
  });

  it("brings a place beside the map back onto it, and an unknown head or block to the first choice", () => {
    const { sent, choose } = frontEnd();
    const widget = attentionExplorer({ image, attention });
    choose({ query: [99, -3], head: 7, block: 5 });
    assert.deepEqual([widget.state.query, widget.state.head, widget.state.block], [[2, 0], -1, 0]);
    assert.deepEqual(sent[1].state, { query: [2, 0], head: -1, block: 0 });
  });

  it("is the heads of its block as a still figure elsewhere", async () => {
    const bundle = await attentionExplorer({ image, attention, query: { y: 0, x: 4 } }).bundle();
    assert.deepEqual(Object.keys(bundle), [
      "application/vnd.vegalite.v5+json",
      "application/vnd.vegalite.v6+json",
      "image/svg+xml",
      "image/png",
      "text/plain",
    ]);
    assert.match(bundle["image/svg+xml"] as string, /head 2/);
  });

  it("carries a view that stands alone", async () => {
    let esm = "";
    const host: Partial<KernelHost> = {
      openComm: (targetName, data) => {
        esm = (data.state as { _esm: string })._esm;
        return { id: "", targetName, send() {}, onMessage() {}, onClose() {}, close() {} };
      },
      onCommOpen: () => undefined,
    };
    (globalThis as Record<symbol, unknown>)[hostKey] = host;
    attentionExplorer({ image, attention });
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    const load = new Function("source", "return import(source)") as (
      source: string,
    ) => Promise<{ default: { render: unknown } }>;
    const view = await load(`data:text/javascript;base64,${Buffer.from(esm).toString("base64")}`);
    assert.equal(typeof view.default.render, "function");
    assert.doesNotMatch(esm, /require\(|exports\.|_js_\d/);
  });

  it("explores attention in windows, over the whole map, and all loops of criss-cross attention", () => {
    const [rows, columns] = [3, 5];
    // Two heads in windows of three: head 0 looks at its own place, head 1 at the place to its right.
    const local: PlaceAttention = {
      layer: "stage1.block1.local",
      axes: ["y", "x", "head", "window y", "window x"],
      shape: [rows, columns, 2, 3, 3],
      weights: Float32Array.from({ length: rows * columns * 2 * 9 }, (_, i) =>
        Number(i % 9 === (Math.floor(i / 9) % 2 === 0 ? 4 : 5)),
      ),
    };
    const place = ({ y, x }: { y: number; x: number }) => y * columns + x;
    const global: PlaceAttention = {
      layer: "global",
      axes: ["head", "query y", "query x", "key y", "key x"],
      shape: [1, rows, columns, rows, columns],
      // Every query looks at the place (2, 1).
      weights: Float32Array.from({ length: (rows * columns) ** 2 }, (_, i) => Number(i % (rows * columns) === 11)),
    };
    const even = (lines: number, keys: number) => Float32Array.from({ length: lines * keys * keys }, () => 1 / 7);
    const loop = {
      column: {
        axes: ["column", "head", "query", "key"],
        shape: [columns, 1, rows, rows],
        weights: even(columns, rows).fill(0),
      },
      row: {
        axes: ["row", "head", "query", "key"],
        shape: [rows, 1, columns, columns],
        weights: even(rows, columns).fill(0.2),
      },
    } as const;
    const widget = attentionExplorer({
      image,
      places: [local, global],
      crissCross: [{ layer: "head.crisscross", loops: [loop] }],
      query: { y: 1, x: 2 },
    });
    const { state } = widget;
    assert.deepEqual(state.blocks, [
      { name: "stage1.block1.local", rows, columns, heads: 2 },
      { name: "global", rows, columns, heads: 1 },
      { name: "head.crisscross", rows, columns, heads: 1 },
    ]);
    const field = new Float32Array(rows * columns);
    field[place({ y: 1, x: 2 })] = 0.5;
    field[place({ y: 1, x: 3 })] = 0.5;
    assert.deepEqual(state.field, field);
    assert.deepEqual([...state.column], [0, 1, 0, 0, 0, 0]);
    assert.deepEqual([...state.row], [0, 0, 1, 0, 0, 0, 0, 0, 1, 0]);
    const { choose } = frontEnd();
    const live = attentionExplorer({ image, places: [global], crissCross: [{ layer: "cc", loops: [loop] }] });
    choose({ query: [2, 4], head: 0 });
    assert.deepEqual([live.state.field[11], live.state.field[14]], [1, 0]);
    assert.deepEqual([...live.state.row], [0, 1, 0, 0, 0]);
    choose({ block: 1, query: [0, 3] });
    assert.deepEqual([...live.state.field.slice(0, 5)], [...new Float32Array(5).fill(0.2)]);
    assert.deepEqual([...live.state.column], [0, 0, 0]);
  });

  it("refuses what has no attention over a map, and names what it was given", () => {
    assert.throws(() => attentionExplorer({ image, attention: [attention[1]] }), {
      name: "ConfigError",
      message:
        "attentionExplorer: it needs a height layer followed by its width layer, attention over places or criss-cross attention, " +
        "got stage1.block1.width; inspect a model with attention",
    });
  });
});
