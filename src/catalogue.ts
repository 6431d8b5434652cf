/**
 * The layers and models of this library as an index: for each its paper, its equation, one line of use, and where its
 * function, layer, kernel, gradient, test, reference cases and lesson are. The README shows it (`npm run readme` writes it
 * there); a test runs every line and resolves every file.
 */

/** The words that lead through the house: whoever knows one finds all that is of that family by the names of files. */
export const families = [
  "axial-attention",
  "batch-norm",
  "convolution",
  "criss-cross-attention",
  "global-attention",
  "linear",
  "local-attention",
  "nd-axial-attention",
  "pooling",
  "value-mixture-attention",
] as const;

export type Family = (typeof families)[number];

export interface CatalogueEntry {
  /** What it is called in its paper. */
  readonly title: string;
  readonly paper: { readonly name: string; readonly arxiv: string };
  /** The equation that it computes, by the paper's number where it has one. */
  readonly equation: string;
  /** An expression over `axial`, the library. */
  readonly use: string;
  /** An input shape that it takes, and the shape that comes out, or those of several outputs. */
  readonly shapes: readonly [input: readonly number[], output: readonly number[] | readonly (readonly number[])[]];
  readonly files: CatalogueFiles;
}

/** Files from the package's folder; null where there is none of its own. */
export interface CatalogueFiles {
  /** The equation as a pure function on tensors. */
  readonly function: string | null;
  /** The layer, or what builds the model. */
  readonly layer: string;
  /** How the kernel behind the function is planned; its header names the loops. */
  readonly kernel: string | null;
  /** The call of the kernel, and its gradient. */
  readonly gradient: string | null;
  readonly test: string;
  /** What published implementations compute, for `axial-lab verify`. */
  readonly cases: readonly string[];
  /** The notebook that teaches it. */
  readonly lesson: string | null;
}

/** A thing whose files all have its name; `others` where they have not. */
const named = (name: string, others: Partial<CatalogueFiles> = {}): CatalogueFiles => ({
  function: `src/functions/${name}.ts`,
  layer: `src/layers/${name}.ts`,
  kernel: null,
  gradient: null,
  test: `test/layers/${name}.test.ts`,
  cases: [],
  lesson: null,
  ...others,
});

/** One of the {@link families}: it has a kernel and a gradient of its name too. */
const family = (name: Family, others: Partial<CatalogueFiles> = {}): CatalogueFiles =>
  named(name, { kernel: `src/engine/wasm/kernels/${name}.ts`, gradient: `src/engine/ops/${name}.ts`, ...others });

/** A model of the zoo. */
const model = (name: string, others: Partial<CatalogueFiles> = {}): CatalogueFiles =>
  named(name, { function: null, layer: `src/models/${name}.ts`, test: "test/models/zoo.test.ts", ...others });

const lesson = (name: string) => ({ lesson: `notebooks/${name}.ipynb` });
const cases = (of: string, ...names: string[]) => ({
  cases: names.map((name) => `test/fixtures/${of}/${name}.safetensors`),
});

const papers = {
  axialDeepLab: { name: "Axial-DeepLab", arxiv: "2003.07853" },
  axialTransformer: { name: "Axial Attention in Multidimensional Transformers", arxiv: "1912.12180" },
  ccnet: { name: "CCNet", arxiv: "1811.11721" },
  reversible: { name: "The Reversible Residual Network", arxiv: "1707.04585" },
  sasa: { name: "Stand-Alone Self-Attention in Vision Models", arxiv: "1906.05909" },
  resnet: { name: "Deep Residual Learning", arxiv: "1512.03385" },
} as const;

