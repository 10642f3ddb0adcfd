// The judging pages: what is common to grades of sounds, choices between two lists, and grades of
// lists.
import "../player/player.js";
import { grading } from "./grading.js";
import { startHelp } from "../core/help.js";
import { singleKeys, typing, walkItems } from "../core/items.js";
import { startElsewhere } from "./elsewhere.js";
import { startMarks } from "./heard-marks.js";
import { startListening } from "./listening.js";
import { startLists } from "./lists.js";
import { startPace } from "./pace.js";
import { preference } from "./preference.js";
import { startRemarks } from "./remarks.js";
import { startRhythm } from "./rhythm.js";
import { kept, queue, sayUnsaved, work } from "./saving.js";
import { startTools } from "./tools.js";

const panel = document.getElementById("preference");
const answers = panel ? preference(panel) : grading();
const next = document.getElementById("next");
const top = document.querySelector(".rate-query");

// Before there is somebody to take an answer, its button cannot be pressed: none gets lost.
for (const button of document.querySelectorAll(".grade, .nudge")) button.disabled = false;

startListening();
startElsewhere();
startHelp();
walkItems();
startMarks();
startTools();
startLists();
startRemarks();

document.addEventListener("keydown", (event) => {
  if (event.key !== "r" || typing(event) || event.repeat || !singleKeys()) return;
  document.querySelector("#query sound-player").restart();
});

// What comes into view stays clear of the query, which lies over the top of the window.
new ResizeObserver(() => {
  const isFixed = getComputedStyle(top).position === "sticky";
  document.documentElement.style.scrollPaddingTop = isFixed ? `${top.offsetHeight + 8}px` : "";
}).observe(top);

next.addEventListener("submit", async (event) => {
  event.preventDefault();
  // without its query, nothing on the page can be judged: the block is given back
  const isBroken = document.querySelector("#query .report:disabled") !== null;
  if (!isBroken && !work.preview && answers.sayMissing()) return;
  const button = next.querySelector("button");
  if (button.disabled) return;
  button.disabled = true; // a second click must not finish the page that comes next
  answers.flush();
  if (await queue.settle()) {
    next.submit();
  } else {
    sayUnsaved();
    button.disabled = false;
  }
});
// A page that comes back from the browser's cache can be sent again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// What an earlier visit left unsaved: show it, send it, and if it was given in another sitting,
// whose sounds have other names, load the page again to see it. What was refused is tried once more.
const left = (await queue.unsaved()).filter(([, { kind }]) => kind === "answer");
const strangers = left.filter(([, entry]) => !answers.restore(entry));
startRhythm(() => answers.open);
startPace(() => answers.firstOpen());
const stored = (await queue.retry()) + (await queue.adopt());
kept.draw();
const isShown = !stored && (!strangers.length || !document.getElementById("banner").hidden);
if (!isShown && (await queue.settle())) location.reload();
