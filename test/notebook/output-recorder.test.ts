import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CodeCell, DisplayOutput } from "../../src/notebook/nbformat.js";
import { createOutputRecorder, withoutLiveForms } from "../../src/notebook/output-recorder.js";

const emptyCell = (): CodeCell => ({
  cell_type: "code",
  id: "a",
  source: "",
  metadata: {},
  execution_count: null,
  outputs: [],
});
const message = (type: string, content: Record<string, unknown>) => ({ header: { msg_type: type }, content });
const view = { "application/vnd.jupyter.widget-view+json": { model_id: "m" } };
const shown = (data: Record<string, unknown>, display?: string) =>
  message("display_data", { data, metadata: {}, transient: display === undefined ? {} : { display_id: display } });

describe("recorded outputs", () => {
  it("have no form that only the session can show, unless asked for", () => {
    const data = { ...view, "text/plain": "A slider" };
    for (const [options, kept] of [
      [{}, { "text/plain": "A slider" }],
      [{ keepLiveForms: true }, data],
    ] as const) {
      const cell = emptyCell();
      createOutputRecorder(options).add(cell, shown(data));
      assert.deepEqual((cell.outputs[0] as DisplayOutput).data, kept);
    }
  });

  it("that are nothing but such a form are not recorded, or not given to the file", () => {
    const [plain, live] = [emptyCell(), emptyCell()];
    createOutputRecorder().add(plain, shown(view));
    createOutputRecorder({ keepLiveForms: true }).add(live, shown(view));
    assert.deepEqual([plain.outputs.length, live.outputs.length], [0, 1]);
    assert.deepEqual(withoutLiveForms(live.outputs), []);
  });

  it("of a display change wherever it was shown, also where it was recorded before", () => {
    const [first, second] = [emptyCell(), emptyCell()];
    createOutputRecorder().add(first, shown({ "text/plain": "0" }, "bar"));
    const recorder = createOutputRecorder();
    recorder.remember("bar", first.outputs[0] as DisplayOutput);
    recorder.add(second, shown({ "text/plain": "0" }, "bar"));
    recorder.add(
      second,
      message("update_display_data", { data: { "text/plain": "7" }, metadata: {}, transient: { display_id: "bar" } }),
    );
    for (const cell of [first, second])
      assert.deepEqual((cell.outputs[0] as DisplayOutput).data, { "text/plain": "7" });
    assert.deepEqual(recorder.displays.get("bar"), [...first.outputs, ...second.outputs]);
  });
});
