// How long it takes: the minutes that are left, by the rater's own pace in this sitting, and a break
// that is offered after some minutes of work. It is measured in this browser and told to nobody.
import { counted } from "../core/words.js";
import { breakMinutes, isPaced } from "./pace.js";
import { work } from "./saving.js";

const KEPT = `rhythm ${work.rater}`;
const FEWEST = 5; // answers until the pace is known well enough
const MOST = 40; // answers that it is known by, the last ones
const PAUSE = 180000; // milliseconds without an answer: no work, but a break
const FINE = 10; // minutes up to which each one is said

const place = document.getElementById("minutes-left");
const notice = document.getElementById("break");
const state = { gaps: [], last: Date.now(), since: Date.now(), ...kept() };
let left = () => 0;
let item = null; // where the rater is

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT)) ?? {};
  } catch {
    return {}; // storage is switched off, or what it holds is not ours
  }
}

function keep() {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(state));
  } catch {
    // storage is switched off or full: it is measured from page to page
  }
}

function draw() {
  const items = work.timed ? left() + Number(work.later) : 0;
  if (!items || state.gaps.length < FEWEST) {
    place.textContent = "";
    return;
  }
  const seconds = state.gaps.reduce((sum, gap) => sum + gap, 0) / state.gaps.length / 1000;
  const minutes = (seconds * items) / 60;
  const said = minutes > FINE ? 5 * Math.round(minutes / 5) : Math.max(1, Math.round(minutes));
  place.textContent = `· ${counted(work.left, said)}`;
}

function part(name) {
  return notice.querySelector(`[data-part="${name}"]`);
}

function showBreak(words, isTaken) {
  part("words").textContent = words;
  part("take").hidden = isTaken;
  part("later").hidden = isTaken;
  part("over").hidden = !isTaken;
  notice.hidden = false;
}

function rest() {
  Object.assign(state, { last: Date.now(), since: Date.now() });
  notice.hidden = true;
  keep();
}

function offerBreak() {
  const minutes = Math.floor((Date.now() - state.since) / 60000);
  if (!notice || !notice.hidden || minutes < breakMinutes) return;
  showBreak(`${counted(work.breaking, minutes)} ${part("offered").content.textContent}`, false);
}

// Something was answered that had no answer before.
export function answered() {
  if (!isPaced) return;
  const now = Date.now();
  const gap = now - state.last;
  if (gap > PAUSE) state.since = now;
  else if (work.timed) state.gaps = [...state.gaps, gap].slice(-MOST);
  state.last = now;
  keep();
  draw();
  offerBreak();
}

// count: returns how many things of this block have no answer yet.
export function startRhythm(count) {
  if (!isPaced) return;
  left = count;
  if (Date.now() - state.last > PAUSE) rest();
  draw();
  if (!notice) return;
  document.addEventListener("focusin", ({ target }) => { item = target.closest("[data-item]") ?? item; });
  part("take").addEventListener("click", () => {
    document.querySelector("audio").pause();
    showBreak(part("taken").content.textContent, true);
    part("over").focus();
  });
  for (const name of ["later", "over"]) {
    part(name).addEventListener("click", () => {
      rest();
      (item ?? document.querySelector("[data-item]")).focus({ preventScroll: true }); // this button goes away
    });
  }
}
