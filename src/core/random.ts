/**
 * Random numbers that depend on their keys alone (seed, epoch, index ...), so that image i of epoch e is the same whatever
 * was drawn before it and on whichever thread: sfc32 (Chris Doty-Humphrey, PractRand), seeded from a hash of the keys.
 */

export interface Random {
  /** In [0, 1), 32 random bits. */
  uniform(): number;
  /** In [low, high). */
  between(low: number, high: number): number;
  /** In 0 .. count - 1. */
  integer(count: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  /** 32 random bits, unsigned. */
  bits(): number;
}

/** Finaliser of MurmurHash3 (Austin Appleby): every bit of the input changes half of the output's. */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** The source of random numbers of these keys: integers of up to 53 bits each. */
export function randomOf(...keys: readonly number[]): Random {
  let a = 0x9e3779b9 | 0;
  let b = 0x243f6a88 | 0;
  let c = 0xb7e15162 | 0;
  for (const key of keys) {
    // The low and the high half of the integer, so that seeds from Date.now() keep all their bits.
    a = mix(a ^ key);
    b = mix(b ^ a ^ Math.floor(key / 4294967296));
    c = mix(c ^ b);
  }
  let counter = 1;
  const bits = (): number => {
    const sum = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let round = 0; round < 12; round++) bits();
  const uniform = (): number => bits() / 4294967296;
  return {
    bits,
    uniform,
    between: (low, high) => low + (high - low) * uniform(),
    integer: (count) => Math.floor(uniform() * count),
    chance: (probability) => uniform() < probability,
  };
}

/** The numbers 0 .. count - 1 in random order (Fisher-Yates). */
export function permutation(count: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    const held = order[i];
    order[i] = order[j];
    order[j] = held;
  }
  return order;
}

/**
 * The k-th seed that follows from one: of a variable of a layer, of a layer of a model. Different k of one seed give
 * different seeds. Never 0, which TensorFlow.js's normal generator takes for "no seed".
 *
 * @returns undefined where there is no seed: then whoever draws is free to choose
 */
export function derivedSeed(seed: number | undefined, k = 0): number | undefined {
  if (seed === undefined) return undefined;
  // One that no layer or model counts up to from a small seed.
  return seed + k === 0 ? 0x7fffffff : seed + k;
}
