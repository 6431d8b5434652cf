/** What browser/build.mjs puts in the place of these names when it bundles this room. */
declare module "axial-lab:assets" {
  /** WebAssembly modules, deflated and in base64; the script of a kernel thread. */
  export const tfjs: string;
  /** With plain and with relaxed SIMD, in pieces by turns, for they are nearly the same; see `apart` of inflate.ts. */
  export const kernels: string;
  export const kernelBytes: readonly [plain: number, relaxed: number];
  export const worker: string;
}

declare module "axial-lab:tfjs-glue" {
  /**
   * The glue code of TensorFlow.js's threaded build as a function of what it takes from its surroundings: it would start
   * eight workers, and a page that is not isolated has no SharedArrayBuffer by name.
   */
  export function glue(surroundings: { readonly Worker: unknown; readonly SharedArrayBuffer: unknown }): unknown;
}
