import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";
import { measureCase, median, timedRound } from "../../src/bench/measure.js";
import { ConfigError } from "../../src/core/errors.js";
import { startReference } from "../../src/bench/reference.js";
import { benchReport, joinReports, markdownTable } from "../../src/bench/report.js";

/** A reference in a line of JavaScript: takes 40 ms for `known`, lacks everything else. */
const script =
  "console.log(JSON.stringify({reference:'Clock',version:'1'}));" +
  "require('readline').createInterface({input:process.stdin}).on('line',line=>{const{case:name,memory}=JSON.parse(line);" +
  "console.log(JSON.stringify(name!=='known'?{absent:'unknown'}:memory?{peakBytes:9,growthBytes:8}:{milliseconds:40,threads:2}))})";
const command = `"${process.execPath}" -e "${script}"`;

function clockCase(name: string, runs: string[]) {
  return {
    name,
    title: `a ${name} case`,
    targets: { wasm: {}, native: {} },
    prepare: () => ({ run: () => void runs.push("run"), dispose: () => void runs.push("dispose") }),
  };
}

describe("a measurement", () => {
  it("takes ours and the reference in turn and gives the median of their ratios", async () => {
    const reference = await startReference(command);
    try {
      assert.equal(reference.name, "Clock 1");
      const runs: string[] = [];
      const options = { rounds: 3, threads: 2, reference, target: 3, roundMilliseconds: 0 };
      const result = await measureCase(clockCase("known", runs), "training", options);
      assert.deepEqual(runs, ["run", "run", "run", "run", "run", "dispose"]);
      assert.deepEqual(result.referenceRounds, [40, 40, 40]);
      assert.equal(result.rounds.length, 3);
      assert.equal(result.ratio, median(result.rounds.map((time) => 40 / time)));
      assert.deepEqual([result.referenceThreads, result.target], [2, 3]);
    } finally {
      reference.close();
    }
  });

  it("compares with the faster of a reference's eager and compiled forms", async () => {
    const times = { eager: 40, compiled: 30 };
    const reference = {
      name: "Clock 1",
      compiles: true,
      ask: ({ compiled }: { compiled?: boolean }) =>
        Promise.resolve({ milliseconds: compiled === true ? times.compiled : times.eager, threads: 1 }),
      close: () => undefined,
    };
    const options = { rounds: 3, threads: 2, reference, roundMilliseconds: 0 };
    const faster = await measureCase(clockCase("known", []), "training", options);
    assert.deepEqual([faster.referenceMilliseconds, faster.compiledMilliseconds], [40, 30]);
    assert.equal(faster.ratio, median(faster.rounds.map((time) => 30 / time)));
    times.compiled = 50;
    const slower = await measureCase(clockCase("known", []), "training", options);
    assert.equal(slower.ratio, median(slower.rounds.map((time) => 40 / time)));
  });

  it("says why a case does not compile, and compares with the eager form", async () => {
    const reference = {
      name: "Clock 1",
      compiles: true,
      ask: ({ compiled }: { compiled?: boolean }) =>
        Promise.resolve(compiled === true ? { absent: "no compiler" } : { milliseconds: 40, threads: 1 }),
      close: () => undefined,
    };
    const options = { rounds: 1, threads: 2, reference, roundMilliseconds: 0 };
    const result = await measureCase(clockCase("known", []), "training", options);
    assert.deepEqual([result.compiledAbsent, result.compiledMilliseconds], ["no compiler", undefined]);
    assert.equal(result.ratio, 40 / result.rounds[0]);
  });

  it("says where the reference lacks a case and measures ours all the same", async () => {
    const reference = await startReference(command);
    try {
      const options = { rounds: 1, threads: 2, reference, roundMilliseconds: 0 };
      const result = await measureCase(clockCase("other", []), "evaluation", options);
      assert.equal(result.absent, "unknown");
      assert.equal(result.ratio, undefined);
      assert.equal(result.rounds.length, 1);
    } finally {
      reference.close();
    }
  });

  it("repeats short work until a round is full, and takes the median of its runs", () => {
    let clock = 0;
    const now = mock.method(performance, "now", () => clock);
    try {
      const round = (durations: number[], least?: number) => {
        const left = [...durations];
        const time = timedRound({ run: () => (clock += left.shift()!) }, least);
        return { time, runs: durations.length - left.length };
      };
      assert.deepEqual(round([130, 20, 50, 30, 40, 1]), { time: 40, runs: 5 });
      assert.deepEqual(round([600, 1]), { time: 600, runs: 1 });
      assert.deepEqual(round([5, 7, 1], 12), { time: 6, runs: 2 });
    } finally {
      now.mock.restore();
    }
  });

  it("has the middle value of an odd count and the mean of the middle two of an even one as median", () => {
    assert.equal(median([5, 1, 3]), 3);
    assert.equal(median([4, 1, 3, 2]), 2.5);
  });

  it("becomes a table with target and ratio", () => {
    const result = {
      case: "known",
      title: "a case",
      mode: "training" as const,
      threads: 2,
      milliseconds: 8.125,
      rounds: [8.125],
    };
    const compared = { ...result, referenceMilliseconds: 40, ratio: 4.92, target: 3 };
    const alone = { ...result, title: "another case" };
    const memory = [{ case: "known", title: "a case", mode: "training" as const, peakBytes: 9, growthBytes: 2 ** 20 }];
    const parts = { engine: "e", reference: "Clock 1+slow", threads: 2, results: [compared, alone], memory };
    const report = benchReport({ ...parts, profiles: [] });
    assert.deepEqual(markdownTable(report).split("\n"), [
      "| work |  | ours, 2 threads | Clock 1 | ratio | target |",
      "| --- | --- | --: | --: | --: | --: |",
      "| a case | training | 8.13 ms | 40.0 ms | 4.9x | 3x |",
      "| another case | training | 8.13 ms |  |  |  |",
      "| a case, peak memory | training | 1 MiB |  |  |  |",
    ]);
    const onOne = { ...report, threads: 1, results: [{ ...alone, milliseconds: 16 }], memory: [] };
    assert.deepEqual(markdownTable(report, onOne).split("\n"), [
      "| work |  | ours, 2 threads | Clock 1 | ratio | ours, 1 threads | Clock 1 | ratio | target |",
      "| --- | --- | --: | --: | --: | --: | --: | --: | --: |",
      "| a case | training | 8.13 ms | 40.0 ms | 4.9x |  |  |  | 3x |",
      "| another case | training | 8.13 ms |  |  | 16.0 ms |  |  |  |",
      "| a case, peak memory | training | 1 MiB |  |  |  |  |  |  |",
    ]);
    const [first, second] = [
      { ...report, results: [compared], memory: [] },
      { ...report, results: [alone] },
    ];
    assert.deepEqual(joinReports([first, second]), report);
    assert.throws(() => joinReports([first, onOne]), ConfigError);
  });
});

describe("a reference", () => {
  it("that ends without an answer is an error with its last words", async () => {
    const failing = `"${process.execPath}" -e "console.error('no such module');process.exit(1)"`;
    await assert.rejects(startReference(failing), /bench: the reference must answer a line .* no such module/);
  });

  it("that cannot be started is an error", async () => {
    await assert.rejects(startReference("no-such-program-at-all"), /bench: the reference must answer a line .* ENOENT/);
    await assert.rejects(startReference("  "), /--reference must be a command, got an empty text/);
  });
});
