/**
 * Optimisers over plain variables, with state that can be saved. Symbols: w weight, g gradient, m and v running
 * means of g and g^2, h learning rate, l weight decay, t step from 1. Each rule is written once, below, for one weight:
 * what changes from step to step are a few numbers, worked out in double precision outside of the tensors.
 */
import * as tf from "@tensorflow/tfjs";
import {
  fusedMomentUpdate,
  fusedMomentumUpdate,
  fusedMoveTowards,
  type MomentNumbers,
  type MomentumNumbers,
  type MomentumUpdate,
  type MomentUpdate,
} from "../engine/ops/optimizer-update.js";
import { ConfigError } from "../core/errors.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";
import { updateByOrthogonalMomentum } from "./muon.js";

interface DecayConfig {
  /** l. Default 0. */
  weightDecay?: number;
  /**
   * Where the decay enters. `decoupled`: w loses h l w beside the rule's own update (Loshchilov and Hutter,
   * arXiv 1711.05101). `l2`: l w is added to the gradient. Default: `l2` for sgd and adam, else `decoupled`.
   */
  decay?: "decoupled" | "l2";
}

/** m = b m + g; w -= h (g + b m) with Nesterov's look ahead, else h m. As in PyTorch. */
export interface SgdConfig extends DecayConfig {
  kind: "sgd";
  /** b. Default 0.9. */
  momentum?: number;
  /** Default true. */
  nesterov?: boolean;
}

interface MomentConfig extends DecayConfig {
  /** b1, of m. Default 0.9; ranger 0.95. */
  beta1?: number;
  /** b2, of v. Default 0.999; ranger 0.99. */
  beta2?: number;
  /** e. Default 1e-8; ranger 1e-6. */
  epsilon?: number;
}

/** w -= h m' / (sqrt(v') + e), m' = m / (1 - b1^t), v' = v / (1 - b2^t) (Kingma and Ba, arXiv 1412.6980). */
export interface AdamConfig extends MomentConfig {
  /** They differ in where the weight decay enters. */
  kind: "adam" | "adamw";
}

/** Adam whose step is rectified while v' rests on few gradients (Liu et al., arXiv 1908.03265). As in PyTorch. */
export interface RadamConfig extends MomentConfig {
  kind: "radam";
}

/**
 * RAdam with Lookahead: every `every` steps slow weights move by the share `blend` towards the fast ones, which start
 * again from there (Zhang et al., arXiv 1907.08610). Defaults are those of the Imagenette leaderboard's recipes.
 */
export interface RangerConfig extends MomentConfig {
  kind: "ranger";
  /** Default 6. */
  every?: number;
  /** Default 0.5. */
  blend?: number;
}

/**
 * Orthogonalised momentum for the kernels of hidden layers, AdamW for everything else: biases, norms, tables of positions and
 * the layers that give the outputs (Jordan et al., kellerjordan.github.io/posts/muon). Steps have the size of AdamW's, so that
 * one learning rate and one decay serve both (Liu et al., arXiv 2502.16982, section 2.2).
 */
export interface MuonConfig extends MomentConfig {
  kind: "muon";
  /** Of the matrices; `beta1` is that of the rest. Default 0.95. */
  momentum?: number;
  /** Default true. */
  nesterov?: boolean;
  /** Iterations that orthogonalise. Default 5. */
  newtonSchulzSteps?: number;
  /** The learning rate of what AdamW moves, as a multiple of that of the matrices. Default 1. */
  restRate?: number;
}

/** An optimiser as plain JSON; what is left out has a default. */
export type OptimizerConfig = SgdConfig | AdamConfig | RadamConfig | RangerConfig | MuonConfig;

/** A configuration with nothing left to defaults. */
export type ResolvedOptimizer =
  Required<SgdConfig> | Required<AdamConfig> | Required<RadamConfig> | Required<RangerConfig> | Required<MuonConfig>;

/** The kinds of optimisers. */
export const optimizerKinds = ["sgd", "adam", "adamw", "radam", "ranger", "muon"] as const;

/** A weight to be trained. */
export interface Parameter {
  readonly name: string;
  readonly variable: tf.Variable;
  /** Whether weight decay applies to it. */
  readonly decays: boolean;
  /** Whether it is a matrix, or the filters of a convolution, between hidden features: what muon orthogonalises. Default false. */
  readonly hidden?: boolean;
}

