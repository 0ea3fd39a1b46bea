// Light or dark before anything is drawn: what was chosen here, else what the system prefers. A classic
// script, so that it runs before the page is painted.
"use strict";
{
  const THEMES = ["system", "light", "dark"];
  const read = () => {
    try {
      return localStorage.getItem("wavry-theme");
    } catch {
      return null; // storage is switched off
    }
  };
  const apply = (theme) => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  };
  let theme = THEMES.includes(read()) ? read() : "system";
  apply(theme);
  window.wavryTheme = {
    get: () => theme,
    next() {
      theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
      apply(theme);
      try {
        localStorage.setItem("wavry-theme", theme);
      } catch {
        // It is chosen for this page alone.
      }
      return theme;
    },
  };
}
