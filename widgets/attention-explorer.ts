/** The attention explorer: click a place of the image, choose a block and a head, and see where it looks. */
import { isDeepStrictEqual } from "node:util";
import { browserFile } from "../src/core/browser-file.js";
import { ConfigError } from "../src/core/errors.js";
import type { AttentionExplorerState } from "./attention-explorer-state.js";
import { attentionMap } from "./attention-map.js";
import { subjectsOf, type AttentionSubject, type InspectedAttention } from "./attention-subjects.js";
import type { Figure } from "./figure.js";
import { assertPixels, pixelsUri, type Pixels } from "./pixels.js";
import { sequentialRamp } from "./theme.js";
import { createWidget, type Widget } from "./widget.js";
import { assertKnownKeys, type KeysOf } from "../src/core/options.js";

/** With the model's attention on the image, as `axial.inspect` gives it: `attention`, `places`, `crissCross`. */
export interface AttentionExplorerArgs extends InspectedAttention {
  /** What the model saw. */
  readonly image: Pixels;
  /** Where to begin. Default: the middle of the map. */
  readonly query?: { readonly y: number; readonly x: number };
  /** Default "Attention explorer". */
  readonly title?: string;
}

const argsKeys: KeysOf<AttentionExplorerArgs> = {
  image: true,
  attention: true,
  places: true,
  crissCross: true,
  query: true,
  title: true,
};

type Followed = Pick<AttentionExplorerState, "head" | "query" | "field" | "column" | "row">;

/** What follows from the reader's choice; a place beside the map becomes the nearest one on it. */
function follow(subject: AttentionSubject, head: number, [y, x]: readonly [number, number]): Followed {
  const inside = (value: number, count: number): number => Math.min(count - 1, Math.max(0, Math.floor(value) || 0));
  const place = { y: inside(y, subject.rows), x: inside(x, subject.columns) };
  const chosen = Number.isInteger(head) && head >= 0 && head < subject.heads ? head : undefined;
  return {
    head: chosen ?? -1,
    query: [place.y, place.x],
    field: subject.field({ ...place, head: chosen }),
    column: subject.column(place),
    row: subject.row(place),
  };
}

const layersOf = ({ attention = [], places = [], crissCross = [] }: InspectedAttention): string[] =>
  [...attention, ...places, ...crissCross].map(({ layer }) => layer);

/**
 * A widget over one image: click a place (or move with the arrow keys) and choose a block and a head. The image shows
 * what reaches the place through the block's two layers, through a layer of local, stand-alone or global attention, or
 * through all loops of criss-cross attention; the bands beside it are the weights of each head on the place's column and row.
 *
 *     const { attention, places, crissCross } = await axial.inspect(model, sample.input);
 *     axial.widgets.attentionExplorer({ image: sample.image, attention, places, crissCross })   // last line of a cell
 *
 * Where widgets do not run, the reader sees the heads of the first block as a still figure.
 *
 * @throws ShapeError for an image with more or fewer numbers than its shape says
 * @throws ConfigError for an option that there is not, and where no attention is over the places of a map
 * @throws UnsupportedError in a checkout whose browser parts have not been bundled
 */
export function attentionExplorer(args: AttentionExplorerArgs): Widget<AttentionExplorerState> {
  assertKnownKeys("attentionExplorer", args, argsKeys);
  const { image, title = "Attention explorer", ...inspected } = args;
  assertPixels("attentionExplorer", image);
  const subjects = subjectsOf(inspected);
  if (subjects.length === 0)
    throw new ConfigError(
      `attentionExplorer: it needs a height layer followed by its width layer, attention over places or criss-cross ` +
        `attention, got ${layersOf(inspected).join(", ") || "no layers"}; inspect a model with attention`,
    );
  const blocks = subjects.map(({ name, rows, columns, heads }) => ({ name, rows, columns, heads }));
  const begin = args.query ?? { y: blocks[0].rows >> 1, x: blocks[0].columns >> 1 };
  const state = {
    image: pixelsUri(image, 336),
    proportion: image.shape[1] / image.shape[0],
    ramp: sequentialRamp,
    blocks,
    block: 0,
    ...follow(subjects[0], -1, [begin.y, begin.x]),
  };

  const still = (): Figure => {
    const { block, query } = widget.state;
    const subject = subjects[block];
    const place = { y: query[0], x: query[1] };
    const fields = Array.from({ length: subject.heads }, (_, head) => ({
      title: `head ${head + 1}`,
      values: subject.field({ ...place, head }),
      shape: [subject.rows, subject.columns] as const,
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
    const block = Number.isInteger(chosen.block) && chosen.block in subjects ? chosen.block : 0;
    const followed = { block, ...follow(subjects[block], chosen.head, chosen.query) };
    // A choice sent back unchanged would undo what the reader has chosen meanwhile.
    const news = Object.entries(followed).filter(
      ([key, value]) => !isDeepStrictEqual(value, chosen[key as keyof AttentionExplorerState]),
    );
    widget.set(Object.fromEntries(news));
  });
  return widget;
}
