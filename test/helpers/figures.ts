/** What the tests of figures share. */
import assert from "node:assert/strict";
import { vegaLiteToSvg } from "../../widgets/picture.js";

/** Draws a specification; any warning of Vega-Lite or Vega is a failure. */
export async function drawStrictly(spec: Record<string, unknown>): Promise<string> {
  const warnings: string[] = [];
  const svg = await vegaLiteToSvg(spec, { onWarning: (warning) => warnings.push(warning) });
  assert.deepEqual(warnings, []);
  return svg;
}

/** The texts in a picture, in the order in which they are drawn. */
export const textsOf = (svg: string): string[] =>
  [...svg.matchAll(/<text\b[^>]*>([^]*?)<\/text>/g)].map((match) => match[1].replace(/<[^>]*>/g, ""));
