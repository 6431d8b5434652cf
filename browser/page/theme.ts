/** Light or dark: what the reader chose on a page, else what the system asks for. */

const root = document.documentElement;
const systemDark = window.matchMedia("(prefers-color-scheme: dark)");
const storedAs = "axial-lab-theme";

export const isDark = (): boolean => (root.dataset.theme ? root.dataset.theme === "dark" : systemDark.matches);

function recall(): string | null {
  // Pages opened from a file may have no storage.
  try {
    return localStorage.getItem(storedAs);
  } catch {
    return null;
  }
}

function remember(theme: string): void {
  try {
    localStorage.setItem(storedAs, theme);
  } catch {
    // The choice then holds for this page only.
  }
}

/** Takes up what was chosen before, shows the page's button, and calls back after each change. */
export function startTheme(onChange: () => void): void {
  const chosen = recall();
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  const button = document.querySelector<HTMLButtonElement>("button.theme");
  if (button) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const theme = isDark() ? "light" : "dark";
      root.dataset.theme = theme;
      remember(theme);
      onChange();
    });
  }
  systemDark.addEventListener("change", onChange);
}
