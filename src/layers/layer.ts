/** What the layers of this library have in common: how weights are added, and how training mode is told. */
import * as tf from "@tensorflow/tfjs";
import { ConfigError } from "../core/errors.js";
import { assertKnownKeys, assertObject, type KeysOf } from "../core/options.js";
import { noteBackend } from "../engine/verified.js";

/** `name`, `trainable`, `inputShape` and the other arguments that every layer of TensorFlow.js takes. */
export type LayerArgs = NonNullable<ConstructorParameters<typeof tf.layers.Layer>[0]>;

/** What `layer.apply(x, options)` hands to `call`: `training` chooses batch or running statistics. Default false. */
export interface CallOptions {
  training?: boolean;
}

export type Initializer = ReturnType<typeof tf.initializers.zeros>;

/** Adds one float32 weight to a layer. */
export type AddWeight = (
  name: string,
  shape: readonly number[],
  initializer: Initializer,
  trainable: boolean,
) => tf.LayerVariable;

const layerKeys: KeysOf<LayerArgs> = {
  name: true,
  trainable: true,
  inputShape: true,
  batchInputShape: true,
  batchSize: true,
  dtype: true,
  inputDType: true,
  weights: true,
};

/** The keys of a layer's arguments but for those that every layer has. */
export type OwnKeys<Args extends LayerArgs> = KeysOf<Omit<Args, keyof LayerArgs>>;

/** @throws ConfigError when an argument has a name that is neither every layer's nor among `keys` */
export function assertArgs(where: string, args: LayerArgs, keys: KeysOf<object>): void {
  assertKnownKeys<LayerArgs>(where, args, { ...keys, ...layerKeys });
}

export abstract class Layer extends tf.layers.Layer {
  /** Begins every error message: the class and the name of the layer. */
  protected readonly where: string;

  /** @throws ConfigError when an argument has a name that is neither every layer's nor among `keys` */
  protected constructor(args: LayerArgs, keys: KeysOf<object>) {
    // Said before TensorFlow.js reads them.
    const { className } = new.target as unknown as { readonly className: string };
    assertObject(className, args, "the options", `{ ${Object.keys(keys).slice(0, 3).join(", ")}, ... }`);
    super(args);
    this.where = `${this.getClassName()} ${this.name}`;
    assertArgs(this.where, args, keys);
  }

  /** TensorFlow.js adds `customObjects` to what was saved, which is no argument of the layer. */
  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    const args = { ...config };
    delete args.customObjects;
    return new cls(args);
  }

  /** As TensorFlow.js's; says once where the backend is slow or not verified, and refuses where it is wrong. */
  override apply(...[inputs, options]: Parameters<tf.layers.Layer["apply"]>): ReturnType<tf.layers.Layer["apply"]> {
    if ([inputs].flat()[0] instanceof tf.Tensor) noteBackend(this.where);
    return super.apply(inputs, options);
  }

  /** @throws ConfigError when the layer has no weights yet */
  protected assertBuilt(): void {
    if (!this.built)
      throw new ConfigError(`${this.where}: it has no weights yet, got an input to look at; apply the layer first`);
  }

  protected readonly add: AddWeight = (name, shape, initializer, trainable) =>
    this.addWeight(name, [...shape], "float32", initializer, undefined, trainable);

  /** The arguments as `getConfig` returns them: plain data from which `fromConfig` builds the same layer. */
  protected configOf(args: LayerArgs): tf.serialization.ConfigDict {
    const own = Object.entries(args).filter(([name, value]) => value !== undefined && !savedElsewhere.has(name));
    return { ...Object.fromEntries<tf.serialization.ConfigDictValue>(own), ...super.getConfig() };
  }
}

/** Arguments that the base class saves under another name, and initial values, which are saved as weights. */
const savedElsewhere = new Set(["weights", "inputShape", "batchSize", "inputDType"]);

/** The one shape of a layer with one input, whichever way TensorFlow.js hands it over. */
export function singleShape(shape: tf.Shape | tf.Shape[]): tf.Shape {
  return Array.isArray(shape[0]) ? shape[0] : (shape as tf.Shape);
}

/** The one tensor of a layer with one input. */
export function singleTensor(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
  return Array.isArray(inputs) ? inputs[0] : inputs;
}

/** The size of the last axis, which must be known when a layer is built. */
export function channelsOf(shape: tf.Shape): number | null {
  return shape[shape.length - 1] ?? null;
}
