/** The check of a configuration that `models.create` builds, before anything is built or downloaded. */
import { configuration, summarize, type ModelOptions, type ResNetConfig } from "../../models/index.js";

/** Throws `ConfigError` where there is no model of this name, or the configuration makes no sense. */
export function assertConfig(model: string | ResNetConfig, options: ModelOptions): void {
  summarize(typeof model === "string" ? configuration(model) : model, options);
}
