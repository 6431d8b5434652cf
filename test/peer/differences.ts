/**
 * Tests of TensorFlow.js that fail on our engine on purpose, each with the reason. `run.ts` fails where others fail, and where
 * one of these passes.
 */
import type { SuiteName } from "./suites.js";

/** Tests that fail for one reason, by their full names. */
export interface Difference {
  readonly reason: string;
  readonly tests: readonly string[];
}

export const expectedDifferences: Readonly<Record<SuiteName, readonly Difference[]>> = {
  core: [
    {
      reason: "A NaN is never hidden: the maximum of a window that holds one is NaN.",
      tests: ["maxPool peer {} [x=[3,3,1] f=[2,2] s=1 ignores NaNs"],
    },
    {
      reason:
        "The gradient of an average over a window that reaches past the edge is that of the average, which is over the " +
        "places that there are; the expected one divides by the whole window.",
      tests: ["avgPool peer {} gradient x=[3,3,1] f=[3,3] s=1 p=explicit"],
    },
    {
      reason:
        "Windows of one place with stride 2 and padding 1 begin in the padding; the expected values are the input, of which " +
        "they take one place.",
      tests: [
        "pool peer {} max x=[2,2,3] f=[1,1] s=2 p=1 fractional outputs default rounding",
        "pool peer {} avg x=[2,2,3] f=[1,1] s=2 p=1 fractional outputs default rounding",
      ],
    },
    {
      reason:
        "The gradient of padding by mirrored places brings back what the padding got; the expected one is that of padding by " +
        "a constant.",
      tests: ["mirrorPad peer {} grad", "mirrorPad peer {} gradient with clones"],
    },
    {
      reason: "A dilated depthwise convolution has a gradient here; the test expects it to be refused.",
      tests: ["depthwiseConv2d gradients peer {} throws error on dilations > 1"],
    },
  ],
  layers: [
    {
      reason: "Browser storage, which Node does not have; TensorFlow.js's own backends fail here too.",
      tests: [
        "Save-load round trips peer {} Sequential model, Local storage",
        "Save-load round trips peer {} loadLayersModel: save and load a model with empty weights",
        "Save-load round trips peer {} Functional model, IndexedDB",
        "Save-load round trips peer {} Call predict() and fit() after load: conv2d model",
        "Save-load round trips peer {} Call predict() and fit() after load: conv1d model",
        "Save-load round trips peer {} Call predict() and fit() after load: Bidirectional LSTM",
      ],
    },
    {
      reason:
        "The decoder hands a list with a tensor where a tensor is meant, which counts as a tensor without values: JavaScript's " +
        "backend goes on with NaN (and fails the first of these), the WebAssembly ones say that the array is too short.",
      tests: [
        "TransformerDecoder one training step of transformer without cross attention",
        "GPT2Backbone call",
        "GPT2Backbone variable sequence length",
        "GPT2Backbone predict",
        "GPT2Backbone does not leak memory",
      ],
    },
  ],
};
