/** No option is ignored: every public function that takes some knows the names of all. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import ts from "typescript";
import * as axial from "../src/index.js";
import { publicSymbols } from "./public-names.js";

/** Options that are not looked through, each with the reason. */
const unchecked: Readonly<Record<string, string>> = {
  "data.batchesPerEpoch": "reads three of a batch's options, which `batches` checks",
  "functions.axisAttention": "the record of a layer, which checks it",
  "functions.axisAttentionWeights": "the record of a layer, which checks it",
  "functions.maxPooledSide": "reads what `maxPool` checks",
  "functions.ndAxialAttention": "the record of a layer, which checks it",
  "data.bringImagenette": "hands them on to `fetchImagenette`",
  "engine.measureMatrixPeak": "hands them on to `fastest`, which checks them",
  "engine.measureMemoryPeak": "hands them on to `fastest`, which checks them",
  "export.saveOnnx": "hands them on to `onnxModel`",
  "export.saveTfjs": "hands them on to `tfjsModel`",
  "export.saveWeb": "hands them on to `webFiles`",
  "models.create": "hands them on to what builds networks, with trained weights or without",
  "widgets.createWidget": "a widget's own parts, all of them required",
};

/** What a function calls to look through its options. */
const checks = /\bassert(KnownKeys|Args|Config|Options|TrainOptions)\b|\bresolveOptions\b/;

describe("the options of public functions", () => {
  it("are looked through for names that there are not", () => {
    const { checker, symbols } = publicSymbols();
    const silent = symbols.flatMap(({ name, symbol, declaration }) => {
      if (!ts.isFunctionDeclaration(declaration) && !ts.isVariableDeclaration(declaration)) return [];
      const type = checker.getTypeOfSymbolAtLocation(symbol, declaration);
      const takesOptions = type.getCallSignatures().some(({ parameters }) =>
        parameters.some((parameter) => {
          const given = checker.getTypeOfSymbolAtLocation(parameter, parameter.valueDeclaration!);
          return /(Options|Args)\b/.test(checker.typeToString(given));
        }),
      );
      const bodies = (symbol.declarations ?? []).map((one) => one.getText()).join("\n");
      return takesOptions && !checks.test(bodies) && !(name in unchecked) ? [name] : [];
    });
    // What `panopticSegmentation` does not know it finds by taking out what it knows.
    assert.deepEqual(
      silent.filter((name) => name !== "panoptic.panopticSegmentation"),
      [],
    );
  });

  const image = { values: new Uint8Array(4 * 4 * 3), shape: [4, 4, 3] as const };
  const calls: Readonly<Record<string, (typo: object) => unknown>> = {
    "engine.start": (typo) => axial.engine.start(typo),
    "engine.profileStep": (typo) => axial.engine.profileStep(() => undefined, typo),
    "data.generated": (typo) => axial.data.generated(typo),
    "data.imageFolder": (typo) => axial.data.imageFolder(".", typo),
    "data.imagenette": (typo) => axial.data.imagenette(typo),
    "data.download": (typo) => axial.data.download({ url: "", to: "", bytes: 0, sha256: "", ...typo }),
    "functions.maxPool": (typo) => axial.functions.maxPool(tf.zeros([1, 4, 4, 1]), typo),
    "functions.convolution": (typo) =>
      axial.functions.convolution(tf.zeros([1, 4, 4, 1]), tf.zeros([1, 1, 1, 1]), typo),
    "models.axialDeepLabConfig": (typo) => axial.models.axialDeepLabConfig("s", typo),
    "notebook.progress": (typo) => axial.notebook.progress(3, typo),
    "panoptic.findCenters": (typo) => axial.panoptic.findCenters(new Float32Array(1), { height: 1, width: 1 }, typo),
    "panoptic.generatedPanoptic": (typo) => axial.panoptic.generatedPanoptic(typo),
    "training.restore": (typo) => axial.training.restore("nowhere", typo),
    "weights.load": (typo) => axial.weights.load(tf.sequential(), "nowhere", typo),
    "weights.save": (typo) => axial.weights.save(tf.sequential(), "nowhere", typo),
    "widgets.imageGrid": (typo) => axial.widgets.imageGrid([{ image, caption: "" }] as never, typo),
    "widgets.attentionExplorer": (typo) => axial.widgets.attentionExplorer({ image, attention: [], ...typo }),
    "widgets.liveTrainingCurves": (typo) => axial.widgets.liveTrainingCurves(typo),
    "widgets.trainingMonitor": (typo) => axial.widgets.trainingMonitor(typo),
  };
  for (const [name, call] of Object.entries(calls))
    it(`of ${name} name one that is misspelt`, async () => {
      const run = () => Promise.resolve().then(() => call({ tilte: 1 }));
      await assert.rejects(run, {
        name: "ConfigError",
        message: /there is no option of this name, got tilte; did you mean/,
      });
    });

  /** Calls that leave out what they need, as one can in JavaScript, and what they say. */
  const without: Readonly<Record<string, [call: () => unknown, message: RegExp]>> = {
    "models.create": [
      () => axial.models.create("resnet-18", undefined as never),
      /^models\.create: the options must be an object, got undefined; write \{ classes, size, \.\.\. \}$/,
    ],
    "data.imageFolder": [
      () => axial.data.imageFolder(undefined as never),
      /^imageFolder: the folder must be a path, got undefined; name a folder of images$/,
    ],
    "widgets.vegaFigure": [
      () => axial.widgets.vegaFigure("a", undefined as never),
      /^vegaFigure: the specification must be an object, got undefined; write \{ data, mark, encoding \}$/,
    ],
    "widgets.stageDiagram": [
      () => axial.widgets.stageDiagram({ name: "a" } as never),
      /^stageDiagram: the stem must be an object, got undefined; write \{ kind, filters \}$/,
    ],
    "widgets.trainingCurves": [
      () => axial.widgets.trainingCurves([{ name: "a", event: [] }] as never),
      /^trainingCurves: the events of a run must be a list, got undefined; write \[what onEvent was given, \.\.\.\]$/,
    ],
  };
  for (const [name, [call, message]] of Object.entries(without))
    it(`of ${name} say what is missing where there are none`, async () => {
      await assert.rejects(() => Promise.resolve().then(call), { name: "ConfigError", message });
    });
});
