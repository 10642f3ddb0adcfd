// What a judging page does with listening: it tells the server each stretch, loads the sounds that
// come next, and reports broken ones.
import { heardOf } from "../player/heard.js";
import { plays, prefetch } from "../player/prefetch.js";
import { send, work } from "./saving.js";

const AHEAD = 2; // sounds that are loaded before they are played
const must = Number(work.must);
const mustSeconds = Number(work.mustSeconds); // or so many, where that is less; 0: the share alone

function soundOf(player) {
  return player.dataset.src.split("/").at(-1);
}

// The share that was heard of an element's sound, or the smallest of its sounds', to three digits.
export function heardShare(element) {
  const shares = [...element.querySelectorAll("sound-player")].map((player) => player.share);
  return Number(Math.min(...shares).toFixed(3));
}

export function heardSeconds(element) {
  const players = [...element.querySelectorAll("sound-player")];
  return Number(players.reduce((sum, player) => sum + player.heard, 0).toFixed(2));
}

// The seconds that were heard of an element's sound at least once, or the fewest of its sounds'.
function coveredSeconds(element) {
  const players = [...element.querySelectorAll("sound-player")];
  return Math.min(...players.map((player) => heardOf(player.dataset.src).covered));
}

// Whether enough was heard of an element's sound to grade it.
export function heardEnough(element) {
  return heardShare(element) >= must || (mustSeconds > 0 && coveredSeconds(element) >= mustSeconds);
}

function prefetchAfter(player) {
  const players = [...document.querySelectorAll("sound-player")];
  const at = players.indexOf(player);
  for (const next of players.slice(at + 1, at + 1 + AHEAD)) prefetch(next);
}

function report(sound) {
  send("flag", { sound, given_at: new Date().toISOString() }, "report");
  for (const button of document.querySelectorAll(`.report[data-report="${sound}"]`)) {
    button.disabled = true;
    button.textContent = button.dataset.done;
    button.setAttribute("aria-label", button.dataset.doneLabel);
    button.dispatchEvent(new CustomEvent("reported", { bubbles: true }));
  }
}

// A sound that does not load: the way to report it stands beside what says so.
function offerReport(player) {
  const button = player.closest("[data-item]").querySelector(".report");
  if (!button || button.disabled) return;
  const copy = button.cloneNode(true);
  copy.className = "btn btn-outline-primary report";
  player.message.append(" ", copy);
}

export function startListening() {
  document.addEventListener("sound-stretch", ({ target, detail }) => {
    send("listen", { sound: soundOf(target), ...detail }, "listen");
  });
  document.addEventListener("sound-play", ({ target }) => {
    plays(target);
    prefetchAfter(target);
  });
  document.addEventListener("sound-failed", ({ target }) => offerReport(target));
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".report");
    if (!button) return;
    report(button.dataset.report);
    button.closest("[data-item]").focus({ preventScroll: true }); // a disabled button loses it
  });
  const first = document.querySelector("sound-player");
  prefetch(first);
  prefetchAfter(first);
}
