import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { randomOf } from "../../src/core/random.js";
import * as engine from "../../src/engine/index.js";
import { ConfigError } from "../../src/core/errors.js";
import {
  clipScale,
  createOptimizer,
  moveTowards,
  resolveOptimizer,
  type OptimizerConfig,
  type Parameter,
} from "../../src/training/optimizers.js";
import { assertClose } from "../helpers/compare.js";

after(() => engine.stop());

const parameter = (values: number[], decays = true): Parameter => ({
  name: "layer/kernel",
  variable: tf.variable(tf.tensor1d(values)),
  decays,
});

/** The weights after so many steps, from the gradients that the script below uses. */
function weightsAfter(steps: number, config: OptimizerConfig, options: { decays?: boolean } = {}): Float32Array {
  const weight = parameter([0.5, -1.25, 2], options.decays);
  const optimizer = createOptimizer(config, [weight]);
  for (let t = 1; t <= steps; t++) {
    const gradient = tf.tensor1d([0.1 * t, -0.3, 0.7 / t]);
    optimizer.step([gradient], { learningRate: 0.1 });
    gradient.dispose();
  }
  optimizer.dispose();
  const values = weight.variable.dataSync<"float32">();
  weight.variable.dispose();
  return values;
}

// Values of PyTorch 2.15 in double precision:
//   import torch
//   torch.set_default_dtype(torch.float64)
//   def run(make, steps):
//       w = torch.tensor([0.5, -1.25, 2.0]).requires_grad_()
//       optimizer = make([w])
//       for t in range(1, steps + 1):
//           w.grad = torch.tensor([0.1 * t, -0.3, 0.7 / t])
//           optimizer.step()
//       return w.tolist()
//   o = torch.optim
//   run(lambda p: o.SGD(p, 0.1, momentum=0.9, nesterov=True, weight_decay=0.01), 5)
//   run(lambda p: o.SGD(p, 0.1, momentum=0.8), 5)
//   run(lambda p: o.Adam(p, 0.1, weight_decay=0.01), 5)
//   run(lambda p: o.AdamW(p, 0.1, weight_decay=0.2), 5)
//   run(lambda p: o.RAdam(p, 0.1, betas=(0.9, 0.99), weight_decay=0.2, decoupled_weight_decay=True), 9)
/** On plain JavaScript the rules are composed of single operations; on WebAssembly they are our kernels. */
for (const backend of ["cpu", "wasm"] as const) {
  describe(`createOptimizer on ${backend}`, () => {
    before(() => engine.start({ backend, threads: 3 }));

    const cases: [config: OptimizerConfig, steps: number, expected: number[]][] = [
      [{ kind: "sgd", weightDecay: 0.01 }, 5, [0.057493469, -0.72620987, 1.344294525]],
      [{ kind: "sgd", momentum: 0.8, nesterov: false }, 5, [0.212144, -0.903392, 1.558934667]],
      [{ kind: "adam", weightDecay: 0.01 }, 5, [0.013826974, -0.75014151, 1.55629243]],
      [{ kind: "adamw", weightDecay: 0.2 }, 5, [-0.013968939, -0.649504996, 1.386040844]],
      [{ kind: "radam", beta2: 0.99, weightDecay: 0.2 }, 9, [0.280273073, -0.865607947, 1.43907854]],
    ];
    for (const [config, steps, expected] of cases) {
      it(`takes the steps of PyTorch's ${JSON.stringify(config)}`, () => {
        assertClose(weightsAfter(steps, config), expected);
      });
    }

    it("decays sgd's weights beside the update where told to", () => {
      // One step: w (1 - 0.1 * 0.5) - 0.1 (g + 0.9 g).
      const weights = weightsAfter(1, { kind: "sgd", decay: "decoupled", weightDecay: 0.5 });
      assertClose(weights, [0.5 * 0.95 - 0.019, -1.25 * 0.95 + 0.057, 2 * 0.95 - 0.133]);
    });

    it("spares parameters that do not decay", () => {
      for (const kind of ["sgd", "adamw"] as const) {
        assert.deepEqual(
          weightsAfter(3, { kind, weightDecay: 0.3 }, { decays: false }),
          weightsAfter(3, { kind, weightDecay: 0 }),
        );
      }
    });

    it("brings ranger's weights back half way to the slow ones every few steps", () => {
      const common = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8 } as const;
      const fast = weightsAfter(2, { kind: "radam", ...common });
      const blended = Array.from(fast, (value, i) => ([0.5, -1.25, 2][i] + value) / 2);
      assertClose(weightsAfter(2, { kind: "ranger", ...common, every: 2 }), blended);
      assertClose(weightsAfter(1, { kind: "ranger", ...common, every: 2 }), [
        ...weightsAfter(1, { kind: "radam", ...common }),
      ]);
    });

    it("goes on from its saved state as if it had never stopped", () => {
      for (const kind of ["sgd", "adamw", "radam", "ranger"] as const) {
        const [whole, stopped] = [parameter([1, -2, 3]), parameter([1, -2, 3])];
        const [a, b] = [createOptimizer({ kind }, [whole]), createOptimizer({ kind }, [stopped])];
        const gradient = tf.tensor1d([0.3, 0.2, -0.1]);
        const step = { learningRate: 0.05 };
        for (let t = 0; t < 4; t++) [a, b].forEach((optimizer) => optimizer.step([gradient], step));
        const c = createOptimizer({ kind }, [stopped]);
        assert.deepEqual([...c.state.keys()], [...b.state.keys()]);
        b.state.forEach((variable, name) => c.state.get(name)?.assign(variable));
        c.steps = b.steps;
        b.dispose();
        for (let t = 0; t < 9; t++) [a, c].forEach((optimizer) => optimizer.step([gradient], step));
        assert.deepEqual(stopped.variable.dataSync(), whole.variable.dataSync(), kind);
      }
    });

    it("leaves a parameter without gradient as it is", () => {
      const [used, unused] = [parameter([1]), { ...parameter([2]), name: "other" }];
      const optimizer = createOptimizer({ kind: "adamw", weightDecay: 0.1 }, [used, unused]);
      optimizer.step([tf.tensor1d([1]), null], { learningRate: 0.1 });
      assert.notEqual(used.variable.dataSync()[0], 1);
      assert.equal(unused.variable.dataSync()[0], 2);
    });

    it("leaks no tensor", () => {
      for (const kind of ["sgd", "adam", "radam", "ranger"] as const) {
        const weight = parameter([1, 2, 3]);
        const gradient = tf.tensor1d([1, 1, 1]);
        const before = tf.memory().numTensors;
        const optimizer = createOptimizer({ kind, weightDecay: 0.1 }, [weight]);
        const slots = optimizer.state.size;
        for (let t = 0; t < 13; t++) {
          optimizer.step([gradient], { learningRate: 0.1, gradientScale: 0.5 });
          assert.equal(tf.memory().numTensors, before + slots, kind);
        }
        optimizer.dispose();
        assert.equal(tf.memory().numTensors, before, kind);
        tf.dispose([weight.variable, gradient]);
      }
    });
  });
}

