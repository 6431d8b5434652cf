/** A trained model from its checkpoint. */
import type * as tf from "@tensorflow/tfjs";
import { ConfigError } from "../core/errors.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";
import { checkpointPath, readCheckpoint } from "./checkpoint.js";
import type { TrainConfig } from "./config.js";
import type { Task, TaskConfig } from "./task.js";
import { createTask } from "./tasks/index.js";
import { namedWeights, restoreVariables } from "./weights.js";

/** Which weights of a checkpoint become the model's, and into which model. */
export interface RestoreOptions {
  /** Puts the weights into this model: needed where the run trained one that its caller had built. Default: it is built as the run says. */
  model?: tf.LayersModel;
  /** Makes the run's task, where it is none of this room. Default: `createTask`. */
  createTask?: (config: TaskConfig) => Task;
  /** `validated` (default): those that validation measured, averaged where the run averages. `raw`: the weights as such. */
  weights?: "validated" | "raw";
}

const keys: KeysOf<RestoreOptions> = { model: true, createTask: true, weights: true };

/** A checkpoint's model, ready to predict, and how it was trained. */
export interface Restored {
  model: tf.LayersModel;
  config: TrainConfig;
  /** What it was trained for: what `evaluate` takes. */
  task: Task;
  /** The score after each epoch, higher is better. */
  scores: readonly number[];
}

/**
 * The model of a checkpoint (or of `last.safetensors` in a folder), ready to predict:
 *
 *     const { model, config } = await restore("runs/quick-start/best.safetensors");
 *
 * @throws FileError where the file is missing, foreign or corrupt, or its weights are of another model
 * @throws ConfigError for an option that there is not, and where the caller had built the model and does not give one
 * @throws AxialError for a model in which two weights have one name
 */
export async function restore(path: string, options: RestoreOptions = {}): Promise<Restored> {
  assertKnownKeys("restore", options, keys);
  const { model: given, createTask: taskOf = createTask, weights: which = "validated" } = options;
  const { config, state, model: raw, average } = await readCheckpoint(path);
  if (given === undefined && config.model === null) {
    throw new ConfigError("restore: the run trained a model that its caller built, got none; give it as model");
  }
  const task = taskOf(config.task);
  const classes = config.data.classes.length;
  const model = given ?? task.create(config.model ?? "", { classes, size: config.size.to });
  const variables = new Map(namedWeights(model).map(({ name, variable }) => [name, variable]));
  restoreVariables(variables, which === "validated" && average.size > 0 ? average : raw, checkpointPath(path));
  return { model, config, task, scores: state.scores };
}
