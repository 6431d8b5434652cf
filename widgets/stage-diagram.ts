/** A residual network as boxes: what each stage does, how large its maps are, and how deep it is. */
import { ConfigError } from "../src/core/errors.js";
import { configuration } from "../src/models/index.js";
import type { Figure } from "./figure.js";
import { extent } from "./numbers.js";
import { columnWidth, fontSizes } from "./theme.js";
import { vegaFigure } from "./vega.js";
import type { VegaLiteSpec } from "./vega-lite-spec.js";
import { assertKnownKeys, assertList, assertObject, type KeysOf } from "../src/core/options.js";

/** What is drawn of a configuration. */
export interface StagedNetwork {
  readonly name: string;
  readonly stem: { readonly kind: string; readonly filters?: number };
  readonly stages: readonly {
    readonly blocks: number;
    readonly stride: number;
    readonly filters: number;
    readonly operator: { readonly kind: string };
  }[];
}

/** For which images `stageDiagram` writes sizes, and its title. */
export interface StageDiagramOptions {
  /** Side of the square images, in pixels. Default 224. */
  readonly size?: number;
  /** Default: the name of the network. */
  readonly title?: string;
}

const keys: KeysOf<StageDiagramOptions> = { size: true, title: true };

interface Box {
  part: string;
  kind: string;
  left: number;
  right: number;
  half: number;
  blocks: number;
  side: number;
  channels: number;
}

/** Every block a box: as high as its map, on a scale of square roots. The stem strides by 4. */
function boxesOf({ stem, stages }: StagedNetwork, size: number): Box[] {
  let side = Math.ceil(Math.ceil(size / 2) / 2);
  const parts = [
    { part: "stem", kind: stem.kind, blocks: 1, channels: stem.filters ?? 0, side },
    ...stages.map(({ blocks, stride, filters, operator }, i) => {
      side = Math.ceil(side / stride);
      return { part: `stage ${i + 1}`, kind: operator.kind, blocks, channels: filters, side };
    }),
  ];
  const gap = 1.2;
  let left = 0;
  return parts.flatMap((part) => {
    const boxes = Array.from({ length: part.blocks }, (_, i) => ({
      ...part,
      left: left + i,
      right: left + i + 0.86,
      half: Math.sqrt(part.side) / 2,
    }));
    left += part.blocks + gap;
    return boxes;
  });
}

/** The Vega-Lite specification of `stageDiagram`. */
export function stageDiagramSpec(
  network: StagedNetwork,
  { size = 224, title }: StageDiagramOptions = {},
): VegaLiteSpec {
  if (!Number.isInteger(size) || size < 1)
    throw new ConfigError(
      `stageDiagram: size must be a positive integer, got ${size}; give the side of the images in pixels`,
    );
  const boxes = boxesOf(network, size);
  const width = columnWidth - 40;
  const [, end] = extent([0, ...boxes.map((box) => box.right)]);
  const [, highest] = extent([0, ...boxes.map((box) => box.half)]);
  const x = (field: string) => ({ field, type: "quantitative", axis: null, scale: { domain: [0, end], nice: false } });
  const y = (field: string) => ({
    field,
    type: "quantitative",
    axis: null,
    scale: { domain: [-highest, highest], nice: false },
  });
  const captions = [...new Set(boxes.map((box) => box.part))].map((part) => {
    const own = boxes.filter((box) => box.part === part);
    const [first] = own;
    return {
      part,
      middle: (first.left + own[own.length - 1].right) / 2,
      what: first.part === "stem" ? "stem" : `${part} \u00d7 ${first.blocks}`,
      map: `${first.side} \u00d7 ${first.side}`,
      channels: `${first.channels}`,
    };
  });
  const line = (field: string, offset: number, look: Record<string, unknown> = {}): Record<string, unknown> => ({
    data: { values: captions },
    mark: { type: "text", baseline: "top", fontSize: fontSizes.label, ...look },
    encoding: { x: x("middle"), y: { value: 150 + offset }, text: { field } },
  });
  const kinds = [...new Set(boxes.map((box) => box.kind))];
  return {
    title: { text: title ?? network.name, subtitle: `images of ${size} \u00d7 ${size} pixels` },
    description: `${network.name} from left to right: ${captions
      .map(({ what, map, channels }) => `${what} at ${map} with ${channels} channels`)
      .join("; ")}.`,
    width,
    height: 150,
    layer: [
      {
        data: { values: [{ from: 0, to: end }] },
        mark: { type: "rule", strokeWidth: 1 },
        encoding: { x: x("from"), x2: { field: "to" }, y: { value: 75 } },
      },
      {
        data: { values: boxes },
        transform: [{ calculate: "-datum.half", as: "bottom" }],
        mark: { type: "rect", cornerRadius: 2, opacity: 1 },
        encoding: {
          x: x("left"),
          x2: { field: "right" },
          y: y("half"),
          y2: { field: "bottom" },
          color: {
            field: "kind",
            type: "nominal",
            title: null,
            scale: { domain: kinds },
            legend: { symbolType: "square" },
          },
          tooltip: [
            { field: "part" },
            { field: "kind" },
            { field: "blocks", type: "quantitative" },
            { field: "side", type: "quantitative", title: "side of the map" },
            { field: "channels", type: "quantitative" },
          ],
        },
      },
      line("what", 10, { fontWeight: 600 }),
      line("map", 26),
      line("channels", 42),
    ],
  };
}

/**
 * The stages of a residual network, by name or from a configuration of your own, from left to right, a box a block, as high as its map is wide.
 *
 *     stageDiagram("axial-resnet-50-s", { size: 224 })
 *
 * @throws ConfigError for a name that no network has, a configuration without stem or stages, and an option that there is not
 */
export function stageDiagram(model: string | StagedNetwork, options: StageDiagramOptions = {}): Figure {
  assertKnownKeys("stageDiagram", options, keys);
  const network = typeof model === "string" ? configuration(model) : model;
  assertObject("stageDiagram", network, "the model", "a name or a configuration: { name, stem, stages }");
  assertObject("stageDiagram", network.stem, "the stem", "{ kind, filters }");
  assertList("stageDiagram", network.stages, "the stages", "{ blocks, stride, filters, operator }");
  return vegaFigure(options.title ?? network.name, stageDiagramSpec(network, options));
}
