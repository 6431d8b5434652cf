/**
 * Puts our counterpart of a published class through a stored case: the same weights and input, one pass in training
 * mode with gradients, one in evaluation mode; then every stored tensor is compared.
 */
import * as tf from "@tensorflow/tfjs";
import { fromForeign, toForeign } from "../weights/correspondence.js";
import { axialSubjects } from "./axial-subjects.js";
import type { ReferenceCase } from "./case.js";
import type { Values } from "./values.js";
import { compareAll } from "./compare.js";
import { failure, judge, type CaseReport } from "./report.js";
import type { Subject, SubjectBuilder } from "./subject.js";
import { transformerSubjects } from "./transformer-subjects.js";

/** Counterparts by `repository class`. */
const subjects: Readonly<Record<string, SubjectBuilder>> = { ...axialSubjects, ...transformerSubjects };

/** Why an original is not imitated; null where it is. A bottleneck with its convolution is a bottleneck like any other. */
function refused({ repository, className, args }: ReferenceCase): string | null {
  if (repository !== "MartinGer/Stand-Alone-Self-Attention-in-Vision-Models") return null;
  const instead = "tested against equation 2 instead";
  if (className === "SASA_Layer")
    return `differs from its own paper (channels reshaped, not transposed; position term not a dot product); ${instead}`;
  if (className === "Bottleneck (SASA)" && args.attention !== false)
    return `contains SASA_Layer, which differs from its own paper; ${instead}`;
  return null;
}

/** Verifies one case on the current engine. Leaves no tensor behind. */
export async function verifyCase(reference: ReferenceCase): Promise<CaseReport> {
  const key = `${reference.repository} ${reference.className}`;
  const build = Object.hasOwn(subjects, key) ? subjects[key] : undefined;
  if (build === undefined || refused(reference) !== null) {
    const reason = refused(reference) ?? `no counterpart of ${key}`;
    return { case: reference.name, verdict: "skipped", reason, comparisons: [], worst: null };
  }
  let subject: Subject | null = null;
  try {
    subject = build(reference);
    load(subject, reference.parameters);
    const ours = new Map([...(await train(subject, reference)), ...(await evaluate(subject, reference))]);
    const comparisons = compareAll(reference.expected, ours, (tensor) => reference.limitOf(tensor));
    return judge(reference.name, comparisons);
  } catch (error) {
    return failure(reference.name, error);
  } finally {
    subject?.dispose();
  }
}

/** Sets our weights to the foreign tensors that are given, and leaves the others as they are. */
function load(subject: Subject, tensors: ReadonlyMap<string, Values>): void {
  const weights = new Map(subject.weights.map((weight) => [weight.originalName, weight]));
  const changed = new Map<string, Float32Array>();
  const numbersOf = (name: string): Float32Array => {
    const numbers = changed.get(name) ?? (weights.get(name)!.read().dataSync().slice() as Float32Array);
    changed.set(name, numbers);
    return numbers;
  };
  for (const link of subject.links) {
    const values = tensors.get(link.name);
    if (values !== undefined) fromForeign(link, values.data, numbersOf);
  }
  for (const [name, numbers] of changed) {
    const weight = weights.get(name)!;
    tf.tidy(() => void weight.write(tf.tensor(numbers, weight.shape as number[])));
  }
}

/** Results by the names that the cases use. */
type Results = Map<string, ArrayLike<number>>;

async function train(subject: Subject, { input, cotangent }: ReferenceCase): Promise<Results> {
  const results: Results = new Map();
  // A variable outlives the tidy, the tensor that it starts from does not.
  const x = tf.tidy(() => tf.variable(tf.tensor(input.data, [...input.shape])));
  const c = tf.tensor(cotangent.data, [...cotangent.shape]);
  const trainable = subject.weights.filter((weight) => weight.trainable).map((weight) => weight.read() as tf.Variable);
  const stopWatching = watchAttention(subject, true);
  const seen: tf.NamedTensorMap = {};
  const { value, grads } = tf.variableGrads(() => {
    const { output, activations } = subject.apply(x, { training: true });
    seen["output.train"] = tf.keep(output.clone());
    for (const [name, map] of Object.entries(activations)) seen[`activation.train.${name}`] = tf.keep(map.clone());
    return output.mul(c).sum();
  }, [x, ...trainable]);
  for (const [name, weights] of stopWatching()) results.set(name, weights);
  for (const [name, tensor] of Object.entries(seen)) results.set(name, await tensor.data());

  const gradients = new Map<string, ArrayLike<number>>();
  for (const weight of subject.weights) {
    const gradient = grads[weight.name] as tf.Tensor | undefined;
    // The shift of the similarity norm is unused, because softmax undoes it: its gradient is zero.
    gradients.set(weight.originalName, gradient === undefined ? zeros(weight) : await gradient.data());
  }
  results.set("grad.input", await grads[x.name].data());
  const running = new Map<string, ArrayLike<number>>();
  for (const weight of subject.weights) running.set(weight.originalName, await weight.read().data());
  for (const link of subject.links) {
    results.set(
      `grad.param.${link.name}`,
      toForeign(link, (weight) => gradients.get(weight)!),
    );
    results.set(
      `buffer_after.${link.name}`,
      toForeign(link, (weight) => running.get(weight)!),
    );
  }
  tf.dispose([value, grads, c, x, seen]);
  return results;
}

async function evaluate(subject: Subject, { input, evaluationBuffers }: ReferenceCase): Promise<Results> {
  load(subject, evaluationBuffers);
  const results: Results = new Map();
  const stopWatching = watchAttention(subject, false);
  const x = tf.tensor(input.data, [...input.shape]);
  const { output, ...activations }: { output: tf.Tensor; [stage: string]: tf.Tensor } = tf.tidy(() => {
    const { output, activations } = subject.apply(x, { training: false });
    return { output, ...activations };
  });
  for (const [name, weights] of stopWatching()) results.set(name, weights);
  results.set("output.eval", await output.data());
  for (const [name, map] of Object.entries(activations)) results.set(`activation.eval.${name}`, await map.data());
  tf.dispose([x, output, activations]);
  return results;
}

const zeros = (weight: tf.LayerVariable) =>
  new Float32Array((weight.shape as number[]).reduce((count, size) => count * size, 1));

/** Notes what the attention layers are given; the returned function stops that and computes their weights. */
function watchAttention(subject: Subject, training: boolean): () => Results {
  const inputs = new Map<string, tf.Tensor4D>();
  for (const [path, layer] of subject.attention)
    layer.setCallHook((x) => void inputs.set(path, tf.keep((Array.isArray(x) ? x[0] : x).clone()) as tf.Tensor4D));
  return () => {
    const results: Results = new Map();
    for (const [path, layer] of subject.attention) {
      layer.clearCallHook();
      const x = inputs.get(path)!;
      const name = training ? "attention" : "attention_eval";
      const weights = tf.tidy(() => layer.attentionWeights(x, { training }).dataSync());
      results.set(path === "" ? name : `${name}.${path}`, weights);
      x.dispose();
    }
    return results;
  };
}
