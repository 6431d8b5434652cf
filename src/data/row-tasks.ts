/**
 * Three tasks on rows of coloured places, each made for one of the position terms of position-sensitive attention
 * (Axial-DeepLab, eq. 3): the query's, the key's, the value's. Every place must answer.
 *
 * B rows, L places, C channels: four colours, then one for each arrow from -reach to reach.
 */
import { assertPositiveIntegers } from "../core/checks.js";
import { ConfigError } from "../core/errors.js";
import { assertKnownKeys, shown, type KeysOf } from "../core/options.js";
import { permutation, randomOf, type Random } from "../core/random.js";

/** What a place shows, as indices into its channels, and its answer; -1 where it is not asked. */
interface RowPlace {
  readonly shows: readonly number[];
  readonly answer: number;
}

type Draw = (random: Random, length: number, reach: number) => RowPlace[];

const colours = 4;
const arrow = (offset: number, reach: number): number => colours + reach + offset;

const draws = {
  /** Each place has an arrow to its left or right neighbour and must name that neighbour's colour. */
  "left or right": (random, length, reach) => {
    const places = Array.from({ length }, () => ({
      colour: random.integer(colours),
      step: random.chance(0.5) ? 1 : -1,
    }));
    return places.map(({ colour, step }, o) => ({
      shows: [colour, arrow(step, reach)],
      answer: places[o + step]?.colour ?? -1,
    }));
  },
  /** Each place has an arrow to some place, and each is pointed at once: it must name the colour of who points at it. */
  "who points at me": (random, length, reach) => {
    const targets = [...permutation(length, random)];
    const shownColours = targets.map(() => random.integer(colours));
    return targets.map((target, o) => ({
      shows: [shownColours[o], arrow(target - o, reach)],
      answer: shownColours[targets.indexOf(o)],
    }));
  },
  /** Each colour stands there twice; a place must name the offset to its twin, counted from -reach. */
  "where is my twin": (random, length, reach) => {
    const shownColours = Array.from(permutation(length, random), (i) => i >> 1);
    return shownColours.map((colour, o) => ({
      shows: [colour],
      answer: shownColours.findIndex((other, p) => p !== o && other === colour) - o + reach,
    }));
  },
} satisfies Record<string, Draw>;

/** A task on rows. */
export type RowTaskName = keyof typeof draws;

/** The names of the tasks on rows, in the order of the terms that they are made for: query, key, value. */
export const rowTasks = Object.keys(draws) as readonly RowTaskName[];

/** How many rows `rowTask` draws, and how long they are. */
export interface RowTaskOptions {
  /** B. */
  readonly rows: number;
  /** L; of "where is my twin" 8 or less and even. Default 8. */
  readonly length?: number;
  /** The furthest that an arrow or an answer goes. Default `length - 1`, which "left or right" may choose otherwise. */
  readonly reach?: number;
  /** The same seed gives the same rows. */
  readonly seed: number;
}

const keys: KeysOf<RowTaskOptions> = { rows: true, length: true, reach: true, seed: true };

/** Rows and what their places are to answer. */
export interface RowBatch {
  /** [B, 1, L, C], zeros and ones. */
  readonly shown: Float32Array;
  readonly shape: readonly [rows: number, height: 1, length: number, channels: number];
  /** [B, 1, L]: an index into colours, or into the offsets from -reach to reach; -1 where nothing is asked. */
  readonly answers: Int32Array;
}

/**
 * Rows of a task, drawn at random.
 *
 *     const { shown, shape, answers } = rowTask("left or right", { rows: 64, seed: 1 });
 *     shape                                           // [64, 1, 8, 19]: four colours and 15 arrows
 *
 * @throws ConfigError for a task, a length or a reach that there is not.
 */
export function rowTask(task: RowTaskName, options: RowTaskOptions): RowBatch {
  assertKnownKeys("rowTask", options, keys);
  const { rows, length = 8, reach = length - 1, seed } = options;
  assertPositiveIntegers("rowTask", { rows, length, reach });
  if (!rowTasks.includes(task))
    throw new ConfigError(`rowTask: the task must be known, got ${shown(task)}; use ${rowTasks.join(", ")}`);
  if (task !== "left or right" && reach < length - 1)
    throw new ConfigError(`rowTask: reach must be length - 1 at least, got ${reach} for ${length}; leave it out`);
  if (task === "where is my twin" && (length % 2 === 1 || length > 2 * colours))
    throw new ConfigError(
      `rowTask: each of ${colours} colours stands in a row twice at most, got length ${length}; use ${2 * colours}`,
    );
  const random = randomOf(seed);
  const draw: Draw = draws[task];
  const places = Array.from({ length: rows }, () => draw(random, length, reach)).flat();
  const channels = colours + 2 * reach + 1;
  const values = new Float32Array(places.length * channels);
  places.forEach((place, i) => place.shows.forEach((channel) => (values[i * channels + channel] = 1)));
  const answers = Int32Array.from(places, ({ answer }) => answer);
  return { shown: values, shape: [rows, 1, length, channels], answers };
}
