/**
 * Every named model at its own width and depth learns one batch by heart on the default engine: `npm run test:zoo`. Too long
 * for the test suite, which does the same with an eighth of the channels (zoo.test.ts). With words, only the models whose
 * names contain one.
 */
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import { create, names } from "../../src/models/index.js";

const [side, batch, classes, limit] = [64, 4, 3, 40];

interface Learned {
  readonly first: number;
  readonly last: number;
  readonly steps: number;
}

/** Steps of plain gradient descent until a fifth of the first loss is left, `limit` at most. */
function learn(name: string): Learned {
  const model = create(name, { classes, size: side, seed: 1 });
  const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const images = tf.randomNormal([batch, side, side, 3], 0, 1, "float32", 2);
  const labels = tf.tidy(() => tf.oneHot([0, 1, 2, 0], classes));
  const optimizer = tf.train.sgd(0.05);
  const lossOf = () => {
    const outputs = model.apply(images, { training: true }) as tf.Tensor | tf.Tensor[];
    const logits = Array.isArray(outputs) ? outputs[0] : outputs; // [B, classes] or [B, h, w, classes]
    const places = logits.size / (batch * classes);
    const everywhere = labels.expandDims(1).tile([1, places, 1]).reshape([-1, classes]);
    return tf.losses.softmaxCrossEntropy<tf.Tensor, tf.Scalar>(everywhere, logits.reshape([-1, classes]));
  };
  let [first, last, steps] = [Infinity, Infinity, 0];
  while (steps < limit && !(last < first / 5)) {
    const loss = optimizer.minimize(lossOf, true, variables)!;
    last = loss.dataSync()[0];
    if (steps++ === 0) first = last;
    loss.dispose();
  }
  model.dispose();
  tf.dispose([images, labels]);
  optimizer.dispose();
  return { first, last, steps };
}

async function main(words: readonly string[]): Promise<void> {
  const { reason } = await engine.start();
  console.log(reason);
  const chosen = names().filter((name) => words.length === 0 || words.some((word) => name.includes(word)));
  const width = Math.max(...chosen.map((name) => name.length));
  for (const name of chosen) {
    const start = Date.now();
    const { first, last, steps } = learn(name);
    const learned = last < first / 5;
    if (!learned) process.exitCode = 1;
    const seconds = ((Date.now() - start) / 1000).toFixed(1);
    const verdict = learned ? "learned" : "NOT LEARNED";
    console.log(
      `${name.padEnd(width)}  ${verdict}  loss ${first.toFixed(3)} to ${last.toFixed(3)} in ${steps} steps, ${seconds} s`,
    );
    // A model fills much of the heap, and what is free is in pieces after it.
    await engine.start();
  }
  await engine.stop();
}

void main(process.argv.slice(2));
