/** What the attention explorer's code and its view in the browser share. */

/** The reader changes `block`, `head` and `query`; the rest follows. */
export interface AttentionExplorerState {
  /** What the model saw, as a `data:` address. */
  image: string;
  /** Width of the image by its height. */
  proportion: number;
  /** Colours of the weights, from none to most, as `#rrggbb`. */
  ramp: readonly string[];
  blocks: readonly { name: string; rows: number; columns: number; heads: number }[];
  /** Index into `blocks`. */
  block: number;
  /** -1 for the mean of all. */
  head: number;
  query: readonly [y: number, x: number];
  /** Share of each place in what the query receives, [H, W]. */
  field: Float32Array;
  /** Weights over the query's column, [N, H], and over its row, [N, W]. */
  column: Float32Array;
  row: Float32Array;
}
