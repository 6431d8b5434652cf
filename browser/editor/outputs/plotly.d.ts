/** Plotly's build for the charts of a plane, which comes without types. */
declare module "plotly.js-cartesian-dist-min" {
  const plotly: unknown;
  export default plotly;
}
