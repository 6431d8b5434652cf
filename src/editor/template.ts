/** Notebooks to start from. */
import type { Cell, Notebook } from "../notebook/file.js";

const metadata = (): Notebook["metadata"] => ({
  kernelspec: { display_name: "TypeScript (axial-lab)", language: "typescript", name: "axial-lab" },
  language_info: { name: "typescript" },
});

export const emptyNotebook = (): Notebook => ({
  cells: [{ cell_type: "code", id: "first", source: "", metadata: {}, execution_count: null, outputs: [] }],
  metadata: metadata(),
  nbformat: 4,
  nbformat_minor: 5,
});

/** A lesson in the form of this package's own: a title, a sentence, short cells, each followed by what it shows. */
export function lessonTemplate(title: string): Notebook {
  const text = (id: string, source: string): Cell => ({ cell_type: "markdown", id, source, metadata: {} });
  const code = (id: string, source: string, tags: string[] = []): Cell => ({
    cell_type: "code",
    id,
    source,
    metadata: tags.length === 0 ? {} : { tags },
    execution_count: null,
    outputs: [],
  });
  return {
    cells: [
      text("title", `# ${title}\n\nOne sentence: what the reader can do at the end.`),
      code("parameters", "const quick = true; // a run in seconds; false for the whole", ["parameters"]),
      code(
        "imports",
        'import * as tf from "@tensorflow/tfjs";\nimport * as axial from "axial-lab";\n\nawait axial.engine.start();',
      ),
      text(
        "idea",
        "## The idea\n\nAttention along one axis: $y_o = \\sum_p \\mathrm{softmax}_p(q_o \\cdot k_p)\\, v_p$.",
      ),
      code(
        "layer",
        [
          'const layer = new axial.layers.AxialAttention({ axis: "height", filters: 32 });',
          "const x = tf.randomNormal([2, quick ? 14 : 28, 10, 16]); // [batch, height, width, channels]",
          "(layer.apply(x) as tf.Tensor).shape;",
        ].join("\n"),
      ),
      text("exercise", "## Try it\n\nAlong which axis does the layer attend now? Change it, and run the cell again."),
      code("yours", "// your turn"),
    ],
    metadata: metadata(),
    nbformat: 4,
    nbformat_minor: 5,
  };
}
