import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeNetpbm, isNetpbm } from "../../src/data/netpbm.js";

const file = (text: string, ...bytes: number[]): Uint8Array => Buffer.concat([Buffer.from(text), Buffer.from(bytes)]);
const grey = (...levels: number[]): number[] => levels.flatMap((level) => [level, level, level]);

describe("a Netpbm image", () => {
  const kinds: [string, Uint8Array, number[]][] = [
    ["P1, bits as text, where 1 is black", file("P1\n# by hand\n3 2\n101\n0 1 0\n"), grey(0, 255, 0, 255, 0, 255)],
    ["P2, grey as text", file("P2 3 2 100 0 50 100\n10 20 30"), grey(0, 128, 255, 26, 51, 77)],
    ["P3, colours as text", file("P3\n1 2\n255\n1 2 3 # red, green, blue\n4 5 6\n"), [1, 2, 3, 4, 5, 6]],
    ["P4, bits", file("P4\n9 1\n", 0b10100000, 0b10000000), grey(0, 255, 0, 255, 255, 255, 255, 255, 0)],
    ["P5, grey", file("P5\n3 1\n255\n", 7, 35, 255), grey(7, 35, 255)],
    ["P5, grey of 16 bits", file("P5 2 1 65535\n", 0x80, 0x80, 0, 255), grey(128, 1)],
    ["P6, colours", file("P6\n# made by\n# hand\n2 1\n255\n", 1, 2, 3, 4, 5, 6), [1, 2, 3, 4, 5, 6]],
  ];
  for (const [what, bytes, expected] of kinds)
    it(`${what}, gives its pixels`, () => {
      assert.equal(isNetpbm(bytes), true);
      assert.deepEqual([...decodeNetpbm(bytes).bytes], expected);
    });

  it("that ends early, or is none, is an error", () => {
    assert.throws(() => decodeNetpbm(file("P5\n3 1\n255\n", 1, 2)), /ends before its 1 lines do/);
    assert.throws(() => decodeNetpbm(file("P2 3 1 9 1 2")), /ends early/);
    assert.throws(() => decodeNetpbm(file("P2 3 x")), /a number is missing/);
    assert.throws(() => decodeNetpbm(file("P5 0 1 255\n")), /0 x 1 pixels/);
    assert.equal(isNetpbm(file("P7\n")), false);
    assert.equal(isNetpbm(file("Python")), false);
  });
});