/** How far one step of an optimiser goes. */
export interface StepOptions {
  /** h. */
  learningRate: number;
  /** Multiplies the gradients first: how clipping by the global norm comes in. Default 1. */
  gradientScale?: number;
}

/** Changes weights by their gradients, a step at a time. */
export interface Optimizer {
  /** Updates every parameter from its gradient, in order; null leaves one as it is. Gradients stay the caller's. */
  step(gradients: readonly (tf.Tensor | null)[], options: StepOptions): void;
  /** Everything but the weights that the next step depends on: tensors by name, and the steps taken. */
  readonly state: ReadonlyMap<string, tf.Variable>;
  steps: number;
  dispose(): void;
}

const decayKeys: KeysOf<DecayConfig> = { weightDecay: true, decay: true };
const momentKeys: KeysOf<MomentConfig> = { beta1: true, beta2: true, epsilon: true, ...decayKeys };
const adamKeys: KeysOf<AdamConfig> = { kind: true, ...momentKeys };
const sgdKeys: KeysOf<SgdConfig> = { kind: true, momentum: true, nesterov: true, ...decayKeys };
const rangerKeys: KeysOf<RangerConfig> = { kind: true, every: true, blend: true, ...momentKeys };
const muonKeys: KeysOf<MuonConfig> = {
  kind: true,
  momentum: true,
  nesterov: true,
  newtonSchulzSteps: true,
  restRate: true,
  ...momentKeys,
};
const keysOfKind = {
  sgd: sgdKeys,
  adam: adamKeys,
  adamw: adamKeys,
  radam: adamKeys,
  ranger: rangerKeys,
  muon: muonKeys,
};

/**
 * Fills in the defaults.
 *
 * @throws ConfigError for a kind or an option that there is not, and where a value is out of its range
 */
export function resolveOptimizer(config: OptimizerConfig): ResolvedOptimizer {
  if (!optimizerKinds.includes(config.kind)) {
    throw new ConfigError(
      `optimizer: kind must be the name of one, got ${JSON.stringify(config.kind)}; use ${optimizerKinds.join(", ")}`,
    );
  }
  assertKnownKeys<object>(`optimizer ${config.kind}`, config, keysOfKind[config.kind]);
  const weightDecay = within("weightDecay", config.weightDecay ?? 0, 0, Infinity);
  const decay = config.decay ?? (config.kind === "sgd" || config.kind === "adam" ? "l2" : "decoupled");
  if (config.kind === "sgd") {
    const momentum = within("momentum", config.momentum ?? 0.9, 0, 1);
    return { kind: "sgd", momentum, nesterov: config.nesterov ?? true, weightDecay, decay };
  }
  const ranger = config.kind === "ranger";
  const moments = {
    beta1: within("beta1", config.beta1 ?? (ranger ? 0.95 : 0.9), 0, 1),
    beta2: within("beta2", config.beta2 ?? (ranger ? 0.99 : 0.999), 0, 1),
    epsilon: within("epsilon", config.epsilon ?? (ranger ? 1e-6 : 1e-8), 0, 1),
    weightDecay,
    decay,
  };
  if (config.kind === "muon") {
    return {
      kind: "muon",
      ...moments,
      momentum: within("momentum", config.momentum ?? 0.95, 0, 1),
      nesterov: config.nesterov ?? true,
      newtonSchulzSteps: whole("newtonSchulzSteps", config.newtonSchulzSteps ?? 5, 1),
      restRate: within("restRate", config.restRate ?? 1, 0, Infinity),
    };
  }
  if (config.kind !== "ranger") return { kind: config.kind, ...moments };
  const every = within("every", config.every ?? 6, 1, Infinity);
  return { kind: "ranger", ...moments, every, blend: within("blend", config.blend ?? 0.5, 0, 1) };
}

/**
 * An optimiser of these parameters. Its state starts at zero; Lookahead's slow weights at the weights.
 *
 * @throws ConfigError for a kind or an option that there is not, and where a value is out of its range
 */
export function createOptimizer(config: OptimizerConfig, parameters: readonly Parameter[]): Optimizer {
  const resolved = resolveOptimizer(config);
  return resolved.kind === "muon" ? muonAndAdam(resolved, parameters) : ofOneRule(resolved, parameters);
}