/** Layers, in the order of the papers' own story, then models. */
export const catalogue: readonly CatalogueEntry[] = [
  {
    title: "global self-attention",
    paper: papers.axialDeepLab,
    equation: "eq. 1: softmax(q·k) v over the whole image",
    use: "new axial.layers.GlobalAttention({ filters: 16 })",
    shapes: [
      [1, 7, 5, 8],
      [1, 7, 5, 16],
    ],
    files: family("global-attention", lesson("02-from-convolution-to-self-attention")),
  },
  {
    title: "stand-alone self-attention (SASA)",
    paper: papers.sasa,
    equation: "eq. 3: softmax(q·k + q·r) v in a window",
    use: "new axial.layers.StandAloneAttention({ filters: 16, window: 7 })",
    shapes: [
      [1, 7, 5, 8],
      [1, 7, 5, 16],
    ],
    files: named("stand-alone-attention", {
      kernel: "src/engine/wasm/kernels/local-attention.ts",
      gradient: "src/engine/ops/local-attention.ts",
      ...cases("stand-alone-attention", "sasa-layer-k3"),
      ...lesson("02-from-convolution-to-self-attention"),
    }),
  },
  {
    title: "attention stem of SASA",
    paper: papers.sasa,
    equation: "sec. 3.2: values mixed by place in the block",
    use: "new axial.layers.ValueMixtureAttention({ filters: 16 })",
    shapes: [
      [1, 8, 8, 3],
      [1, 8, 8, 16],
    ],
    files: family("value-mixture-attention"),
  },
  {
    title: "local attention, position-sensitive",
    paper: papers.axialDeepLab,
    equation: "eq. 3: softmax(q·k + q·rq + k·rk)(v + rv) in a window",
    use: "new axial.layers.LocalAttention({ filters: 32, window: 7 })",
    shapes: [
      [1, 7, 5, 8],
      [1, 7, 5, 32],
    ],
    files: family("local-attention", lesson("03-position")),
  },
  {
    title: "axial attention, position-sensitive",
    paper: papers.axialDeepLab,
    equation: "eq. 4: softmax(q·k + q·rq + k·rk)(v + rv) along one axis",
    use: 'new axial.layers.AxialAttention({ axis: "height", filters: 16 })',
    shapes: [
      [1, 7, 5, 8],
      [1, 7, 5, 16],
    ],
    files: family("axial-attention", {
      ...cases(
        "axial-attention",
        "axialdeeplab-attention-height-s1-a",
        "axialdeeplab-attention-width-s1-a",
        "saaxial-layer-height",
      ),
      ...lesson("05-axial-attention"),
    }),
  },
  {
    title: "criss-cross attention",
    paper: papers.ccnet,
    equation: "eq. 1, 2: softmax(q·k) v over the own row and column, R times",
    use: "new axial.layers.CrissCrossAttention({ recurrence: 2 })",
    shapes: [
      [1, 7, 5, 16],
      [1, 7, 5, 16],
    ],
    files: family("criss-cross-attention", {
      ...cases("criss-cross-attention", "ccnet-crisscross-r1", "ccnet-crisscross-r2"),
      ...lesson("09-what-attention-looks-at"),
    }),
  },
  {
    title: "N-dimensional axial attention",
    paper: papers.axialTransformer,
    equation: "sec. 3: the sum of softmax(q·k / √d) v over each axis",
    use: "new axial.layers.NdAxialAttention({ filters: 8, axes: 3, heads: 2 })",
    shapes: [
      [1, 3, 7, 5, 8],
      [1, 3, 7, 5, 8],
    ],
    files: family("nd-axial-attention", {
      ...cases("nd-axial-attention", "axialattn-image-sum", "axialattn-image-sequential", "axialattn-video-sum"),
      ...lesson("10-the-family"),
    }),
  },
  {
    title: "axial position embedding",
    paper: papers.axialTransformer,
    equation: "sec. 3: x + one trained vector per coordinate of each axis",
    use: "new axial.layers.AxialPositionEmbedding({ filters: 8, shape: [7, 5] })",
    shapes: [
      [1, 7, 5, 8],
      [1, 7, 5, 8],
    ],
    files: named("axial-position-embedding", {
      ...cases("axial-position-embedding", "axialattn-posemb-channels-last", "axialattn-posemb-video"),
      ...lesson("03-position"),
    }),
  },
  {
    title: "axial image transformer, reversible",
    paper: papers.reversible,
    equation: "eq. 6, 7: y1 = x1 + f(x2), y2 = x2 + g(y1)",
    use: "new axial.layers.AxialImageTransformer({ filters: 8, depth: 2, heads: 2, positionShape: [7, 5] })",
    shapes: [
      [1, 7, 5, 8],
      [1, 7, 5, 8],
    ],
    files: named("axial-image-transformer", { function: "src/functions/reversible.ts", ...lesson("10-the-family") }),
  },
  {
    title: "Axial Transformer, autoregressive",
    paper: papers.axialTransformer,
    equation: "fig. 2: outer decoder over the rows above, inner decoder along the row",
    use: "new axial.models.AutoregressiveAxialTransformer({ imageShape: [7, 5, 1], levels: 4, filters: 8, heads: 2 })",
    shapes: [
      [1, 7, 5, 1],
      [1, 7, 5, 1, 4],
    ],
    files: model("autoregressive-axial-transformer", {
      test: "test/models/autoregressive-axial-transformer.test.ts",
      ...lesson("10-the-family"),
    }),
  },
  {
    title: "Axial-ResNet-26 and -50, S to XL",
    paper: papers.axialDeepLab,
    equation: "sec. 3.3: bottlenecks whose 3 x 3 is height-, then width-axis attention",
    use: 'axial.models.create("axial-resnet-26-s", { classes: 10, size: 32 })',
    shapes: [
      [1, 32, 32, 3],
      [1, 10],
    ],
    files: model("axial-resnet", {
      ...cases("axial-resnet", "axialdeeplab-net", "axialdeeplab-block-s1", "axialdeeplab-block-s2-downsample"),
      ...lesson("06-axial-resnet"),
    }),
  },
  {
    title: "Axial-ResNet, stand-alone: attention throughout",
    paper: papers.axialDeepLab,
    equation: "sec. 3.3: the stem too is axial blocks; span 15",
    use: 'axial.models.create("full-axial-resnet-26-s", { classes: 10, size: 32 })',
    shapes: [
      [1, 32, 32, 3],
      [1, 10],
    ],
    files: model("axial-resnet", lesson("06-axial-resnet")),
  },
  {
    title: "ResNet-50 with stand-alone or position-sensitive attention",
    paper: papers.axialDeepLab,
    equation: "table 1: conv-stem and full attention, eq. 2 and 3",
    use: 'axial.models.create("sasa-resnet-50", { classes: 10 })',
    shapes: [
      [1, 16, 16, 3],
      [1, 10],
    ],
    files: model("attention-resnet", {
      ...cases("attention-resnet", "sasa-bottleneck-convolution"),
      ...lesson("07-what-each-part-brings"),
    }),
  },
  {
    title: "Axial-DeepLab S to XL: classes, centres and offsets of every place",
    paper: papers.axialDeepLab,
    equation: "sec. 3.3: an Axial-ResNet at stride 16 under Panoptic-DeepLab's decoders and heads",
    use: 'axial.models.create("axial-deeplab-s", { classes: 19 })',
    shapes: [
      [1, 33, 33, 3],
      [
        [1, 9, 9, 19],
        [1, 9, 9, 1],
        [1, 9, 9, 2],
      ],
    ],
    files: model("axial-deeplab", {
      ...cases("panoptic", "panoptic-net-axial-deeplab", "panoptic-decoder", "panoptic-head-center"),
      ...lesson("12-axial-deeplab"),
    }),
  },
  {
    title: "CCNet: criss-cross head on a dilated ResNet",
    paper: papers.ccnet,
    equation: "fig. 2: 3 x 3, criss-cross attention R times, 3 x 3, beside what came in; classes of every place",
    use: 'axial.models.create("ccnet-resnet-50", { classes: 19 })',
    shapes: [
      [1, 64, 64, 3],
      [1, 9, 9, 19],
    ],
    files: model("ccnet", { test: "test/models/ccnet.test.ts", ...lesson("10-the-family") }),
  },
  {
    title: "ResNet-18 to -152, ResNeXt, wide; attention per stage",
    paper: papers.resnet,
    equation: "table 1, v1.5: the stride on the 3 x 3",
    use: 'axial.models.create(axial.models.resNetConfig("resnet-18", { attention: [false, false, true, true] }), { classes: 10 })',
    shapes: [
      [1, 32, 32, 3],
      [1, 10],
    ],
    files: model("resnet", lesson("06-axial-resnet")),
  },
];

/** The catalogue as a Markdown table. */
export function catalogueTable(): string {
  const link = (name: string, path: string | null) => (path === null ? [] : [`[${name}](${path})`]);
  const rows = catalogue.map(({ title, paper, equation, use, files }) =>
    [
      title,
      `[${paper.name}](https://arxiv.org/abs/${paper.arxiv})`,
      equation,
      `\`${use}\``,
      [
        ...link("function", files.function),
        ...link(files.layer.startsWith("src/models") ? "model" : "layer", files.layer),
        ...link("kernel", files.kernel),
        ...link("gradient", files.gradient),
        ...link("test", files.test),
        ...files.cases.flatMap((path, index) => link(`case ${index + 1}`, path)),
        ...link("lesson", files.lesson),
      ].join(", "),
    ].join(" | "),
  );
  return [
    "| what | paper | equation | use | where |",
    "| --- | --- | --- | --- | --- |",
    ...rows.map((row) => `| ${row} |`),
  ].join("\n");
}
