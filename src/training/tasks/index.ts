/** The tasks of this room by their kind. */
import { ConfigError } from "../../core/errors.js";
import type { Task, TaskConfig } from "../task.js";
import { classification } from "./classification.js";
import { semanticSegmentation } from "./semantic-segmentation.js";

const tasks = { classification, "semantic-segmentation": semanticSegmentation };

/** A kind that `createTask` knows. */
export type TaskKind = keyof typeof tasks;

/** The kinds of tasks that `createTask` makes. */
export const taskKinds = Object.keys(tasks) as TaskKind[];

/**
 * The task of a configuration; a kind alone stands for its defaults.
 *
 * @throws ConfigError for a kind that there is not, and for options that its task has not
 */
export function createTask(config: TaskConfig | TaskKind): Task {
  const { kind, ...options } = typeof config === "string" ? { kind: config } : config;
  if (Object.hasOwn(tasks, kind)) return tasks[kind as TaskKind](options);
  throw new ConfigError(
    `task: kind must be one of ${taskKinds.join(", ")}, got ${JSON.stringify(kind)}; give any other as an object`,
  );
}