/** Every weight by the same rule. */
function ofOneRule(
  resolved: Exclude<ResolvedOptimizer, Required<MuonConfig>>,
  parameters: readonly Parameter[],
): Optimizer {
  const state = new Map<string, tf.Variable>();
  const slot = (name: string, initial: (variable: tf.Variable) => tf.Tensor): tf.Variable[] =>
    parameters.map((parameter) => {
      const variable = ownVariable(() => initial(parameter.variable));
      state.set(`${name}/${parameter.name}`, variable);
      return variable;
    });
  const zeros = (variable: tf.Variable) => tf.zeros(variable.shape);
  const first = slot("mean", zeros);
  const second = resolved.kind === "sgd" ? [] : slot("square", zeros);
  const slow = resolved.kind === "ranger" ? slot("slow", copy) : [];

  return {
    state,
    steps: 0,
    step(gradients, { learningRate, gradientScale = 1 }) {
      this.steps++;
      const updates = parameters.flatMap(({ variable: weight, decays }, i) => {
        const gradient = gradients[i];
        if (!gradient) return [];
        return [{ weight, gradient, mean: first[i], square: second[i], ...decayOf(resolved, decays, learningRate) }];
      });
      if (resolved.kind === "sgd") {
        const { momentum, nesterov } = resolved;
        updateByMomentum(updates, { gradientScale, momentum, nesterov, rate: learningRate });
        return;
      }
      updateByMoments(updates, { gradientScale, ...momentNumbers(resolved, this.steps, learningRate) });
      if (resolved.kind === "ranger" && this.steps % resolved.every === 0) {
        moveTowards(
          parameters.map(({ variable: source }, i) => ({ target: slow[i], source })),
          resolved.blend,
        );
        // Copies: an update in place of one must not change the other.
        tf.tidy(() => parameters.forEach(({ variable }, i) => variable.assign(copy(slow[i]))));
      }
    },
    dispose: () => state.forEach((variable) => variable.dispose()),
  };
}

/** Hidden matrices by orthogonalised momentum, the others by AdamW. */
function muonAndAdam(config: Required<MuonConfig>, parameters: readonly Parameter[]): Optimizer {
  const { momentum, nesterov, newtonSchulzSteps, restRate, beta1, beta2, epsilon, weightDecay, decay } = config;
  const isMatrix = ({ hidden = false, variable }: Parameter): boolean => hidden && variable.rank > 1;
  const rest = ofOneRule(
    { kind: "adamw", beta1, beta2, epsilon, weightDecay, decay },
    parameters.filter((parameter) => !isMatrix(parameter)),
  );
  const means = parameters.map((parameter) =>
    isMatrix(parameter) ? ownVariable(() => tf.zeros(parameter.variable.shape)) : null,
  );
  const ofMatrices = parameters.flatMap(({ name }, i) => {
    const mean = means[i];
    return mean === null ? [] : [[`momentum/${name}`, mean] as const];
  });
  const state = new Map([...ofMatrices, ...rest.state]);
  return {
    state,
    get steps() {
      return rest.steps;
    },
    set steps(steps) {
      rest.steps = steps;
    },
    step(gradients, { learningRate, gradientScale = 1 }) {
      rest.step(
        gradients.filter((_, i) => means[i] === null),
        { learningRate: learningRate * restRate, gradientScale },
      );
      const updates = parameters.flatMap(({ variable: weight, decays }, i) => {
        const [gradient, mean] = [gradients[i], means[i]];
        if (!gradient || !mean) return [];
        return [{ weight, gradient, mean, ...decayOf(config, decays, learningRate) }];
      });
      updateByOrthogonalMomentum(updates, {
        ...{ gradientScale, momentum, nesterov, newtonSchulzSteps },
        rate: learningRate,
      });
    },
    dispose: () => state.forEach((variable) => variable.dispose()),
  };
}

/** Times the weight: what is added to its gradient, and what is taken from it beside the update. */
function decayOf({ weightDecay, decay }: Required<DecayConfig>, decays: boolean, learningRate: number) {
  const own = decays ? weightDecay : 0;
  return { addedDecay: decay === "l2" ? own : 0, shrink: decay === "decoupled" ? learningRate * own : 0 };
}

