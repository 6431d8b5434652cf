import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import type { ResNetConfig } from "../../../src/models/index.js";
import { shareRanks } from "../../helpers/thread-exchange.js";
import type { RankReport, RankTask } from "./rank-thread.js";

/** Every norm that there is: of projections, similarities, outputs and convolutions, with residuals. */
const model: ResNetConfig = {
  name: "norms",
  norm: "torch",
  stem: { kind: "convolution", filters: 4 },
  stages: [
    { blocks: 1, stride: 1, width: 8, filters: 8, operator: { kind: "axial", heads: 2, position: { value: false } } },
    { blocks: 1, stride: 2, width: 8, filters: 16, operator: { kind: "axial", heads: 2 } },
    { block: "basic", blocks: 1, stride: 1, width: 8, filters: 16, operator: { kind: "convolution" } },
  ],
};
const settings = {
  size: 24,
  seed: 3,
  optimizer: "sgd",
  schedule: "constant",
  learningRate: 0.01,
  average: null,
} as const;

/** 10 steps an epoch of 7 images each, which two ranks share unevenly; 50 unless `more` says otherwise. */
async function trainOn(size: number, more: Partial<RankTask["options"]>): Promise<RankReport[]> {
  const shared = size === 1 ? null : shareRanks(size);
  const options = { ...settings, model, epochs: 5, batchSize: 7, ...more };
  return Promise.all(
    Array.from({ length: size }, async (_, rank) => {
      const workerData: RankTask = { shared, rank, images: 70, options };
      const [report] = (await once(new Worker(join(__dirname, "rank-thread.js"), { workerData }), "message")) as [
        RankReport,
      ];
      return report;
    }),
  );
}

const furthest = ({ losses }: RankReport, of: RankReport): number =>
  losses.reduce((most, loss, i) => Math.max(most, Math.abs(loss / of.losses[i] - 1)), 0);

describe("norms that see the images of all ranks", () => {
  it("take the 50 steps of one rank, within 1e-5 of each loss, and end with one model on all", async () => {
    const [alone] = await trainOn(1, {});
    assert.equal(alone.losses.length, 50);
    for (const [size, epochs] of [
      [2, 5],
      [3, 1],
    ]) {
      const ranks = await trainOn(size, { normsSee: "all", epochs });
      assert.equal(ranks[0].losses.length, 10 * epochs);
      assert.ok(furthest(ranks[0], alone) < 1e-5, `${size} ranks: ${furthest(ranks[0], alone)}`);
      for (const rank of ranks) assert.deepEqual(rank, ranks[0]);
      assert.equal(ranks[0].overlapped, 1, "every gradient is known to be whole within the pass");
    }
    // Norms that see their own images do not.
    const [own] = await trainOn(2, { normsSee: "own", epochs: 1 });
    assert.ok(furthest(own, alone) > 1e-3, String(furthest(own, alone)));
  });

  it("take the same steps where blocks are rematerialized", async () => {
    const short = { epochs: 1, normsSee: "all" } as const;
    const [kept] = await trainOn(2, short);
    const [again] = await trainOn(2, { ...short, rematerialize: true });
    assert.deepEqual(again.losses, kept.losses);
    assert.equal(again.overlapped, 1);
  });
});
