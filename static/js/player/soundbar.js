// The bar for all sounds of a page: volume, loop, matched levels, keys. It remembers itself in this
// browser, and loads the sound that comes next.
import { startHelp } from "../core/help.js";
import { itemAfter, singleKeys, soundingItem, typing } from "../core/items.js";
import { setSound } from "./player.js";
import { plays, prefetch } from "./prefetch.js";
import { toggleSpectrogram } from "./spectrogram-button.js";

const KEPT = "sounding-board-sound";

const slider = document.getElementById("sound-volume");
const loop = document.getElementById("sound-loop");
const match = document.getElementById("sound-level"); // none where no clip has a loudness
const matchWords = document.getElementById("sound-level-words");
const state = kept();

function kept() {
  let found = {};
  try {
    found = JSON.parse(localStorage.getItem(KEPT)) ?? {};
  } catch {
    // storage is switched off, or what it holds is not ours
  }
  const { volume = 100, isLooped = false, isMatched = true } = found;
  const isVolume = volume >= 0 && volume <= 100;
  return { volume: isVolume ? Number(volume) : 100, isLooped: Boolean(isLooped), isMatched: Boolean(isMatched) };
}

function show() {
  slider.value = state.volume;
  document.getElementById("sound-volume-value").textContent = `${state.volume} %`;
  slider.setAttribute("aria-valuetext", `${state.volume} %`);
  loop.setAttribute("aria-pressed", String(state.isLooped));
  // squared, since ears do not hear amplitudes: half way is 12 dB less
  setSound({ ...state, volume: (state.volume / 100) ** 2 });
  if (!match) return;
  match.setAttribute("aria-pressed", String(state.isMatched));
  matchWords.textContent = state.isMatched ? matchWords.dataset.on : matchWords.dataset.off;
}

function set(change) {
  Object.assign(state, change);
  show();
  try {
    localStorage.setItem(KEPT, JSON.stringify(state));
  } catch {
    // storage is switched off or full: it holds for this page
  }
}

slider.addEventListener("input", () => set({ volume: Number(slider.value) }));
loop.addEventListener("click", () => set({ isLooped: !state.isLooped }));
match?.addEventListener("click", () => set({ isMatched: !state.isMatched }));
for (const button of [loop, match]) {
  // The mouse leaves the focus where it is, so that keys go on in their list.
  button?.addEventListener("mousedown", (event) => event.preventDefault());
}

document.addEventListener("keydown", (event) => {
  if (typing(event) || event.repeat || !singleKeys()) return;
  if (event.key === "l") set({ isLooped: !state.isLooped });
  else if (event.key === "s") toggleSpectrogram(soundingItem()?.querySelector("sound-player"));
});

document.addEventListener("sound-play", ({ target }) => {
  plays(target);
  const item = target.closest("[data-item]");
  if (item) prefetch(itemAfter(item)?.querySelector("sound-player"));
});

startHelp();
show();
