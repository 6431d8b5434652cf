import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { hostKey, type DisplayOptions, type MimeBundle } from "../../src/core/kernel-host.js";
import * as notebook from "../../src/notebook/index.js";

type Shown = [MimeBundle, DisplayOptions | undefined];

/** A kernel that remembers what it is told. */
function pretendKernel(): { shown: Shown[]; calls: unknown[][] } {
  const shown: Shown[] = [];
  const calls: unknown[][] = [];
  const comm = { id: "c", targetName: "t" };
  const host = {
    display: (bundle: MimeBundle, options?: DisplayOptions) => void shown.push([bundle, options]),
    clearOutput: (options: unknown) => void calls.push(["clearOutput", options]),
    prompt: (message: string, options: unknown) => (calls.push(["prompt", message, options]), "answer"),
    openComm: (...args: unknown[]) => (calls.push(["openComm", ...args]), comm),
    onCommOpen: (...args: unknown[]) => void calls.push(["onCommOpen", ...args]),
  };
  Object.defineProperty(globalThis, hostKey, { value: host, configurable: true });
  return { shown, calls };
}

describe("the notebook as cells reach it", () => {
  afterEach(() => Reflect.deleteProperty(globalThis, hostKey));

  it("shows a bundle under an id, and changes it there", () => {
    const { shown } = pretendKernel();
    const display = notebook.display({ "text/plain": "1" }, { id: "d", metadata: { "text/plain": { a: 1 } } });
    display.update({ "text/plain": "2" });
    notebook.displayOf("d").update({ "text/plain": "3" }, { metadata: { b: 2 } });
    assert.deepEqual(shown, [
      [{ "text/plain": "1" }, { metadata: { "text/plain": { a: 1 } }, displayId: "d" }],
      [{ "text/plain": "2" }, { metadata: {}, displayId: "d", update: true }],
      [{ "text/plain": "3" }, { metadata: { b: 2 }, displayId: "d", update: true }],
    ]);
    assert.notEqual(notebook.display({ "text/plain": "1" }).id, notebook.display({ "text/plain": "1" }).id);
  });

  it("refuses what is no bundle", () => {
    assert.throws(() => notebook.display({ html: "<b>" }), /keys of a bundle must be MIME types, got html; use/);
    assert.throws(() => notebook.display({}), /must be MIME types, got none/);
  });

  it("clears, asks and opens channels", () => {
    const { calls } = pretendKernel();
    const listener = () => undefined;
    notebook.clearOutput({ wait: true });
    assert.equal(notebook.prompt("name", { password: true }), "answer");
    assert.equal(notebook.openComm("t", { x: 1 }, { id: "c" }).id, "c");
    notebook.onCommOpen("t", listener);
    assert.deepEqual(calls, [
      ["clearOutput", { wait: true }],
      ["prompt", "name", { password: true }],
      ["openComm", "t", { x: 1 }, { id: "c" }],
      ["onCommOpen", "t", listener],
    ]);
  });

  it("does nothing where there is no kernel", () => {
    assert.equal(notebook.isLive(), false);
    notebook.display({ "text/plain": "1" }).update({ "text/plain": "2" });
    notebook.clearOutput();
    notebook.progress(3).update(1);
    assert.equal(notebook.prompt("name"), null);
    const comm = notebook.openComm("target", {}, { id: "own" });
    comm.send({ x: 1 });
    comm.close();
    assert.deepEqual([comm.id, comm.targetName], ["own", "target"]);
    notebook.onCommOpen("target", () => undefined);
  });
});

describe("a progress bar", () => {
  afterEach(() => Reflect.deleteProperty(globalThis, hostKey));

  it("is drawn at once, at its end, and seldom between", () => {
    const { shown } = pretendKernel();
    const bar = notebook.progress(1000, { label: "a < b" });
    for (let done = 1; done <= 1000; done++) bar.update(done, "note");
    assert.ok(shown.length >= 3 && shown.length < 100, String(shown.length));
    assert.equal(shown[0][0]["text/plain"], `a < b [${" ".repeat(30)}] 0 of 1000`);
    assert.deepEqual(shown.at(-1)?.[0], {
      "text/plain": `a < b [${"=".repeat(30)}] 1000 of 1000 note`,
      "text/html": 'a &#60; b <progress max="1000" value="1000" aria-label="a &#60; b"></progress> 1000 of 1000 note',
    });
    assert.equal(new Set(shown.map(([, options]) => options?.displayId)).size, 1);
  });

  for (const total of [0, -1, NaN, Infinity])
    it(`has no total of ${total}`, () => assert.throws(() => notebook.progress(total), /must be a number above 0/));
});
