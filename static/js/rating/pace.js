// What saves presses, by the protocol and as the rater chooses: a sound plays when a key moves to it,
// and a grade goes on to the next one. What is chosen holds for the sitting of this browser.
import { work } from "./saving.js";

const KEPT = `pace ${work.rater}`;
const said = { play_on_move: work.playOnMove === "1", go_on: work.goOn === "1" };
const chosen = work.choose === "1" ? kept() : {};

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT)) ?? {};
  } catch {
    return {}; // storage is switched off, or what it holds is not ours
  }
}

export const isPaced = Boolean(work.pace);
export const breakMinutes = Number(work.break ?? 0);

export function isOn(option) {
  return Boolean(chosen[option] ?? said[option]);
}

// What was on when a grade was given, as it is stored with it.
export function way() {
  const isOrdered = document.getElementById("by-grades")?.getAttribute("aria-pressed") === "true";
  return ["play_on_move", "go_on"].filter(isOn).concat(isOrdered ? ["by_grades"] : []).join(" ");
}

// Go to an item: the focus, what is seen of it, and its sound from its start.
export function moveTo(item, { plays = true } = {}) {
  item.focus({ preventScroll: true });
  item.scrollIntoView({ block: "nearest" });
  if (plays) item.querySelector("sound-player").restart();
}

function showSettings() {
  const settings = document.getElementById("pace");
  if (!settings) return;
  settings.hidden = false;
  for (const box of settings.querySelectorAll("[data-option]")) {
    box.checked = isOn(box.dataset.option);
    box.addEventListener("change", () => {
      chosen[box.dataset.option] = box.checked;
      try {
        sessionStorage.setItem(KEPT, JSON.stringify(chosen));
      } catch {
        // storage is switched off or full: it holds for this page
      }
    });
  }
}

// A page that goes on by itself begins so, too: with its query, and after it with the first sound that
// has no grade; a further page of the query with that sound. Whoever presses or plays something else
// goes another way.
function begin(firstOpen) {
  if (!isOn("go_on") || navigator.getAutoplayPolicy?.("mediaelement") === "disallowed") return;
  const first = firstOpen();
  if (!first) return;
  if (!work.first) return moveTo(first);
  const query = document.querySelector("#query");
  const own = query.querySelector("sound-player");
  const audio = document.querySelector("audio");
  const over = new AbortController();
  const { signal } = over;
  moveTo(query);
  document.addEventListener("keydown", () => over.abort(), { signal });
  document.addEventListener("pointerdown", () => over.abort(), { signal });
  document.addEventListener("sound-play", ({ target }) => target !== own && over.abort(), { signal });
  audio.addEventListener("ended", () => {
    over.abort();
    moveTo(first);
  }, { signal });
}

// firstOpen: returns the first item that has no grade yet, or nothing.
export function startPace(firstOpen) {
  showSettings();
  document.addEventListener("item-moved", ({ target }) => {
    if (isOn("play_on_move")) target.querySelector("sound-player").restart();
  });
  begin(firstOpen);
}