/** The numbers of step t with which Adam and RAdam are one rule: w -= rate m / (root sqrt(v) + epsilon). */
export function momentNumbers(
  config: Exclude<ResolvedOptimizer, { kind: "sgd" | "muon" }>,
  t: number,
  learningRate: number,
): Omit<MomentNumbers, "gradientScale"> {
  const { beta1, beta2, epsilon } = config;
  const rate = learningRate / (1 - beta1 ** t);
  const secondBias = 1 - beta2 ** t;
  if (config.kind === "adam" || config.kind === "adamw") {
    return { beta1, beta2, rate, root: 1 / Math.sqrt(secondBias), epsilon };
  }
  const longest = 2 / (1 - beta2) - 1;
  const length = longest - (2 * t * beta2 ** t) / secondBias;
  // Up to here v is too uncertain to divide by: plain momentum.
  if (length <= 5) return { beta1, beta2, rate, root: 0, epsilon: 1 };
  const rectification = Math.sqrt(((length - 4) * (length - 2) * longest) / ((longest - 4) * (longest - 2) * length));
  return { beta1, beta2, rate: rate * rectification * Math.sqrt(secondBias), root: 1, epsilon };
}

function updateByMoments(updates: readonly MomentUpdate[], numbers: MomentNumbers): void {
  if (fusedMomentUpdate(updates, numbers)) return;
  const { beta1, beta2, rate, root, epsilon } = numbers;
  for (const update of updates) {
    const { weight, mean, square, shrink } = update;
    tf.tidy(() => {
      const g = scaledGradient(update, numbers);
      const m = mean.mul(beta1).add(g.mul(1 - beta1));
      const v = square.mul(beta2).add(g.mul(g).mul(1 - beta2));
      mean.assign(m);
      square.assign(v);
      weight.assign(weight.sub(weight.mul(shrink).add(m.mul(rate).div(v.sqrt().mul(root).add(epsilon)))));
    });
  }
}

function updateByMomentum(updates: readonly MomentumUpdate[], numbers: MomentumNumbers): void {
  if (fusedMomentumUpdate(updates, numbers)) return;
  const { momentum, rate, nesterov } = numbers;
  for (const update of updates) {
    const { weight, mean, shrink } = update;
    tf.tidy(() => {
      const g = scaledGradient(update, numbers);
      const m = mean.mul(momentum).add(g);
      mean.assign(m);
      weight.assign(weight.sub(weight.mul(shrink).add((nesterov ? g.add(m.mul(momentum)) : m).mul(rate))));
    });
  }
}

const scaledGradient = ({ weight, gradient, addedDecay }: MomentumUpdate, numbers: { gradientScale: number }) =>
  gradient.mul(numbers.gradientScale).add(weight.mul(addedDecay));

/** target += share (source - target), for each pair. */
export function moveTowards(pairs: readonly { target: tf.Variable; source: tf.Tensor }[], share: number): void {
  if (fusedMoveTowards(pairs, share)) return;
  for (const { target, source } of pairs) {
    tf.tidy(() => target.assign(target.add(source.sub(target).mul(share))));
  }
}

/** A factor, at most 1, that brings the gradients' global norm down to `maximum`; and that norm. */
export async function clipScale(
  gradients: readonly (tf.Tensor | null)[],
  maximum: number,
): Promise<{ scale: number; norm: number }> {
  const squared = tf.tidy(() =>
    tf.addN(gradients.flatMap((gradient) => (gradient === null ? [] : [gradient.square().sum()]))),
  );
  const norm = Math.sqrt((await squared.data())[0]);
  squared.dispose();
  return { scale: Math.min(1, maximum / (norm + 1e-6)), norm };
}

/** A variable that shares its memory with nothing. */
export const ownVariable = (make: () => tf.Tensor): tf.Variable => tf.tidy(() => tf.variable(make(), false));

/** The same values in memory of their own; `clone` would share it. */
export const copy = (tensor: tf.Tensor): tf.Tensor => tensor.mul(1);

function whole(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new ConfigError(
    `optimizer: ${name} must be a whole number of at least ${least}, got ${value}; choose another, or leave it out`,
  );
}

function within(name: string, value: number, least: number, most: number): number {
  if (value >= least && value <= most) return value;
  const range = most === Infinity ? `at least ${least}` : `between ${least} and ${most}`;
  throw new ConfigError(`optimizer: ${name} must be ${range}, got ${value}; choose another, or leave it out`);
}
