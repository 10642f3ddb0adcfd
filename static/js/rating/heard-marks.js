// Beside each sound: whether it was heard, in words and by a sign. Known from this browser; of what has
// a grade from before and was not heard here nothing is said.
import { heardEnough } from "./listening.js";
import { isPaced } from "./pace.js";
import { work } from "./saving.js";

const WORDS = { none: "unheard", part: "partlyHeard", enough: "heard" };
const WHOLE = 0.95; // of a sound, where nothing is asked

function heardState(player) {
  if (!player.share) return player.closest("[data-graded]") ? "" : "none";
  const isAsked = Number(work.must) > 0;
  return (isAsked ? heardEnough(player.parentElement) : player.share >= WHOLE) ? "enough" : "part";
}

function mark(player) {
  const item = player.closest("[data-item]");
  const state = heardState(player);
  if (item.dataset.heard === state) return;
  item.dataset.heard = state;
  let words = item.querySelector(".heard-mark");
  if (!words) {
    words = document.createElement("span");
    words.className = "heard-mark";
    const head = item.querySelector("h3");
    if (head) head.after(words);
    else player.after(words);
    words.classList.toggle("visually-hidden", !head);
  }
  words.textContent = state && work[WORDS[state]];
}

export function startMarks() {
  if (!isPaced) return;
  for (const player of document.querySelectorAll("[data-item] sound-player")) mark(player);
  document.addEventListener("sound-heard", ({ target }) => mark(target));
}