describe("the kernels of the optimisers", () => {
  /** Weights of several sizes after a few steps: less than a vector, than a cache line, than a thread's share. */
  async function trained(backend: "cpu" | "wasm", config: OptimizerConfig): Promise<number[][]> {
    await engine.start({ backend, threads: 3 });
    const random = randomOf(7);
    const normal = (count: number) => Array.from({ length: count }, () => random.between(-1, 1));
    const parameters = [1, 3, 37, 1009].map((size, i) => ({ ...parameter(normal(size), i !== 1), name: `w${i}` }));
    const optimizer = createOptimizer(config, parameters);
    for (let t = 0; t < 7; t++) {
      const gradients = parameters.map(({ variable }) => tf.tensor1d(normal(variable.size)));
      optimizer.step(gradients, { learningRate: 0.01, gradientScale: 0.7 });
      tf.dispose(gradients);
    }
    return parameters.map(({ variable }) => [...variable.dataSync<"float32">()]);
  }

  const configs: OptimizerConfig[] = [
    { kind: "sgd", weightDecay: 0.1 },
    { kind: "sgd", weightDecay: 0.1, nesterov: false, decay: "decoupled" },
    { kind: "adam", weightDecay: 0.1 },
    { kind: "ranger", weightDecay: 0.1 },
  ];
  for (const config of configs) {
    it(`equal the composed rules, ${JSON.stringify(config)}`, async () => {
      const composed = await trained("cpu", config);
      const fused = await trained("wasm", config);
      composed.forEach((values, i) => assertClose(fused[i], values, 1e-6));
    });
  }

  it("leave a clone of a weight as it was, and spread what is not a number", async () => {
    await engine.start({ backend: "wasm", threads: 3 });
    const weight = parameter([1, 2, 3, 4, 5]);
    const clone = weight.variable.clone();
    const optimizer = createOptimizer({ kind: "adamw" }, [weight]);
    optimizer.step([tf.tensor1d([1, -1, NaN, 1, 0])], { learningRate: 0.1 });
    assert.deepEqual([...clone.dataSync()], [1, 2, 3, 4, 5]);
    const [a, b, c, d, e] = weight.variable.dataSync<"float32">();
    assertClose([a, b, d, e], [0.9, 2.1, 3.9, 5]);
    assert.ok(Number.isNaN(c));
  });

  it("average in place of single operations", async () => {
    await engine.start({ backend: "wasm", threads: 3 });
    const target = tf.variable(tf.tensor1d([0, 10, 20, 30, 40]));
    const source = tf.tensor1d([10, 10, 10, 10, 10]);
    moveTowards([{ target, source }], 0.25);
    assertClose(target.dataSync<"float32">(), [2.5, 10, 17.5, 25, 32.5]);
  });
});

