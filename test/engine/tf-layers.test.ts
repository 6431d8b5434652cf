/** Every layer of tf.layers on our engine beside TensorFlow.js's JavaScript backend: result, gradients, types of input. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import { assertClose, values } from "../helpers/compare.js";

type Layer = tf.layers.Layer;

interface Case {
  readonly layer: () => Layer;
  /** Without the batch. */
  readonly inputs: readonly (readonly number[])[];
  /** Whole numbers below this many. */
  readonly below?: number;
  /** It hands integers on, or rounds, or TensorFlow.js has no gradient for it on any backend. */
  readonly discrete?: true;
  /** JavaScript's gradient is wrong (of other shapes, of a batch); the map is linear, so that differences are exact. */
  readonly linear?: true;
  /** It goes through elements without arithmetic: every type comes out as it goes in. */
  readonly anyType?: true;
}

const sequence = [[5, 3]] as const;
const image = [[5, 7, 3]] as const;
const volume = [[3, 5, 7, 2]] as const;
const pair = [[5, 3], [5, 3]] as const; // prettier-ignore
const cell = (units = 2) => tf.layers.simpleRNNCell({ units });

const cases: Readonly<Record<string, Case>> = {
  activation: { layer: () => tf.layers.activation({ activation: "swish" }), inputs: sequence },
  add: { layer: () => tf.layers.add(), inputs: pair },
  average: { layer: () => tf.layers.average(), inputs: pair },
  averagePooling1d: { layer: () => tf.layers.averagePooling1d({ poolSize: 2 }), inputs: sequence },
  averagePooling2d: {
    layer: () => tf.layers.averagePooling2d({ poolSize: 3, strides: 2 }),
    inputs: image,
  },
  averagePooling3d: { layer: () => tf.layers.averagePooling3d({ poolSize: 2, strides: 1 }), inputs: volume },
  batchNormalization: { layer: () => tf.layers.batchNormalization(), inputs: image },
  bidirectional: {
    layer: () =>
      tf.layers.bidirectional({
        layer: tf.layers.lstm({ units: 2, returnSequences: true }),
        mergeMode: "concat",
      }),
    inputs: sequence,
  },
  categoryEncoding: {
    layer: () => tf.layers.categoryEncoding({ numTokens: 7, outputMode: "multiHot" }),
    inputs: [[3]],
    ...{ below: 7, discrete: true },
  },
  centerCrop: { layer: () => tf.layers.centerCrop({ height: 3, width: 5 }), inputs: image, discrete: true },
  concatenate: { layer: () => tf.layers.concatenate({ axis: 1 }), inputs: pair, anyType: true },
  conv1d: { layer: () => tf.layers.conv1d({ filters: 2, kernelSize: 3, padding: "same" }), inputs: sequence },
  conv2d: {
    layer: () => tf.layers.conv2d({ filters: 4, kernelSize: 3, strides: 2, activation: "relu6" }),
    inputs: image,
  },
  "conv2d, channels first": {
    layer: () => tf.layers.conv2d({ filters: 4, kernelSize: 3, dataFormat: "channelsFirst", padding: "same" }),
    inputs: [[3, 5, 7]],
  },
  conv2dTranspose: { layer: () => tf.layers.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2 }), inputs: image },
  conv3d: { layer: () => tf.layers.conv3d({ filters: 3, kernelSize: 2, padding: "same" }), inputs: volume },
  conv3dTranspose: {
    layer: () => tf.layers.conv3dTranspose({ filters: 2, kernelSize: 2, strides: 2 }),
    inputs: volume,
    discrete: true,
  },
  convLstm2d: { layer: () => tf.layers.convLstm2d({ filters: 2, kernelSize: 2 }), inputs: [[2, 5, 4, 3]] },
  cropping2D: { layer: () => tf.layers.cropping2D({ cropping: [[1, 2], [0, 3]] }), inputs: image, anyType: true }, // prettier-ignore
  dense: { layer: () => tf.layers.dense({ units: 4, activation: "selu" }), inputs: sequence },
  depthwiseConv2d: { layer: () => tf.layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2 }), inputs: image },
  dot: { layer: () => tf.layers.dot({ axes: 2 }), inputs: pair },
  dropout: { layer: () => tf.layers.dropout({ rate: 0.5 }), inputs: sequence },
  alphaDropout: { layer: () => tf.layers.alphaDropout({ rate: 0.5 }), inputs: sequence },
  gaussianDropout: { layer: () => tf.layers.gaussianDropout({ rate: 0.5 }), inputs: sequence },
  gaussianNoise: { layer: () => tf.layers.gaussianNoise({ stddev: 0.5 }), inputs: sequence },
  spatialDropout1d: { layer: () => tf.layers.spatialDropout1d({ rate: 0.5 }), inputs: sequence },
  elu: { layer: () => tf.layers.elu(), inputs: sequence },
  embedding: { layer: () => tf.layers.embedding({ inputDim: 11, outputDim: 3 }), inputs: [[5]], below: 11 },
  flatten: { layer: () => tf.layers.flatten(), inputs: image, anyType: true },
  globalAveragePooling1d: { layer: () => tf.layers.globalAveragePooling1d({}), inputs: sequence },
  globalAveragePooling2d: { layer: () => tf.layers.globalAveragePooling2d({}), inputs: image },
  globalMaxPooling1d: { layer: () => tf.layers.globalMaxPooling1d({}), inputs: sequence },
  globalMaxPooling2d: { layer: () => tf.layers.globalMaxPooling2d({}), inputs: image },
  gru: { layer: () => tf.layers.gru({ units: 3 }), inputs: sequence },
  layerNormalization: { layer: () => tf.layers.layerNormalization({}), inputs: sequence },
  leakyReLU: { layer: () => tf.layers.leakyReLU({ alpha: 0.2 }), inputs: sequence },
  lstm: { layer: () => tf.layers.lstm({ units: 3, returnSequences: true }), inputs: sequence },
  masking: { layer: () => tf.layers.masking({ maskValue: 0 }), inputs: sequence, discrete: true },
  maxPooling1d: { layer: () => tf.layers.maxPooling1d({ poolSize: 2 }), inputs: sequence },
  maxPooling2d: { layer: () => tf.layers.maxPooling2d({ poolSize: 3, strides: 2 }), inputs: image },
  maxPooling3d: { layer: () => tf.layers.maxPooling3d({ poolSize: 2, strides: 1 }), inputs: volume },
  maximum: { layer: () => tf.layers.maximum(), inputs: pair },
  minimum: { layer: () => tf.layers.minimum(), inputs: pair },
  multiply: { layer: () => tf.layers.multiply(), inputs: pair },
  permute: { layer: () => tf.layers.permute({ dims: [3, 1, 2] }), inputs: image, anyType: true },
  prelu: { layer: () => tf.layers.prelu({ alphaInitializer: "glorotNormal" }), inputs: sequence },
  reLU: { layer: () => tf.layers.reLU({ maxValue: 1 }), inputs: sequence },
  repeatVector: { layer: () => tf.layers.repeatVector({ n: 3 }), inputs: [[5]], anyType: true },
  rescaling: { layer: () => tf.layers.rescaling({ scale: 0.5, offset: 3 }), inputs: image },
  reshape: { layer: () => tf.layers.reshape({ targetShape: [3, -1] }), inputs: sequence, anyType: true },
  resizing: { layer: () => tf.layers.resizing({ height: 7, width: 4 }), inputs: image, linear: true },
  rnn: { layer: () => tf.layers.rnn({ cell: cell() }), inputs: sequence },
  separableConv2d: { layer: () => tf.layers.separableConv2d({ filters: 4, kernelSize: 2 }), inputs: image },
  simpleRNN: { layer: () => tf.layers.simpleRNN({ units: 3 }), inputs: sequence },
  stackedRNNCells: {
    layer: () => tf.layers.rnn({ cell: tf.layers.stackedRNNCells({ cells: [cell(2), cell(3)] }) }),
    inputs: sequence,
  },
  softmax: { layer: () => tf.layers.softmax(), inputs: [[5]] },
  thresholdedReLU: { layer: () => tf.layers.thresholdedReLU({ theta: 0.3 }), inputs: sequence, discrete: true },
  timeDistributed: {
    layer: () => tf.layers.timeDistributed({ layer: tf.layers.dense({ units: 2 }) }),
    inputs: sequence,
  },
  upSampling2d: { layer: () => tf.layers.upSampling2d({ size: [2, 3] }), inputs: image, linear: true },
  zeroPadding2d: { layer: () => tf.layers.zeroPadding2d({ padding: 2 }), inputs: image, anyType: true },
};

