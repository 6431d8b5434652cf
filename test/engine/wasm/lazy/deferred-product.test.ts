import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../../src/engine/index.js";
import { fusedMomentumUpdate } from "../../../../src/engine/ops/optimizer-update.js";
import { BatchNorm } from "../../../../src/layers/index.js";
import { assertClose, evaluate, evaluateOnCpu, tensor } from "../../../helpers/compare.js";

const epsilon = 1e-3;

/** How often each kernel ran, with the shapes of what it was given. */
const kernelsOf = (run: () => void): Map<string, number> =>
  new Map(engine.profileStep(run, { byShape: true }).kernels.map(({ name, calls }) => [name, calls]));

/** Convolutions and projections that were computed, each with the number of its inputs. */
const productsOf = (run: () => void): string[] =>
  [...kernelsOf(run)]
    .filter(([name]) => name.startsWith("Folded"))
    .flatMap(([name, calls]) => Array<string>(calls).fill(`${name.split(" ")[0]} ${name.split("[").length - 1}`))
    .sort();

/** Bytes on the heap, and tensors, that `run` leaves behind after it has run once. */
function leftBehind(run: () => void): number[] {
  run();
  const use = () => [engine.memory().heap!.liveBytes, tf.memory().numTensors, tf.memory().numDataBuffers];
  const start = use();
  run();
  return use().map((value, index) => value - start[index]);
}

const norm = (channels: number) => ({
  mean: tensor<tf.Rank.R1>([channels], 11),
  variance: tensor<tf.Rank.R1>([channels], 12).square().add<tf.Tensor1D>(0.1),
  offset: tensor<tf.Rank.R1>([channels], 13),
  scale: tensor<tf.Rank.R1>([channels], 14, { mean: 1 }),
});

const normalize = <T extends tf.Tensor>(x: T, { mean, variance, offset, scale }: ReturnType<typeof norm>): T =>
  tf.batchNorm(x, mean, variance, offset, scale, epsilon) as T;

/** Sizes at which tfjs's own operations wait: [5, 43, 47, 5] * [3, 3, 5, 7]. */
const operands = () => ({
  x: tensor<tf.Rank.R4>([5, 43, 47, 5], 1),
  filter: tensor<tf.Rank.R4>([3, 3, 5, 7], 2),
  bias: tensor<tf.Rank.R1>([7], 3),
});
const convolve = ({ x, filter, bias }: ReturnType<typeof operands>) =>
  tf.fused.conv2d({ x, filter, strides: 1, pad: "same", bias });

type Apply = (layer: tf.layers.Layer, ...x: tf.SymbolicTensor[]) => tf.SymbolicTensor;
const apply: Apply = (layer, ...x) => layer.apply(x.length === 1 ? x[0] : x) as tf.SymbolicTensor;

/** Gives every weight other values; variances stay positive. */
function withWeights(model: tf.LayersModel, seed = 1): tf.LayersModel {
  tf.tidy(() =>
    model.setWeights(
      model.getWeights().map((w, i) =>
        tensor(w.shape, 10 * seed + i)
          .abs()
          .mul(0.5),
      ),
    ),
  );
  return model;
}

/** Two residual blocks, the second with a convolution in its shortcut, of nothing but tf.layers: six convolutions. */
function makeResNet(useBias: boolean): tf.LayersModel {
  const image = tf.input({ shape: [null, null, 3] });
  const convolution = (filters: number, kernelSize: number, strides = 1) =>
    tf.layers.conv2d({ filters, kernelSize, strides, padding: "same", useBias });
  const normed = (x: tf.SymbolicTensor, layer: tf.layers.Layer) =>
    apply(tf.layers.batchNormalization({}), apply(layer, x));
  const relu = (x: tf.SymbolicTensor) => apply(tf.layers.reLU(), x);
  const stem = relu(normed(image, convolution(7, 3)));
  const first = normed(relu(normed(stem, convolution(7, 3))), convolution(7, 3));
  const middle = apply(tf.layers.activation({ activation: "relu" }), apply(tf.layers.add(), first, stem));
  const second = normed(relu(normed(middle, convolution(37, 3, 2))), convolution(37, 1));
  const sum = apply(tf.layers.add(), normed(middle, convolution(37, 1, 2)), second);
  return withWeights(tf.model({ inputs: image, outputs: relu(sum) }));
}

