/** Numbers of a reference case. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}
