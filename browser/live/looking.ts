/** What a place of the photo looks at, head by head: the photo to choose it in, and one small photo for each head. */
import type { Look } from "../../src/web/index.js";
import { element } from "./elements.js";

/** A layer, or a height layer and the width layer after it, whose places can be asked. */
interface Askable {
  readonly name: string;
  readonly heads: number;
  readonly rows: number;
  readonly columns: number;
}

/** The finest map that is begun with: finer ones see little more than a place's surroundings. */
const mostRows = 16;

export class Looking {
  readonly photo = element("canvas", { className: "photo" });
  readonly root: HTMLElement;
  private readonly layers = element("select");
  private readonly row = element("input", { type: "range", min: "0" });
  private readonly column = element("input", { type: "range", min: "0" });
  private readonly heads = element("div", { className: "heads" });
  private readonly told = element("p");
  private pixels: ImageData | null = null;
  private seen: Look | null = null;
  private askable: readonly Askable[] = [];

  constructor() {
    const labelled = (text: string, control: HTMLElement) =>
      element("label", {}, [element("span", { textContent: text }), control]);
    const controls = element("div", { className: "controls" }, [
      labelled("Layer", this.layers),
      labelled("Row", this.row),
      labelled("Column", this.column),
    ]);
    const title = element("h2", { textContent: "What a place looks at" });
    this.root = element("section", { className: "looking", hidden: true }, [title, this.told, controls, this.heads]);
    this.photo.addEventListener("click", (event) => this.choose(event));
    this.layers.addEventListener("change", () => this.chooseLayer());
    for (const slider of [this.row, this.column]) slider.addEventListener("input", () => this.draw());
  }

  /** The photo alone; what was seen of another is hidden. */
  showPhoto(pixels: ImageData): void {
    this.pixels = pixels;
    this.seen = null;
    this.root.hidden = true;
    this.photo.setAttribute("role", "img");
    this.photo.setAttribute("aria-label", "The part of the photo that the network sees");
    paint(this.photo, pixels);
  }

  show(seen: Look): void {
    this.seen = seen;
    const before = this.layers.value;
    this.askable = askableOf(seen);
    this.root.hidden = this.askable.length === 0;
    if (this.askable.length === 0) return;
    const options = this.askable.map(({ name, rows, columns }) =>
      element("option", { value: name, textContent: `${name}, ${rows} \u00d7 ${columns}` }),
    );
    this.layers.replaceChildren(...options);
    const first = this.askable.find(({ rows }) => rows <= mostRows) ?? this.askable[0];
    this.layers.value = this.askable.some(({ name }) => name === before) ? before : first.name;
    this.chooseLayer();
  }

  private get layer(): Askable {
    return this.askable.find(({ name }) => name === this.layers.value)!;
  }

  /** Keeps the place in the photo, as well as the other map has it. */
  private chooseLayer(): void {
    const { rows, columns } = this.layer;
    for (const [slider, count] of [
      [this.row, rows],
      [this.column, columns],
    ] as const) {
      const share = slider.max === "" ? 0.5 : (Number(slider.value) + 0.5) / (Number(slider.max) + 1);
      slider.max = String(count - 1);
      slider.value = String(Math.min(count - 1, Math.floor(share * count)));
    }
    this.draw();
  }

  private choose(event: MouseEvent): void {
    if (this.seen === null || this.askable.length === 0) return;
    const { rows, columns } = this.layer;
    const box = this.photo.getBoundingClientRect();
    this.row.value = String(Math.floor(((event.clientY - box.top) / box.height) * rows));
    this.column.value = String(Math.floor(((event.clientX - box.left) / box.width) * columns));
    this.draw();
  }

  private draw(): void {
    const { pixels, seen } = this;
    if (pixels === null || seen === null) return;
    const { name, heads, rows, columns } = this.layer;
    const [y, x] = [Number(this.row.value), Number(this.column.value)];
    const at = { x: ((x + 0.5) / columns) * pixels.width, y: ((y + 0.5) / rows) * pixels.height };
    paint(this.photo, pixels);
    ring(this.photo, at, pixels.width / Math.max(rows, columns) / 2);
    this.told.textContent = `Row ${y + 1}, column ${x + 1} of ${name}. Click another place of the photo. Bright is where a head looks.`;
    const figures = Array.from({ length: heads }, (_, head) => {
      const { values } = seen.receptiveField(name, { y, x, head });
      const canvas = element("canvas");
      paint(canvas, pixels);
      shade(canvas, values, rows, columns);
      ring(canvas, at, pixels.width / Math.max(rows, columns) / 2);
      const strongest = values.reduce((best, value, i) => (value > values[best] ? i : best), 0);
      const [row, column] = [Math.floor(strongest / columns), strongest % columns];
      const where = `${(100 * values[strongest]).toFixed(0)} % on row ${row + 1}, column ${column + 1}`;
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `Head ${head + 1} looks most at row ${row + 1}, column ${column + 1}`);
      return element("figure", {}, [
        canvas,
        element("figcaption", { textContent: heads === 1 ? where : `Head ${head + 1}: ${where}` }),
      ]);
    });
    this.heads.replaceChildren(...figures);
  }
}

function askableOf({ attention, places, crissCross }: Look): Askable[] {
  const pairs = attention.flatMap(({ layer, shape }): Askable[] => {
    const [base, axis] = [layer.replace(/\.[^.]*$/, ""), layer.split(".").pop()];
    const width = attention.find((one) => one.layer === `${base}.width`);
    if (axis !== "height" || width === undefined) return [];
    return [{ name: base, heads: shape[1], rows: shape[3], columns: shape[0] }];
  });
  const single = places.flatMap(({ layer, axes, shape }): Askable[] => {
    if (axes.includes("window y")) return [{ name: layer, heads: shape[2], rows: shape[0], columns: shape[1] }];
    return axes[3] === "key y" ? [{ name: layer, heads: shape[0], rows: shape[1], columns: shape[2] }] : [];
  });
  const crossed = crissCross.map(({ layer, loops }): Askable => {
    const [columns, heads, rows] = loops[0].column.shape;
    return { name: layer, heads, rows, columns };
  });
  return [...pairs, ...single, ...crossed];
}

function paint(canvas: HTMLCanvasElement, pixels: ImageData): void {
  [canvas.width, canvas.height] = [pixels.width, pixels.height];
  canvas.getContext("2d")!.putImageData(pixels, 0, 0);
}

/** Darkens a photo where the share of its place is small beside the greatest. */
function shade(canvas: HTMLCanvasElement, shares: Float32Array, rows: number, columns: number): void {
  const greatest = shares.reduce((a, b) => Math.max(a, b), 0);
  const veil = new ImageData(columns, rows);
  shares.forEach((share, i) => (veil.data[4 * i + 3] = 225 * (1 - Math.sqrt(share / greatest))));
  const small = new OffscreenCanvas(columns, rows);
  small.getContext("2d")!.putImageData(veil, 0, 0);
  const context = canvas.getContext("2d")!;
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
}

/** Seen on light and on dark. */
function ring(canvas: HTMLCanvasElement, { x, y }: { x: number; y: number }, radius: number): void {
  const context = canvas.getContext("2d")!;
  for (const [colour, width] of [
    ["#000000", 5],
    ["#ffffff", 2.5],
  ] as const) {
    context.beginPath();
    context.arc(x, y, Math.max(3, radius), 0, 2 * Math.PI);
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  }
}
