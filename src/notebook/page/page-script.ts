/**
 * What runs in the reader's browser: draws the live figures over their still pictures, in the reader's colours, and
 * lets the reader choose between light and dark. Without it the page is complete, only still.
 *
 * The function is put into the page as its own source text: it must not refer to anything outside itself.
 */

/** The script of the page. */
export const pageScript = (): string => `(${runPage.toString()})();`;

function runPage(): void {
  type Json = Record<string, unknown>;
  const libraries = window as unknown as {
    vegaEmbed?: (element: HTMLElement, spec: Json, options: Json) => Promise<{ finalize(): void }>;
    Plotly?: { react(element: HTMLElement, data: unknown, layout: Json, config: Json): Promise<unknown> };
  };
  const root = document.documentElement;
  const systemDark = window.matchMedia("(prefers-color-scheme: dark)");
  const isObject = (value: unknown): value is Json =>
    typeof value === "object" && value !== null && !Array.isArray(value);

  /** `changes` over `base`, objects part by part. */
  const merge = (base: Json, changes: Json): Json => {
    const merged: Json = { ...base };
    for (const [key, value] of Object.entries(changes)) {
      const before = merged[key];
      merged[key] = isObject(before) && isObject(value) ? merge(before, value) : value;
    }
    return merged;
  };
  const part = (value: unknown, key: string): Json => {
    const inner = isObject(value) ? value[key] : undefined;
    return isObject(inner) ? inner : {};
  };

  const isDark = (): boolean => (root.dataset.theme ? root.dataset.theme === "dark" : systemDark.matches);

  interface Drawing {
    figure: HTMLElement;
    canvas: HTMLElement;
    spec: Json;
    finalize(): void;
  }

  const drawVega = async (drawing: Drawing, dark: boolean): Promise<void> => {
    if (!libraries.vegaEmbed) return;
    const config = part(drawing.spec, "config");
    const spec: Json = { ...drawing.spec, config: dark ? merge(config, part(drawing.spec.usermeta, "dark")) : config };
    // The notebook names the grammar that other front ends know; the library here is newer and reads it as well.
    delete spec.$schema;
    drawing.finalize();
    const result = await libraries.vegaEmbed(drawing.canvas, spec, {
      mode: drawing.spec.marks === undefined ? "vega-lite" : "vega",
      // Expressions are interpreted: the page's own policy forbids code made from text.
      ast: true,
      renderer: "svg",
      actions: { export: true, source: false, compiled: false, editor: false },
      tooltip: { theme: dark ? "dark" : "light" },
    });
    drawing.finalize = () => result.finalize();
    // On a narrow screen a wide figure is not shrunk beyond reading: it scrolls.
    const picture = drawing.canvas.querySelector<SVGElement>("svg.marks");
    if (picture) picture.style.minWidth = `${Math.min(432, Number(picture.getAttribute("width")))}px`;
  };

  const drawPlotly = async (drawing: Drawing, dark: boolean): Promise<void> => {
    if (!libraries.Plotly) return;
    const layout = part(drawing.spec, "layout");
    const coloured = dark ? merge(layout, part(layout.meta, "dark")) : layout;
    const config = { displaylogo: false, responsive: true, ...part(drawing.spec, "config") };
    // Plotly writes into what it is given.
    await libraries.Plotly.react(drawing.canvas, structuredClone(drawing.spec.data), structuredClone(coloured), config);
  };

  const drawings: Drawing[] = [...document.querySelectorAll<HTMLElement>("figure.live")].map((figure) => {
    const canvas = document.createElement("div");
    canvas.className = "canvas";
    const source = figure.querySelector("script")?.textContent ?? "{}";
    return { figure, canvas, spec: JSON.parse(source) as Json, finalize: () => undefined };
  });

  const drawAll = async (): Promise<void> => {
    const dark = isDark();
    for (const drawing of drawings) {
      const still = drawing.figure.querySelector<HTMLElement>(".still");
      try {
        if (!drawing.canvas.isConnected) drawing.figure.append(drawing.canvas);
        await (drawing.figure.dataset.library === "plotly" ? drawPlotly : drawVega)(drawing, dark);
        if (still && drawing.canvas.childElementCount > 0) still.hidden = true;
      } catch (error) {
        drawing.canvas.remove();
        if (still) still.hidden = false;
        console.error(error);
      }
    }
    root.dataset.drawn = "true";
  };

  const remember = (theme: string | null): string | null => {
    // Pages opened from a file may have no storage.
    try {
      if (theme !== null) localStorage.setItem("axial-lab-theme", theme);
      return localStorage.getItem("axial-lab-theme");
    } catch {
      return theme;
    }
  };

  const chosen = remember(null);
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  const button = document.querySelector<HTMLButtonElement>("button.theme");
  if (button) {
    button.hidden = false;
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      remember(root.dataset.theme);
      void drawAll();
    });
  }
  systemDark.addEventListener("change", () => void drawAll());
  void drawAll();
}
