/**
 * The script of a notebook's page: draws the live figures over their still pictures and lets the reader choose between
 * light and dark. Without it the page is complete, only still.
 */
import { markEdges } from "./edges.js";
import { figuresIn } from "./figures.js";
import { isDark, startTheme } from "./theme.js";

const figures = figuresIn(document);
const drawAll = async (): Promise<void> => {
  await figures.draw(isDark());
  document.documentElement.dataset.drawn = "true";
  markEdges();
};
startTheme(() => void drawAll());
// What stands there already need not wait for the figures; fonts make it wider or narrower.
markEdges();
void document.fonts.ready.then(markEdges);
void drawAll();
