// The theme is set before the page is drawn. The choice is kept in this browser; without one,
// the system's own light or dark is followed.
(() => {
  const key = "sounding-board-theme";
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  function stored() {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // storage is switched off
    }
  }

  function theme() {
    return stored() ?? (dark.matches ? "dark" : "light");
  }

  function show() {
    document.documentElement.dataset.bsTheme = theme();
    const button = document.getElementById("theme");
    if (!button) return;
    button.hidden = false;
    button.title = button.dataset.label;
    button.textContent = theme() === "dark" ? button.dataset.light : button.dataset.dark;
  }

  show();
  dark.addEventListener("change", show);
  document.addEventListener("DOMContentLoaded", () => {
    show();
    document.getElementById("theme")?.addEventListener("click", () => {
      try {
        localStorage.setItem(key, theme() === "dark" ? "light" : "dark");
      } catch {
        return;
      }
      show();
    });
  });
})();
