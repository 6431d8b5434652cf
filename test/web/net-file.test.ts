import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configuration } from "../../src/models/index.js";
import { decodeNet, encodeNet, type NetFile } from "../../src/web/net-file.js";
import { toHalf } from "../../src/weights/half.js";
import { encodeSafetensors } from "../../src/weights/safetensors.js";

const net: NetFile = {
  config: configuration("axial-resnet-26-s"),
  classes: ["fish", "über \u{1F41F}"],
  size: 96,
  crop: 0.875,
  weights: new Map([
    ["a/kernel", { shape: [2, 3], values: Float32Array.of(0.1, -2, 3, 1e-3, 5, 7) }],
    ["b/gamma", { shape: [1], values: Float32Array.of(1) }],
  ]),
};

describe("a network as one file for a page", () => {
  it("comes back as it was, weights to the bit in 32 bits and rounded in 16", () => {
    const whole = decodeNet(Buffer.concat(encodeNet(net, "F32")), "net");
    assert.deepEqual(whole, net);
    const half = decodeNet(Buffer.concat(encodeNet(net, "F16")), "net");
    assert.deepEqual({ ...half, weights: null }, { ...net, weights: null });
    const [kernel, expected] = [half, net].map(({ weights }) => weights.get("a/kernel")!.values);
    kernel.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) <= Math.abs(expected[i]) * 2 ** -11));
    assert.notDeepEqual(kernel, expected);
  });

  it("has kernels in 8 bits within half a step of their channel, and the rest in 16", () => {
    const values = Float32Array.from({ length: 41 * 31 }, (_, i) => Math.sin(i * 12.9898) * (1 + (i % 31)));
    for (let i = 3; i < values.length; i += 31) values[i] = 0;
    const small = Float32Array.of(0.1, 0.2);
    const weights = new Map([
      ["a/kernel", { shape: [41, 31], values }],
      ["a/bias", { shape: [2], values: small }],
    ]);
    const file = Buffer.concat(encodeNet({ ...net, weights }, "I8"));
    const read = decodeNet(file, "net").weights;
    assert.deepEqual([...read.keys()].sort(), ["a/bias", "a/kernel"]);
    assert.deepEqual([read.get("a/kernel")!.shape, read.get("a/bias")!.shape], [[41, 31], [2]]);
    const greatest = Array.from({ length: 31 }, (_, c) => Math.max(...values.filter((_, i) => i % 31 === c).map(Math.abs))); // prettier-ignore
    read.get("a/kernel")!.values.forEach((value, i) => {
      assert.ok(Math.abs(value - values[i]) <= (greatest[i % 31] / 127) * 0.5001, `${i}: ${value}, ${values[i]}`);
    });
    read.get("a/bias")!.values.forEach((value, i) => assert.ok(Math.abs(value - small[i]) < 1e-4));
    assert.ok(file.length < values.length + 3000);
  });

  it("has the bits of IEEE 754's half precision, ties to even", () => {
    const known: [number, number][] = [
      [0, 0],
      [-0, 0x8000],
      [1, 0x3c00],
      [-2, 0xc000],
      [65504, 0x7bff], // the greatest
      [65519, 0x7bff],
      [65520, 0x7c00],
      [1e9, 0x7c00],
      [-Infinity, 0xfc00],
      [2 ** -14, 0x0400], // the least of full precision
      [2 ** -24, 0x0001], // the least of all
      [2 ** -25, 0x0000],
      [2 ** -25 * 1.5, 0x0001],
      [3 * 2 ** -25, 0x0002],
      [1 + 2 ** -11, 0x3c00],
      [1 + 3 * 2 ** -11, 0x3c02],
      [2 - 2 ** -12, 0x4000],
      [2 ** -14 - 2 ** -26, 0x0400],
    ];
    for (const [value, bits] of known) assert.equal(toHalf([value])[0], bits, String(value));
    assert.equal(toHalf([NaN])[0] & 0x7fff, 0x7e00);
  });

  it("is refused where it is another file", () => {
    assert.throws(() => decodeNet(Uint8Array.of(1, 2, 3), "x.bin"), { name: "FileError", message: /x\.bin/ });
    const foreign = encodeSafetensors({ tensors: new Map(), metadata: { format: "pt" } });
    assert.throws(() => decodeNet(foreign, "foreign.safetensors"), {
      name: "FileError",
      message:
        /^web\.loadNet: foreign\.safetensors must hold a network, its classes and its sizes, got format; write it with/,
    });
  });
});