describe("products that wait for what follows", () => {
  before(() => engine.start({ threads: 3 }));
  after(() => engine.stop());

  it("of a plain tf.layers residual network are computed once each, with bias, norm, sum and ReLU in them", async () => {
    for (const useBias of [true, false]) {
      const model = makeResNet(useBias);
      const x = tensor([3, 61, 59, 3], 3);
      const [expected] = await evaluateOnCpu(() => model.predict(x));
      for (const run of [() => model.predict(x), () => model.apply(x)]) {
        const result = () => run() as tf.Tensor;
        assertClose(evaluate(result)[0], expected, 1e-5);
        assert.deepEqual(evaluate(result), evaluate(result), "the same bits again");
        const inputs = useBias ? 7 : 6; // x, filter, [bias], gamma, beta, mean, variance
        assert.deepEqual(
          productsOf(() => tf.tidy(() => void run())),
          [inputs, inputs, inputs, inputs, inputs + 1, inputs + 1].map((count) => `FoldedConv2D ${count}`),
        );
      }
      tf.dispose(x);
      model.dispose();
    }
  });

  it("are dense layers too, of any rank, before norms without gamma or beta", async () => {
    for (const shape of [[67], [5, 67]])
      for (const [scale, center] of [
        [true, true],
        [false, true],
        [true, false],
        [false, false],
      ]) {
        const input = tf.input({ shape });
        const projected = apply(tf.layers.dense({ units: 83, useBias: scale }), input);
        const normed = apply(tf.layers.batchNormalization({ scale, center }), projected);
        const model = withWeights(tf.model({ inputs: input, outputs: apply(tf.layers.reLU(), normed) }));
        const x = tensor([797, ...shape], 3);
        const result = () => model.predict(x, { batchSize: 797 }) as tf.Tensor;
        assertClose(
          evaluate(result)[0],
          (await evaluateOnCpu(result))[0],
          1e-5,
          `${shape.join("x")} ${scale} ${center}`,
        );
        const inputs = 4 + Number(scale) * 2 + Number(center);
        assert.deepEqual(
          productsOf(() => tf.dispose(result())),
          [`FoldedLinear ${inputs}`],
        );
        tf.dispose(x);
        model.dispose();
      }
  });

  it("equal tfjs's operations one by one, with stride, dilation, padding, groups of operations and orders of a sum", async () => {
    const shapes = [
      { x: [3, 53, 47, 5], filter: [1, 1, 5, 11], stride: 1, pad: 0 },
      { x: [3, 101, 97, 5], filter: [3, 5, 5, 17], stride: 2, pad: "same" },
      { x: [3, 53, 47, 3], filter: [5, 3, 3, 13], stride: 1, pad: "valid", dilation: 2 },
      { x: [2, 191, 181, 2], filter: [7, 7, 2, 1], stride: 1, pad: "same" },
    ] as const;
    for (const { x: xShape, filter: filterShape, stride, pad, ...rest } of shapes) {
      const dilation = "dilation" in rest ? rest.dilation : 1;
      const channels = filterShape[3];
      const [x, filter] = [tensor<tf.Rank.R4>([...xShape], 1), tensor<tf.Rank.R4>([...filterShape], 2)];
      const given = norm(channels);
      const bias = tensor([1, 1, 1, channels], 5);
      const product = () => tf.conv2d(x, filter, stride, pad, "NHWC", dilation);
      const residual = evaluate(product)[0].length;
      const summand = tensor(
        tf.tidy(() => product().shape),
        6,
      );
      assert.ok(residual >= 65_536);
      const uses: (() => tf.Tensor)[] = [
        () => product(),
        () => product().relu(),
        () => product().add(bias),
        () => normalize(product(), given),
        () => normalize(product().add<tf.Tensor4D>(bias), given).relu(),
        () => normalize(product(), given).add(summand).relu(),
        () => summand.add(product()).relu(),
        () => normalize(product().add<tf.Tensor4D>(summand), given).relu(), // no norm behind a sum
        () => normalize(normalize(product(), given), given).relu(), // nor a second norm
        () => normalize(product(), given).add(bias).relu(), // nor a bias behind a norm
        () => product().add(0.5).relu(),
        () => product().relu().add(summand),
      ];
      for (const [index, use] of uses.entries())
        assertClose(evaluate(use)[0], (await evaluateOnCpu(use))[0], 1e-5, `${filterShape.join("x")}, use ${index}`);
      tf.dispose([x, filter, bias, summand, ...Object.values(given)]);
    }
  });

  it("do not take a norm over another axis than their channels", async () => {
    const use = () => {
      const y = convolve(operands()).reshape<tf.Tensor2D>([-1, 47 * 7]);
      return normalize(y, norm(47 * 7)).relu();
    };
    assertClose(evaluate(use)[0], (await evaluateOnCpu(use))[0], 1e-5);
  });

  it("give right values to several readers, in whatever order", async () => {
    const uses: (() => tf.Tensor[])[] = [
      () => {
        const y = convolve(operands());
        const normed = normalize(y, norm(7));
        return [normed.relu(), y.floor(), normed, y.relu()];
      },
      () => {
        const y = convolve(operands());
        const normed = normalize(y, norm(7));
        y.dataSync();
        return [normed, normed.relu(), y];
      },
      () => {
        const normed = normalize(convolve(operands()), norm(7));
        return [normed.add(normed), normed.add(normed.relu()), normalize(normed.add(normed.floor()), norm(7))];
      },
      () => {
        const [a, b] = [convolve(operands()), normalize(convolve(operands()), norm(7))];
        const sum = a.add(b);
        return [tf.concat([b, sum, a], 3), sum.relu(), b.transpose()];
      },
    ];
    for (const use of uses) {
      const expected = await evaluateOnCpu(use);
      evaluate(use).forEach((actual, index) => assertClose(actual, expected[index], 1e-5, `${String(use)} ${index}`));
    }
  });

  it("whose result is read before the norm comes, or while it waits, are not computed again", () => {
    const given = norm(7);
    const early = productsOf(() =>
      tf.tidy(() => {
        const y = convolve(operands());
        y.dataSync();
        normalize(y, given).relu();
      }),
    );
    const between = productsOf(() =>
      tf.tidy(() => {
        const y = convolve(operands());
        const normed = normalize(y, given).add(tf.onesLike(y));
        y.dataSync();
        normed.dataSync();
      }),
    );
    assert.deepEqual([early, between], [["FoldedConv2D 3"], ["FoldedConv2D 3"]]);
    tf.dispose(given);
  });

  it("are computed from what their operands were, whatever becomes of these", () => {
    tf.tidy(() => {
      const fresh = () => {
        const given = norm(7);
        const weights = [...Object.values(operands()), ...Object.values(given)].map((value) => tf.variable(value));
        const [x, filter, bias, mean, variance, offset, scale] = weights as unknown as tf.Tensor[];
        const y = convolve({ x, filter, bias } as ReturnType<typeof operands>);
        return { weights, normed: normalize(y, { mean, variance, offset, scale } as ReturnType<typeof norm>) };
      };
      const reference = fresh();
      const expected = reference.normed.dataSync();
      tf.dispose(reference.weights);
      const changes: ((weight: tf.Variable) => void)[] = [
        (weight) => weight.dispose(),
        (weight) => weight.assign(tf.onesLike(weight)),
        (weight) => {
          const update = { weight, gradient: tf.onesLike(weight), mean: tf.variable(tf.zerosLike(weight)) };
          const rule = { gradientScale: 1, momentum: 0, rate: -0.25, nesterov: false };
          fusedMomentumUpdate([{ ...update, addedDecay: 0, shrink: 0 }], rule);
          update.mean.dispose();
        },
      ];
      for (const change of changes) {
        const { weights, normed } = fresh();
        weights.forEach(change);
        assert.deepEqual(normed.dataSync(), expected, String(change));
        tf.dispose(weights.filter(({ isDisposed }) => !isDisposed));
      }
    });
  });

  it("are computed where their operands were, whatever backend is the current one when they are read", async () => {
    const expected = evaluate(() => normalize(convolve(operands()), norm(7)))[0];
    const use = (): tf.Tensor[] => {
      const given = operands();
      const y = convolve(given);
      return [...Object.values(given), y, normalize(y, norm(7))];
    };
    const start = tf.memory().numTensors;
    const tensors = tf.tidy(use);
    await tf.setBackend("cpu");
    tf.tidy(() => void tensors[0].add(1)); // moves x to the other backend
    assert.deepEqual(tensors[4].dataSync(), expected);
    tf.tidy(() => assertClose(tensors[3].neg().neg().dataSync(), convolve(operands()).dataSync(), 1e-5));
    await tf.setBackend("wasm");
    tf.dispose(tensors);
    assert.equal(tf.memory().numTensors, start);
  });

  it("leave nothing behind, whether read, disposed of while they wait, or both", () => {
    const given = norm(7);
    const run = (use: (y: tf.Tensor4D) => unknown) => () => tf.tidy(() => void use(convolve(operands())));
    const uses = [
      run(() => undefined),
      run((y) => y.dispose()),
      run((y) => normalize(y, given)),
      run((y) => normalize(y, given).add(y).dataSync()),
      run((y) => normalize(y, given).relu()),
      run((y) => {
        const normed = normalize(y, given);
        const sum = normed.add(tf.onesLike(normed));
        tf.dispose([y, normed]);
        return sum.relu();
      }),
      run((y) => tf.grad((x: tf.Tensor) => normalize(x, given).square())(y)),
    ];
    for (const use of uses) assert.deepEqual(leftBehind(use), [0, 0, 0]);
    const everything = () => {
      const model = makeResNet(true);
      tf.tidy(() => {
        const x = tensor([3, 61, 59, 3], 3);
        [model.predict(x), model.apply(x)].forEach((y) => (y as tf.Tensor).dataSync());
      });
      model.dispose();
    };
    assert.deepEqual(leftBehind(everything), [0, 0, 0]);
    tf.dispose(given);
  });

  it("come with data() as with dataSync(), after a tidy that made them", async () => {
    const make = () => tf.tidy(() => normalize(convolve(operands()), norm(7)));
    const [a, b] = [make(), make()];
    assert.deepEqual(await a.data(), b.dataSync());
    tf.dispose([a, b]);
  });

  it("do not wait while gradients are recorded or a model trains", async () => {
    const model = makeResNet(true);
    const x = tensor([2, 31, 29, 3], 3);
    const of = (x: tf.Tensor) => tf.grad((x: tf.Tensor) => (model.apply(x) as tf.Tensor).square())(x);
    const gradient = () => of(x);
    assertClose(evaluate(gradient)[0], (await evaluateOnCpu(gradient))[0], 5e-6);
    const large = tensor([3, 61, 59, 3], 3);
    assert.deepEqual(
      productsOf(() => tf.dispose(of(large))),
      [],
    );
    large.dispose();
    const moved = () => {
      withWeights(model, 2);
      const y = model.apply(x, { training: true }) as tf.Tensor;
      return [y, ...model.getWeights(false).map((weight) => weight.clone())];
    };
    const expected = await evaluateOnCpu(moved);
    evaluate(moved).forEach((actual, index) => assertClose(actual, expected[index], 5e-6, `${index}`));
    tf.dispose(x);
    model.dispose();
  });

  it("of tf.layers are taken over by this package's batch norm too", async () => {
    const input = tf.input({ shape: [61, 59, 3] });
    const projected = apply(tf.layers.conv2d({ filters: 7, kernelSize: 3 }), input);
    const normed = apply(new BatchNorm({ activation: "relu" }), projected);
    const model = withWeights(tf.model({ inputs: input, outputs: normed }));
    const x = tensor([3, 61, 59, 3], 3);
    const result = () => model.predict(x) as tf.Tensor;
    assertClose(evaluate(result)[0], (await evaluateOnCpu(result))[0], 1e-5);
    assert.deepEqual(
      productsOf(() => tf.dispose(result())),
      ["FoldedConv2D 7"],
    );
    tf.dispose(x);
    model.dispose();
  });
});
