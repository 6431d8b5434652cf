/** Weights to start from: those of a published model or of an earlier run, with another number of classes perhaps. */
import type * as tf from "@tensorflow/tfjs";
import { FileError } from "../core/errors.js";
import { load, type LoadReport } from "../weights/index.js";

/**
 * Puts the weights of a file (whatever `weights.load` reads) into a new model. Those that depend on the number of classes
 * alone may have another size in the file: they stay as they were drawn, and are returned by name. Everything else must fit.
 */
export async function loadInitialWeights(model: tf.LayersModel, path: string, classes: number): Promise<string[]> {
  const { missing, misshapen } = await load(model, path, { strict: false });
  const [wrong, fresh] = [misshapen.filter((one) => !isOfClasses(one, classes)), misshapen];
  if (missing.length === 0 && wrong.length === 0) return fresh.map(({ name }) => name);
  const examples = [
    ...missing.map((name) => `no ${name}`),
    ...wrong.map(({ name, expected, got }) => `${name} [${got.join(", ")}] for [${expected.join(", ")}]`),
  ];
  throw new FileError(
    `train: init must fit the model but for its classes, got ${path} with ${examples.slice(0, 3).join(", ")}` +
      `${examples.length > 3 ? ` and ${examples.length - 3} more` : ""}; give weights of the same network`,
  );
}

/** Whether the two shapes differ in one axis alone, which is as long as there are classes. */
function isOfClasses({ expected, got }: LoadReport["misshapen"][number], classes: number): boolean {
  if (expected.length !== got.length) return false;
  const differing = expected.flatMap((length, axis) => (length === got[axis] ? [] : [length]));
  return differing.length === 1 && differing[0] === classes;
}
