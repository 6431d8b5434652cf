/**
 * The browser's side of the attention explorer: an image whose places one clicks, the weights of every head along the
 * place's column and row, and what reaches it through both.
 *
 * The function is sent to the browser as its own source text: it must not refer to anything outside itself.
 */

/** The ES module of the widget. */
export const attentionExplorerModule = (): string => `export default { render: ${render.toString()} };`;

export const attentionExplorerStyle = `
.axial-explorer { font: 13px/1.45 "Source Sans 3", "Segoe UI", Roboto, Arial, sans-serif; display: inline-block; max-width: 100%; }
.axial-explorer .bar { display: flex; flex-wrap: wrap; gap: .4em .9em; align-items: center; margin-bottom: .6em; }
.axial-explorer select, .axial-explorer button { font: inherit; color: inherit; background: transparent;
  border: 1px solid #8b95a0; border-radius: 5px; padding: .12em .55em; cursor: pointer; }
.axial-explorer button[aria-pressed="true"] { background: #ffb000; border-color: #ffb000; color: #1c2126; }
.axial-explorer .panels { display: grid; grid-template-columns: auto auto; gap: 6px; justify-content: start; }
.axial-explorer canvas { display: block; max-width: 100%; }
.axial-explorer canvas.band { cursor: pointer; }
.axial-explorer canvas.map { cursor: crosshair; }
.axial-explorer canvas.map:focus-visible { outline: 2px solid #ffb000; outline-offset: 2px; }
.axial-explorer .told { margin-top: .5em; min-height: 1.5em; opacity: .8; font-variant-numeric: tabular-nums; }`;

