/** Axial attention as loops in float64, written from the equation: what the kernels must equal. */

export interface Problem {
  readonly shape: readonly [outer: number, length: number, inner: number];
  readonly heads: number;
  readonly keyDepth: number;
  readonly valueDepth: number;
  readonly window: { readonly before: number; readonly after: number };
  /** Row-major; a table that is left out is null. */
  readonly values: {
    qkv: Float64Array;
    scales: Float64Array;
    query: Float64Array | null;
    key: Float64Array | null;
    value: Float64Array | null;
  };
}

/** Numbers in (-1, 1) that a seed repeats (a linear congruential generator). */
export function randomNumbers(count: number, seed: number): Float64Array {
  let state = (seed * 2654435761) >>> 0;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    // As float32 and back, so that kernel and loops read the same number.
    return Math.fround(state / 2 ** 31 - 1);
  });
}

export function problem(options: {
  readonly shape: readonly [outer: number, length: number, inner: number];
  readonly heads: number;
  readonly keyDepth: number;
  readonly valueDepth: number;
  readonly tables: { readonly query: boolean; readonly key: boolean; readonly value: boolean };
  readonly window?: Problem["window"];
  readonly seed?: number;
}): Problem {
  const { shape, heads, keyDepth, valueDepth, tables, seed = 1 } = options;
  const [outer, length, inner] = shape;
  const table = (there: boolean, depth: number, salt: number) =>
    there ? randomNumbers((2 * length - 1) * depth, seed + salt) : null;
  return {
    ...{ shape, heads, keyDepth, valueDepth },
    window: options.window ?? { before: length - 1, after: length - 1 },
    values: {
      qkv: randomNumbers(outer * length * inner * heads * (2 * keyDepth + valueDepth), seed),
      scales: randomNumbers(3 * heads, seed + 11).map((value) => value + 1.5),
      query: table(tables.query, keyDepth, 13),
      key: table(tables.key, keyDepth, 17),
      value: table(tables.value, valueDepth, 19),
    },
  };
}

export function naiveAxialAttention(given: Problem): { content: Float64Array; position: Float64Array | null } {
  const { shape, heads, keyDepth, valueDepth, window, values } = given;
  const [outer, length, inner] = shape;
  const channels = 2 * keyDepth + valueDepth;
  const content = new Float64Array(outer * length * inner * heads * valueDepth);
  const position = values.value && new Float64Array(content.length);
  for (let o = 0; o < outer; o++)
    for (let s = 0; s < inner; s++)
      for (let n = 0; n < heads; n++) {
        const place = (i: number): number => ((o * length + i) * inner + s) * heads + n;
        const query = (i: number, d: number): number => values.qkv[place(i) * channels + d];
        const key = (i: number, d: number): number => values.qkv[place(i) * channels + keyDepth + d];
        const value = (i: number, d: number): number => values.qkv[place(i) * channels + 2 * keyDepth + d];
        for (let i = 0; i < length; i++) {
          const first = Math.max(0, i - window.before);
          const last = Math.min(length - 1, i + window.after);
          const logits: number[] = [];
          for (let j = first; j <= last; j++) {
            const row = j - i + length - 1;
            const terms = [0, 0, 0];
            for (let d = 0; d < keyDepth; d++) {
              terms[0] += query(i, d) * key(j, d);
              if (values.query) terms[1] += query(i, d) * values.query[row * keyDepth + d];
              if (values.key) terms[2] += key(j, d) * values.key[row * keyDepth + d];
            }
            logits.push(terms.reduce((sum, term, index) => sum + term * values.scales[index * heads + n], 0));
          }
          const greatest = Math.max(...logits);
          const exponentials = logits.map((logit) => Math.exp(logit - greatest));
          const total = exponentials.reduce((sum, exponential) => sum + exponential, 0);
          exponentials.forEach((exponential, index) => {
            const j = first + index;
            for (let c = 0; c < valueDepth; c++) {
              content[place(i) * valueDepth + c] += (exponential / total) * value(j, c);
              if (values.value && position)
                position[place(i) * valueDepth + c] +=
                  (exponential / total) * values.value[(j - i + length - 1) * valueDepth + c];
            }
          });
        }
      }
  return { content, position };
}
