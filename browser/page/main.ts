/**
 * The script of a notebook's page: draws the live figures over their still pictures and lets the reader choose between
 * light and dark. Without it the page is complete, only still.
 */
import { findFigures } from "./figures.js";
import { isDark, startTheme } from "./theme.js";

const drawAll = findFigures();
startTheme(() => void drawAll(isDark()));
void drawAll(isDark());
