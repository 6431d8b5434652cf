import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bytes, float, int, ints, message, text } from "../../src/export/protobuf.js";

const hex = (parts: readonly Uint8Array[]): string => Buffer.concat([...parts]).toString("hex");

describe("protocol buffers", () => {
  it("have the bytes of the encoding's own examples", () => {
    assert.equal(hex(int(1, 150)), "089601"); // "A simple message"
    assert.equal(hex(text(2, "testing")), "120774657374696e67"); // "Length-delimited records"
    assert.equal(hex(message(3, [int(1, 150)])), "1a03089601"); // "Submessages"
    assert.equal(hex(ints(6, [3, 270, 86942])), "3206038e029ea705"); // "Packed repeated fields"
  });

  it("write negative numbers in ten bytes, floats in four, field numbers beyond 15 in two", () => {
    assert.equal(hex(int(1, -2)), "08feffffffffffffffff01"); // "Signed integers"
    assert.equal(hex(float(2, 1.5)), "150000c03f");
    assert.equal(hex(int(20, 1)), "a00101");
    assert.equal(hex(bytes(9, Uint8Array.of())), "4a00");
  });
});