describe("clipScale", () => {
  it("scales down to the maximum and never up", async () => {
    const gradients = [tf.tensor1d([3, 0]), null, tf.tensor2d([[4]])]; // norm 5
    const { scale, norm } = await clipScale(gradients, 1);
    assert.equal(norm, 5);
    assertClose([scale], [0.2], 1e-6);
    assert.equal((await clipScale(gradients, 10)).scale, 1);
  });
});

describe("resolveOptimizer", () => {
  it("leaves nothing to defaults, and a resolved configuration as it is", () => {
    const resolved = resolveOptimizer({ kind: "ranger" });
    assert.deepEqual(resolved, {
      kind: "ranger",
      beta1: 0.95,
      beta2: 0.99,
      epsilon: 1e-6,
      weightDecay: 0,
      decay: "decoupled",
      every: 6,
      blend: 0.5,
    });
    assert.deepEqual(resolveOptimizer(resolved), resolved);
    assert.equal(resolveOptimizer({ kind: "adam" }).decay, "l2");
    assert.equal(resolveOptimizer({ kind: "adamw" }).decay, "decoupled");
  });

  const wrong: [config: OptimizerConfig, message: string][] = [
    [
      { kind: "sgd", momentum: 1.5 },
      "optimizer: momentum must be between 0 and 1, got 1.5; choose another, or leave it out",
    ],
    [
      { kind: "adam", weightDecay: -1 },
      "optimizer: weightDecay must be at least 0, got -1; choose another, or leave it out",
    ],
    [
      { kind: "lion" } as unknown as OptimizerConfig,
      'optimizer: kind must be the name of one, got "lion"; use sgd, adam, adamw, radam, ranger, muon',
    ],
  ];
  for (const [config, message] of wrong) {
    it(`refuses ${JSON.stringify(config)}`, () => {
      assert.throws(() => resolveOptimizer(config), new ConfigError(message));
    });
  }
});