/** Names that are no layer with a call, or another name of one; random sizes differ from call to call. */
const others = [
  ...["Layer", "RNN", "RNNCell", "input", "inputLayer", "randomWidth"],
  ...["simpleRNNCell", "gruCell", "lstmCell", "convLstm2dCell"],
  ...["avgPool1d", "avgPool2d", "avgPool3d", "avgPooling1d", "avgPooling2d", "avgPooling3d", "maxPool1d", "maxPool2d"],
  ...["globalMaxPool1d", "globalMaxPool2d"],
];

const batch = 2;

/** The inputs, by the shapes; whole numbers where they must be. */
function operandsOf({ inputs, below }: Case, dtype: "float32" | "int32" | "bool"): tf.Tensor[] {
  return inputs.map((shape, index) => {
    const all = [batch, ...shape];
    const numbers = values(tf.util.sizeFromShape(all), index + 1);
    if (below !== undefined)
      return tf.tensor(
        numbers.map((value) => Math.abs(Math.round(value * 7)) % below),
        all,
        "int32",
      );
    return tf
      .tensor(dtype === "float32" ? numbers : numbers.map((value) => Math.round(value)), all, "float32")
      .cast(dtype);
  });
}

/** The layer's result, and gradients of its mean square: of the inputs, where they are continuous, and the weights. */
async function run({ layer: create, discrete, linear, below, ...rest }: Case, weights: tf.Tensor[] | null) {
  const layer = create();
  const operands = operandsOf({ layer: create, below, ...rest }, "float32");
  const given = (inputs: tf.Tensor[]) => (inputs.length === 1 ? inputs[0] : inputs);
  layer.apply(given(operands));
  if (weights !== null) layer.setWeights(weights);
  const call = (inputs: tf.Tensor[]): tf.Tensor =>
    [layer.apply(given(inputs), { training: false })].flat()[0] as tf.Tensor;
  const results = tf.tidy(() => {
    const y = call(operands);
    if (discrete || linear) return [y];
    const loss = (inputs: tf.Tensor[]) => call(inputs).square().mean<tf.Scalar>();
    const ofInputs = below === undefined ? tf.grads((...inputs: tf.Tensor[]) => loss(inputs))(operands) : [];
    const variables = layer.trainableWeights.map((weight) => weight.read() as tf.Variable);
    const ofWeights = variables.length === 0 ? {} : tf.variableGrads(() => loss(operands), variables).grads;
    return [y, ...ofInputs, ...Object.values(ofWeights)];
  });
  const read = await Promise.all(results.map(async (result) => ({ shape: result.shape, values: await result.data() })));
  tf.dispose([...results, ...operands]);
  return { layer, read };
}

