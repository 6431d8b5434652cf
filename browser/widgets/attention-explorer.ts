/**
 * The browser's side of the attention explorer: an image whose places one clicks, the weights of every head along the
 * place's column and row, and what reaches it through both.
 */
import type { AttentionExplorerState as State } from "../../widgets/attention-explorer-state.js";
import { append, prepareCanvas, rampColours } from "./shared/elements.js";
import { change, floatsOf, onChange, type RenderArgs } from "./shared/model.js";

/** Height of the map and breadth of a head's band, in CSS pixels. */
const side = 336;
const band = 14;
const highlight = "#ffb000";

const steps: Readonly<Record<string, readonly [down: number, right: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

const greatest = (values: Float32Array): number => values.reduce((a, b) => Math.max(a, b), 0) || 1;

function render({ model, el }: RenderArgs<State>): () => void {
  const blocks = model.get("blocks");
  const block = (): State["blocks"][number] => blocks[model.get("block")];

  const root = append("div", el, "axial-explorer");
  const bar = append("div", root, "bar");
  const label = append("label", bar);
  label.append("block ");
  const select = append("select", label);
  blocks.forEach(({ name }, i) => select.append(new Option(name, String(i))));
  const heads = append("div", bar);
  heads.setAttribute("role", "group");
  heads.setAttribute("aria-label", "attention head");
  const panels = append("div", root, "panels");
  const map = append("canvas", panels, "map");
  map.tabIndex = 0;
  map.setAttribute("role", "img");
  const column = append("canvas", panels, "band");
  const row = append("canvas", panels, "band");
  column.title = "weights over the place's column, a band for each head";
  row.title = "weights over the place's row, a band for each head";
  const told = append("div", root, "told");
  told.setAttribute("aria-live", "polite");
  const picture = new Image();
  const colourOf = rampColours(model.get("ramp"));

  /** Every place of the map is a whole number of CSS pixels: others show seams. */
  const size = (): { width: number; height: number; cell: [height: number, width: number] } => {
    const { rows, columns } = block();
    const height = Math.max(1, Math.round(side / rows)) * rows;
    const width = Math.max(1, Math.round((side * model.get("proportion")) / columns)) * columns;
    return { width, height, cell: [height / rows, width / columns] };
  };

  const drawMap = (): void => {
    const { width, height, cell } = size();
    const { columns } = block();
    const context = prepareCanvas(map, width, height);
    context.filter = "grayscale(1)";
    if (picture.complete && picture.naturalWidth > 0) context.drawImage(picture, 0, 0, width, height);
    context.filter = "none";
    const field = floatsOf(model.get("field"));
    const strongest = greatest(field);
    field.forEach((share, i) => {
      context.fillStyle = `rgba(255,176,0,${0.92 * Math.sqrt(share / strongest)})`;
      context.fillRect((i % columns) * cell[1], Math.floor(i / columns) * cell[0], cell[1], cell[0]);
    });
    const [y, x] = model.get("query");
    for (const [colour, line] of [
      ["#000", 4],
      ["#fff", 2],
    ] as const) {
      context.strokeStyle = colour;
      context.lineWidth = line;
      context.strokeRect(x * cell[1] + 2, y * cell[0] + 2, cell[1] - 4, cell[0] - 4);
    }
  };

  /** The weights of every head, a band each; the chosen head is marked. */
  const drawBands = (canvas: HTMLCanvasElement, weights: Float32Array, down: boolean): void => {
    const { width, height, cell } = size();
    const { heads: count, rows, columns } = block();
    const keys = down ? rows : columns;
    const across = count * band;
    const context = down ? prepareCanvas(canvas, across, height) : prepareCanvas(canvas, width, across);
    const strongest = greatest(weights);
    weights.forEach((weight, i) => {
      const [head, key] = [Math.floor(i / keys), i % keys];
      context.fillStyle = colourOf(weight / strongest);
      if (down) context.fillRect(head * band, key * cell[0], band, cell[0]);
      else context.fillRect(key * cell[1], head * band, cell[1], band);
    });
    const chosen = model.get("head");
    if (chosen < 0) return;
    context.strokeStyle = highlight;
    context.lineWidth = 2;
    if (down) context.strokeRect(chosen * band + 1, 1, band - 2, height - 2);
    else context.strokeRect(1, chosen * band + 1, width - 2, band - 2);
  };

  const draw = (): void => {
    const [y, x] = model.get("query");
    const { heads: count, name } = block();
    const chosen = model.get("head");
    select.value = String(model.get("block"));
    heads.replaceChildren();
    for (let head = -1; head < count; head++) {
      const button = append("button", heads);
      button.type = "button";
      button.textContent = head < 0 ? "all heads" : String(head + 1);
      button.setAttribute("aria-pressed", String(head === chosen));
      button.onclick = () => change(model, { head });
    }
    drawMap();
    drawBands(column, floatsOf(model.get("column")), true);
    drawBands(row, floatsOf(model.get("row")), false);
    map.setAttribute("aria-label", `${name}: where the place in row ${y}, column ${x} looks`);
    told.textContent = `row ${y}, column ${x} of ${name}. Click a place, or move with the arrow keys.`;
  };

  const move = (y: number, x: number): void => {
    const { rows, columns } = block();
    change(model, { query: [Math.min(rows - 1, Math.max(0, y)), Math.min(columns - 1, Math.max(0, x))] });
  };
  const placeOf = (event: MouseEvent): [y: number, x: number] => {
    const box = map.getBoundingClientRect();
    const { rows, columns } = block();
    return [
      Math.floor(((event.clientY - box.top) / box.height) * rows),
      Math.floor(((event.clientX - box.left) / box.width) * columns),
    ];
  };

  const chooseHead = (share: number): void =>
    change(model, { head: Math.min(block().heads - 1, Math.floor(share * block().heads)) });
  column.onclick = (event) => chooseHead(event.offsetX / column.clientWidth);
  row.onclick = (event) => chooseHead(event.offsetY / row.clientHeight);
  map.onclick = (event) => move(...placeOf(event));
  map.onmousemove = (event) => {
    const [y, x] = placeOf(event);
    const share = floatsOf(model.get("field"))[y * block().columns + x];
    if (share !== undefined)
      told.textContent = `row ${y}, column ${x}: ${(100 * share).toFixed(1)}% of what is received`;
  };
  map.onkeydown = (event) => {
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const [y, x] = model.get("query");
    move(y + step[0], x + step[1]);
  };
  select.onchange = () => change(model, { block: Number(select.value), head: -1 });
  picture.onload = drawMap;
  picture.src = model.get("image");

  const end = onChange(model, ["field", "query", "block", "head"], draw);
  draw();
  return end;
}

export default { render };
