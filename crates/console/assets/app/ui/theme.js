// Light, dark, or as the system says. assets/theme.js applies the choice before the first paint.
import { signal } from "../lib.js";

const NAME = "crm-sync.theme";
const THEMES = ["system", "light", "dark"];
const stored = localStorage.getItem(NAME);

/** The theme chosen: "system", "light" or "dark". */
export const theme = signal(THEMES.includes(stored) ? stored : "system");

export function setTheme(chosen) {
  theme.value = chosen;
  if (chosen === "system") {
    localStorage.removeItem(NAME);
    delete document.documentElement.dataset.theme;
  } else {
    localStorage.setItem(NAME, chosen);
    document.documentElement.dataset.theme = chosen;
  }
}