describe("a model of tf.layers", () => {
  before(() => engine.start({ threads: 2 }));
  after(() => engine.stop());

  it("may be of any layer that there is: each has a case here", () => {
    const callable = Object.keys(tf.layers).filter(
      (name) => typeof (tf.layers as unknown as Record<string, unknown>)[name] === "function",
    );
    assert.deepEqual(
      callable.filter((name) => !(name in cases) && !others.includes(name)),
      [],
    );
  });

  for (const [name, one] of Object.entries(cases))
    it(`of ${name} gives the results and the gradients of JavaScript`, async () => {
      const ours = await run(one, null);
      const weights = ours.layer.getWeights().map((weight) => ({ shape: weight.shape, values: weight.dataSync() }));
      await tf.setBackend("cpu");
      const theirs = await run(
        one,
        weights.map(({ shape, values }) => tf.tensor(values, shape)),
      );
      await tf.setBackend("wasm");
      assert.equal(ours.read.length, theirs.read.length);
      ours.read.forEach(({ shape, values }, index) => {
        assert.deepEqual(shape, theirs.read[index].shape);
        assertClose(values, theirs.read[index].values, 5e-6, `result ${index}`);
      });
    });

  for (const [name, one] of Object.entries(cases).filter(([, { linear }]) => linear))
    it(`of ${name} has the gradient that its differences say`, () => {
      tf.tidy(() => {
        const [x] = operandsOf(one, "float32");
        const layer = one.layer();
        const call = (input: tf.Tensor) => layer.apply(input) as tf.Tensor;
        const weights = tf.tensor(values(call(x).size, 7), call(x).shape);
        const direction = tf.tensor(values(x.size, 8), x.shape);
        const loss = (input: tf.Tensor) => call(input).mul(weights).sum<tf.Scalar>();
        const difference = loss(x.add(direction)).sub(loss(x)).dataSync();
        assertClose(tf.grad(loss)(x).mul(direction).sum().dataSync(), difference, 1e-4);
      });
    });

  for (const [name, one] of Object.entries(cases).filter(([, { anyType }]) => anyType))
    it(`of ${name} hands on whole numbers and truth values as they are`, async () => {
      for (const dtype of ["int32", "bool"] as const) {
        const results = [];
        for (const backend of ["wasm", "cpu"]) {
          await tf.setBackend(backend);
          results.push(
            tf.tidy(() => {
              const operands = operandsOf(one, dtype);
              const y = one.layer().apply(operands.length === 1 ? operands[0] : operands) as tf.Tensor;
              return { dtype: y.dtype, shape: y.shape, values: [...y.dataSync()] };
            }),
          );
        }
        await tf.setBackend("wasm");
        assert.deepEqual(results[0], results[1], dtype);
      }
    });
});
