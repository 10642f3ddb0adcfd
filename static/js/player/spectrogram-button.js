// The button in a player's row that shows its spectrogram, on pages with a sound bar.
import { svg } from "./waveform.js";

const BARS = "M1 12V7h3v5zM6 12V3h3v9zM11 12V0h3v12zM16 12V5h3v7zM21 12V9h3v3z";

// Show the spectrogram of a player, or hide it; its code is loaded when it is first asked for.
export async function toggleSpectrogram(player) {
  const button = player?.querySelector(".show-spectrogram");
  if (!button) return;
  const isShown = player.classList.toggle("with-spectrogram");
  button.setAttribute("aria-expanded", String(isShown));
  if (!isShown) return;
  const { showSpectrogram } = await import("./spectrogram.js");
  showSpectrogram(player);
}

export function offerSpectrogram(player) {
  const words = document.getElementById("sound-bar")?.dataset;
  if (!words || !player.dataset.rate) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "show-spectrogram";
  button.title = words.spectrogram.replace("{name}", player.dataset.name);
  button.setAttribute("aria-label", button.title);
  button.setAttribute("aria-expanded", "false");
  const icon = svg("svg", { viewBox: "0 0 24 12", "aria-hidden": "true" });
  icon.append(svg("path", { d: BARS }));
  button.append(icon);
  button.addEventListener("click", (event) => {
    toggleSpectrogram(player);
    // After a click of the mouse, space should play and not press the button again.
    if (event.detail) player.closest("[data-item]")?.focus({ preventScroll: true });
  });
  player.append(button);
}
