import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { FencedEvent } from "../../src/jupyter/child-protocol.js";
import { cellMark, channelBit, fenceMark } from "../../src/jupyter/markers.js";
import { createOutputMerger } from "../../src/jupyter/merge-streams.js";

const token = "0123456789abcdef";
const all = channelBit.stdout | channelBit.stderr | channelBit.events;

function merge() {
  const seen: string[] = [];
  const merger = createOutputMerger(token, {
    onText: (cell, name, text) => void seen.push(`${cell} ${name} ${text}`),
    onEvent: ({ type, cell }) => void seen.push(`${cell} ${type}`),
  });
  const push = (name: "stdout" | "stderr", text: string) => merger.push(name, Buffer.from(text));
  return { seen, merger, push };
}
const clear = (cell: number, fence: number): FencedEvent => ({
  type: "clear",
  wait: false,
  cell,
  fence,
  channels: all,
});

describe("the merged output", () => {
  it("belongs to the cell that the mark before it names", async () => {
    const { seen, push } = merge();
    push("stdout", `a${cellMark(token, 7)}b`);
    await turn();
    assert.deepEqual(seen, ["0 stdout a", "7 stdout b"]);
  });

  it("understands marks and characters that arrive byte by byte", async () => {
    const { seen, merger } = merge();
    for (const byte of Buffer.from(`ä${cellMark(token, 11)}ö`)) merger.push("stdout", Buffer.from([byte]));
    await turn();
    assert.deepEqual(seen, ["0 stdout ä", "11 stdout ö"]);
  });

  it("keeps an event behind what was printed before it and before what was printed after it", async () => {
    const { seen, merger, push } = merge();
    push("stdout", `${cellMark(token, 3)}before${fenceMark(token, 5, all)}after`);
    merger.event(clear(3, 5), []);
    await turn();
    assert.deepEqual(seen, ["3 stdout before"], "stderr has not come as far yet");
    push("stderr", fenceMark(token, 5, all));
    await turn();
    assert.deepEqual(seen, ["3 stdout before", "3 clear", "3 stdout after"]);
  });

  it("keeps an event before what the last pipe to come printed after it", async () => {
    const { seen, merger, push } = merge();
    merger.event(clear(3, 5), []);
    push("stdout", fenceMark(token, 5, all));
    push("stderr", `${fenceMark(token, 5, all)}after`);
    await turn();
    assert.deepEqual(seen, ["3 clear", "0 stderr after"]);
  });

  it("waits at a fence only for the channels of its mask", async () => {
    const { seen, push } = merge();
    const two = channelBit.stdout | channelBit.stderr;
    push("stderr", `${fenceMark(token, 2, two)}second`);
    await turn();
    assert.deepEqual(seen, []);
    push("stdout", `first${fenceMark(token, 2, two)}`);
    await turn();
    assert.deepEqual(seen, ["0 stdout first", "0 stderr second"]);
  });

  it("takes stdout first of what native code wrote on both pipes before the loop turned", async () => {
    const { seen, push } = merge();
    push("stderr", `error${fenceMark(token, 2, channelBit.stdout | channelBit.stderr)}after`);
    push("stdout", `native${fenceMark(token, 2, channelBit.stdout | channelBit.stderr)}`);
    await turn();
    assert.deepEqual(seen, ["0 stdout native", "0 stderr error", "0 stderr after"]);
  });

  it("takes stdout first of what stands behind a fence on both pipes", async () => {
    const { seen, push } = merge();
    const fence = fenceMark(token, 2, channelBit.stdout | channelBit.stderr);
    push("stdout", `${fence}native`);
    push("stderr", `${fence}error`);
    await turn();
    assert.deepEqual(seen, ["0 stdout native", "0 stderr error"]);
  });

  it("gives out everything when the process has ended at a fence", () => {
    const { seen, merger, push } = merge();
    push("stdout", `x${fenceMark(token, 13, all)}y`);
    merger.end();
    assert.deepEqual(seen, ["0 stdout x", "0 stdout y"]);
  });

  it("prints what looks like a mark with another token", async () => {
    const { seen, push } = merge();
    const forged = cellMark("another", 3);
    push("stdout", forged);
    push("stdout", ".");
    await turn();
    assert.equal(seen.map((line) => line.slice("0 stdout ".length)).join(""), `${forged}.`);
  });
});
