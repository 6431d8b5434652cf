/** The attention explorer: click a place of the image, choose a block and a head, and see where it looks. */
import { isDeepStrictEqual } from "node:util";
import { attentionHeads, receptiveField, type LayerAttention } from "../src/inspection/attention-weights.js";
import { browserFile } from "../src/core/browser-file.js";
import { ConfigError } from "../src/core/errors.js";
import type { AttentionExplorerState } from "./attention-explorer-state.js";
import { attentionMap } from "./attention-map.js";
import type { Figure } from "./figure.js";
import { assertPixels, pixelsUri, type Pixels } from "./pixels.js";
import { sequentialRamp } from "./theme.js";
import { createWidget, type Widget } from "./widget.js";

export interface AttentionExplorerArgs {
  /** What the model saw. */
  readonly image: Pixels;
  /** The model's attention on it: `(await axial.inspect(model, input)).attention`. */
  readonly attention: readonly LayerAttention[];
  /** Where to begin. Default: the middle of the map. */
  readonly query?: { readonly y: number; readonly x: number };
  /** Default "Attention explorer". */
  readonly title?: string;
}

interface Pair {
  name: string;
  height: LayerAttention;
  width: LayerAttention;
}

/** Height layers with the width layers after them: `stage1.block1.height` and `stage1.block1.width`. */
function pairsOf(attention: readonly LayerAttention[]): Pair[] {
  return attention.flatMap((height, i) => {
    const width = attention[i + 1];
    if (height.axis !== "height" || width?.axis !== "width") return [];
    return [{ name: height.layer.replace(/\.height$/, ""), height, width }];
  });
}

const joined = (rows: readonly Float32Array[]): Float32Array => Float32Array.from(rows.flatMap((row) => [...row]));

type Followed = Pick<AttentionExplorerState, "head" | "query" | "field" | "column" | "row">;

/** What follows from the reader's choice; a place beside the map becomes the nearest one on it. */
function follow(pair: Pair, head: number, [y, x]: readonly [number, number]): Followed {
  const inside = (value: number, count: number): number => Math.min(count - 1, Math.max(0, Math.floor(value) || 0));
  const place = { y: inside(y, pair.height.shape[3]), x: inside(x, pair.width.shape[3]) };
  const heads = Math.min(pair.height.shape[1], pair.width.shape[1]);
  const chosen = Number.isInteger(head) && head >= 0 && head < heads ? head : undefined;
  return {
    head: chosen ?? -1,
    query: [place.y, place.x],
    field: receptiveField(pair.height, pair.width, { ...place, head: chosen }).values,
    column: joined(attentionHeads(pair.height, place)),
    row: joined(attentionHeads(pair.width, place)),
  };
}

/**
 * A widget over one image: click a place (or move with the arrow keys) and choose a block and a head. The image shows
 * what reaches the place through the block's two layers, the bands beside it the weights of each head.
 *
 *     const { attention } = await axial.inspect(model, sample.input);
 *     axial.widgets.attentionExplorer({ image: sample.image, attention })      // as the last line of a cell
 *
 * Where widgets do not run, the reader sees the heads of the first block as a still figure. Throws ConfigError where no
 * height layer is followed by a width layer.
 */
export function attentionExplorer(args: AttentionExplorerArgs): Widget<AttentionExplorerState> {
  const { image, attention, title = "Attention explorer" } = args;
  assertPixels("attentionExplorer", image);
  const pairs = pairsOf(attention);
  if (pairs.length === 0)
    throw new ConfigError(
      `attentionExplorer: a height layer must be followed by its width layer, got ${
        attention.map((one) => one.layer).join(", ") || "no layers"
      }; inspect an axial model`,
    );
  const blocks = pairs.map(({ name, height, width }) => ({
    name,
    rows: height.shape[3],
    columns: width.shape[3],
    heads: Math.min(height.shape[1], width.shape[1]),
  }));
  const begin = args.query ?? { y: blocks[0].rows >> 1, x: blocks[0].columns >> 1 };
  const state = {
    image: pixelsUri(image, 336),
    proportion: image.shape[1] / image.shape[0],
    ramp: sequentialRamp,
    blocks,
    block: 0,
    ...follow(pairs[0], -1, [begin.y, begin.x]),
  };

  const still = (): Figure => {
    const { block, query } = widget.state;
    const { height, width } = pairs[block];
    const place = { y: query[0], x: query[1] };
    const fields = Array.from({ length: blocks[block].heads }, (_, head) => ({
      title: `head ${head + 1}`,
      ...receptiveField(height, width, { ...place, head }),
    }));
    return attentionMap({ image, query: place, fields, title, subtitle: blocks[block].name });
  };
  const widget: Widget<AttentionExplorerState> = createWidget<AttentionExplorerState>({
    title,
    esm: browserFile("widgets/attention-explorer.js"),
    css: browserFile("widgets/attention-explorer.css"),
    state,
    still,
  });
  widget.onChange((changes) => {
    if (!("block" in changes || "head" in changes || "query" in changes)) return;
    const { state: chosen } = widget;
    const block = pairs[chosen.block] ? chosen.block : 0;
    const followed = { block, ...follow(pairs[block], chosen.head, chosen.query) };
    // A choice sent back unchanged would undo what the reader has chosen meanwhile.
    const news = Object.entries(followed).filter(
      ([key, value]) => !isDeepStrictEqual(value, chosen[key as keyof AttentionExplorerState]),
    );
    widget.set(Object.fromEntries(news));
  });
  return widget;
}
