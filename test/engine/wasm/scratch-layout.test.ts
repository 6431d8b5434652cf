import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../src/engine/index.js";
import { wasmContext } from "../../../src/engine/wasm/install.js";
import { pointerOf } from "../../../src/engine/wasm/kernel.js";
import { runFilterGradient } from "../../../src/engine/wasm/kernels/convolution-filter-grad.js";
import { runConvolution } from "../../../src/engine/wasm/kernels/convolution-plan.js";
import type { ConvolutionShape } from "../../../src/engine/wasm/kernels/convolution-shape.js";
import { runMatrixProduct } from "../../../src/engine/wasm/kernels/matrix-product-plan.js";
import type { KernelPool } from "../../../src/engine/wasm/pool.js";
import { tensor } from "../../helpers/compare.js";

const untouched = 0xa5;
const margin = 4096;

/** Runs kernels in scratch memory that shows what was written: how much was asked for, and how much of it and behind it used. */
function scratchOf(run: (pool: KernelPool) => void): { asked: number; used: number } {
  const { pool } = wasmContext()!;
  let [start, asked] = [0, 0];
  const scratch = (bytes: number) => {
    [start, asked] = [pool.scratch(bytes + margin), bytes];
    new Uint8Array(pool.memory.buffer, start, bytes + margin).fill(untouched);
    return start;
  };
  run({ ...pool, scratch });
  const bytes = new Uint8Array(pool.memory.buffer, start, asked + margin);
  let used = bytes.length;
  while (used > 0 && bytes[used - 1] === untouched) used--;
  return { asked, used };
}

const address = (x: tf.Tensor) => pointerOf(wasmContext()!, x);

describe("the layout of scratch memory", () => {
  before(() => engine.start({ threads: 1, engine: "wasm" }));
  after(() => engine.stop());

  for (const [rows, columns, depth, transposeA, transposeB] of [
    [1, 1, 1, false, false],
    [13, 19, 31, false, false],
    [97, 23, 311, false, true],
    [7, 67, 513, true, true],
    [101, 8, 64, true, true],
  ] as const)
    it(`is all that a product of ${rows} x ${depth} x ${columns} needs, transposed ${transposeA} and ${transposeB}`, () =>
      tf.tidy(() => {
        const [a, b, c] = [tensor([rows, depth], 1), tensor([depth, columns], 2), tf.zeros([rows, columns])];
        const pointers = { a: address(a), b: address(b), c: address(c) };
        const { asked, used } = scratchOf((pool) =>
          runMatrixProduct(pool, { ...pointers, rows, columns, depth, transposeA, transposeB }),
        );
        assert.ok(used <= asked, `${used} of ${asked} bytes`);
        // Nor more than a cache line too much, where no row is filled up.
        if (!transposeA) assert.ok(asked - used < 64, `${used} of ${asked} bytes`);
      }));

  const shapes: Partial<ConvolutionShape>[] = [
    {},
    { padding: [0, 0], outputRows: 9, outputColumns: 11 },
    { stride: [2, 2], outputRows: 6, outputColumns: 7 },
    { dilation: [2, 2], padding: [2, 2] },
    { groups: 2, channels: 6, outputChannels: 10 },
    { channels: 67, outputChannels: 131 },
  ];
  for (const changed of shapes)
    it(`is all that a convolution and its filter's gradient need, ${JSON.stringify(changed)}`, () =>
      tf.tidy(() => {
        const shape: ConvolutionShape = {
          ...{ images: 2, height: 11, width: 13, channels: 3, outputRows: 11, outputColumns: 13, outputChannels: 5 },
          ...{ window: [3, 3], stride: [1, 1], dilation: [1, 1], padding: [1, 1], groups: 1 },
          ...changed,
        };
        const { images, channels, outputChannels, groups } = shape;
        const x = tensor([images, shape.height, shape.width, channels], 1);
        const w = tensor([3, 3, channels / groups, outputChannels], 2);
        const y = tensor([images, shape.outputRows, shape.outputColumns, outputChannels], 3);
        for (const run of [
          (pool: KernelPool) => runConvolution(pool, { x: address(x), w: address(w), y: address(y) }, shape),
          (pool: KernelPool) => runFilterGradient(pool, { ...shape, x: address(x), dy: address(y), dw: address(w) }),
        ]) {
          const { asked, used } = scratchOf(run);
          assert.ok(used > 0 && used <= asked, `${used} of ${asked} bytes`);
        }
      }));

  it("would be seen to be too small", () => {
    const { asked, used } = scratchOf((pool) =>
      pool.runAlone("fillValues", { target: pool.scratch(64), count: 17, value: 1 }),
    );
    assert.deepEqual([asked, used], [64, 68]);
  });
});