interface Model {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(event: string, listener: () => void): void;
  off(event: string, listener: () => void): void;
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  type Block = { name: string; rows: number; columns: number; heads: number };
  const create = <K extends keyof HTMLElementTagNameMap>(
    name: K,
    parent: HTMLElement,
    className = "",
  ): HTMLElementTagNameMap[K] => {
    const element = document.createElement(name);
    element.className = className;
    parent.append(element);
    return element;
  };
  /** Bytes come as a DataView of any alignment. */
  const floats = (name: string): Float32Array => {
    const view = model.get(name) as DataView | undefined;
    return view
      ? new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength))
      : new Float32Array(0);
  };
  const blocks = model.get("blocks") as Block[];
  const block = (): Block => blocks[model.get("block") as number];
  const query = (): [y: number, x: number] => model.get("query") as [number, number];

  const root = create("div", el, "axial-explorer");
  const bar = create("div", root, "bar");
  const label = create("label", bar);
  label.append("block ");
  const select = create("select", label);
  blocks.forEach(({ name }, i) => select.append(new Option(name, String(i))));
  const heads = create("div", bar);
  heads.setAttribute("role", "group");
  heads.setAttribute("aria-label", "attention head");
  const panels = create("div", root, "panels");
  const map = create("canvas", panels, "map");
  map.tabIndex = 0;
  map.setAttribute("role", "img");
  const column = create("canvas", panels, "band");
  const row = create("canvas", panels, "band");
  column.title = "weights over the place's column, a band for each head";
  row.title = "weights over the place's row, a band for each head";
  const told = create("div", root, "told");
  told.setAttribute("aria-live", "polite");

  const picture = new Image();
  const side = 336;
  const band = 14;
  const ramp = model.get("ramp") as string[];
  const channels = ramp.map((colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)));
  const colourOf = (share: number): string => {
    const at = Math.min(1, Math.max(0, share)) * (channels.length - 1);
    const low = Math.min(channels.length - 2, Math.floor(at));
    const mixed = channels[low].map((value, i) => Math.round(value + (at - low) * (channels[low + 1][i] - value)));
    return `rgb(${mixed.join(",")})`;
  };

  /** A context for a canvas of this size in CSS pixels, sharp on dense screens. */
  const prepared = (canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D => {
    const density = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * density);
    canvas.height = Math.round(height * density);
    canvas.style.width = `${width}px`;
    const context = canvas.getContext("2d")!;
    context.scale(density, density);
    context.imageSmoothingEnabled = false;
    return context;
  };

  const size = (): { width: number; height: number; cell: [number, number] } => {
    const { rows, columns } = block();
    const proportion = (model.get("proportion") as number) || 1;
    const height = Math.max(1, Math.round(side / rows)) * rows;
    const width = Math.max(1, Math.round((side * proportion) / columns)) * columns;
    return { width, height, cell: [height / rows, width / columns] };
  };

  const drawMap = (): void => {
    const { width, height, cell } = size();
    const { columns } = block();
    const context = prepared(map, width, height);
    context.filter = "grayscale(1)";
    if (picture.complete && picture.naturalWidth > 0) context.drawImage(picture, 0, 0, width, height);
    context.filter = "none";
    const field = floats("field");
    const strongest = field.reduce((a, b) => Math.max(a, b), 0) || 1;
    field.forEach((share, i) => {
      context.fillStyle = `rgba(255,176,0,${0.92 * Math.sqrt(share / strongest)})`;
      context.fillRect((i % columns) * cell[1], Math.floor(i / columns) * cell[0], cell[1], cell[0]);
    });
    const [y, x] = query();
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
    const context = down ? prepared(canvas, across, height) : prepared(canvas, width, across);
    const strongest = weights.reduce((a, b) => Math.max(a, b), 0) || 1;
    weights.forEach((weight, i) => {
      const [head, key] = [Math.floor(i / keys), i % keys];
      context.fillStyle = colourOf(weight / strongest);
      if (down) context.fillRect(head * band, key * cell[0], band, cell[0]);
      else context.fillRect(key * cell[1], head * band, cell[1], band);
    });
    const chosen = model.get("head") as number;
    if (chosen < 0) return;
    context.strokeStyle = "#ffb000";
    context.lineWidth = 2;
    if (down) context.strokeRect(chosen * band + 1, 1, band - 2, height - 2);
    else context.strokeRect(1, chosen * band + 1, width - 2, band - 2);
  };

  const draw = (): void => {
    const [y, x] = query();
    const { heads: count, name } = block();
    const chosen = model.get("head") as number;
    select.value = String(model.get("block"));
    heads.replaceChildren();
    for (let head = -1; head < count; head++) {
      const button = create("button", heads);
      button.type = "button";
      button.textContent = head < 0 ? "all heads" : String(head + 1);
      button.setAttribute("aria-pressed", String(head === chosen));
      button.onclick = () => change({ head });
    }
    drawMap();
    drawBands(column, floats("column"), true);
    drawBands(row, floats("row"), false);
    map.setAttribute("aria-label", `${name}: where the place in row ${y}, column ${x} looks`);
    told.textContent = `row ${y}, column ${x} of ${name}. Click a place, or move with the arrow keys.`;
  };

  const change = (changes: Record<string, unknown>): void => {
    for (const [key, value] of Object.entries(changes)) model.set(key, value);
    model.save_changes();
  };
  const move = (y: number, x: number): void => {
    const { rows, columns } = block();
    change({ query: [Math.min(rows - 1, Math.max(0, y)), Math.min(columns - 1, Math.max(0, x))] });
  };
  const placeOf = (event: MouseEvent): [number, number] => {
    const box = map.getBoundingClientRect();
    const { rows, columns } = block();
    return [
      Math.floor(((event.clientY - box.top) / box.height) * rows),
      Math.floor(((event.clientX - box.left) / box.width) * columns),
    ];
  };

  const chooseHead = (share: number): void =>
    change({ head: Math.min(block().heads - 1, Math.floor(share * block().heads)) });
  column.onclick = (event) => chooseHead(event.offsetX / column.clientWidth);
  row.onclick = (event) => chooseHead(event.offsetY / row.clientHeight);
  map.onclick = (event) => move(...placeOf(event));
  map.onmousemove = (event) => {
    const [y, x] = placeOf(event);
    const share = floats("field")[y * block().columns + x];
    if (share !== undefined)
      told.textContent = `row ${y}, column ${x}: ${(100 * share).toFixed(1)}% of what is received`;
  };
  const steps: Record<string, [number, number]> = {
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
  };
  map.onkeydown = (event) => {
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const [y, x] = query();
    move(y + step[0], x + step[1]);
  };
  select.onchange = () => change({ block: Number(select.value), head: -1 });
  picture.onload = drawMap;
  picture.src = model.get("image") as string;

  const events = ["change:field", "change:query", "change:block", "change:head"];
  for (const event of events) model.on(event, draw);
  draw();
  return () => {
    for (const event of events) model.off(event, draw);
  };
}
