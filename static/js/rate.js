// The judging page: grades by button or digit, each kept and sent as it is given.
import "./player.js";
import { currentItem, typing, walkItems } from "./items.js";
import { GradeQueue, uuid } from "./queue.js";

const list = document.getElementById("candidates");
const candidates = [...list.querySelectorAll(".candidate")];
const bySound = new Map(candidates.map((candidate) => [candidate.dataset.sound, candidate]));
const banner = document.getElementById("banner");
const graded = document.getElementById("graded");
const next = document.getElementById("next");

function setState(candidate, words) {
  candidate.querySelector(".state").textContent = list.dataset[words];
  candidate.dataset.state = words;
}

function show(candidate, grade) {
  for (const button of candidate.querySelectorAll(".grade")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.grade) === grade));
  }
  const count = candidates.filter((one) => one.querySelector('.grade[aria-pressed="true"]')).length;
  graded.textContent = graded.dataset.text
    .replace("{graded}", count).replace("{all}", candidates.length);
}

function tell(words) {
  banner.textContent = words ?? "";
  banner.hidden = !words;
}

const queue = new GradeQueue(
  new URL(list.dataset.grades, location).href,
  document.querySelector('meta[name="csrf-token"]').content,
  {
    saved(grade) {
      const candidate = bySound.get(grade.sound);
      if (candidate && candidate.dataset.last === grade.uuid) setState(candidate, "saved");
    },
    waiting(count) {
      for (const candidate of candidates) {
        if (count && candidate.dataset.state === "saving") setState(candidate, "kept");
      }
      const words = count === 1 ? banner.dataset.waitingOne : banner.dataset.waiting;
      if (count || !banner.dataset.sticky) tell(count && words.replace("{count}", count));
    },
    refused(grade, reason) {
      banner.dataset.sticky = "yes";
      tell(banner.dataset.refused.replace("{reason}", reason));
      const candidate = bySound.get(grade.sound);
      if (!candidate || candidate.dataset.last !== grade.uuid) return;
      show(candidate, null);
      setState(candidate, "unrated");
    },
    outdated: () => tell(banner.dataset.reload),
  },
);

function give(candidate, grade) {
  const before = candidate.querySelector('.grade[aria-pressed="true"]');
  if (before && Number(before.dataset.grade) === grade) return; // nothing new was said
  const given = {
    sound: candidate.dataset.sound,
    grade,
    uuid: uuid(),
    given_at: new Date().toISOString(),
    listened_seconds: Number(candidate.querySelector("sound-player").heard.toFixed(2)),
  };
  candidate.dataset.last = given.uuid;
  if (!banner.dataset.sticky) tell(); // what it said of missing grades is no longer so
  show(candidate, grade);
  setState(candidate, "saving");
  queue.add(given);
}

list.addEventListener("click", (event) => {
  const button = event.target.closest(".grade");
  if (!button) return;
  const candidate = button.closest(".candidate");
  give(candidate, Number(button.dataset.grade));
  // After a click of the mouse, space should play and not press the button again.
  if (event.detail) candidate.focus({ preventScroll: true });
});

document.addEventListener("keydown", (event) => {
  if (typing(event) || event.repeat) return;
  if (event.key === "r") {
    document.querySelector("#query sound-player").restart();
    return;
  }
  const candidate = currentItem()?.closest(".candidate");
  const button = /^\d$/.test(event.key) && candidate?.querySelector(`.grade[data-key="${event.key}"]`);
  if (button) give(candidate, Number(button.dataset.grade));
});
walkItems();

next.addEventListener("submit", async (event) => {
  event.preventDefault();
  const missing = candidates.filter((one) => !one.querySelector('.grade[aria-pressed="true"]'));
  if (missing.length) {
    const words = missing.length === 1 ? banner.dataset.missingOne : banner.dataset.missing;
    tell(words.replace("{count}", missing.length));
    missing[0].focus({ preventScroll: true });
    missing[0].scrollIntoView({ block: "center" });
    return;
  }
  const button = next.querySelector("button");
  button.disabled = true; // a second click must not finish the block that comes next
  await queue.drain();
  if ((await queue.pending()).length) button.disabled = false;
  else next.submit();
});

// What an earlier visit left unsaved: show it, send it, and if it was given in another sitting,
// whose sounds have other names, load the page again to see it.
const left = await queue.pending();
for (const [, { grade }] of left) {
  const candidate = bySound.get(grade.sound);
  if (!candidate) continue;
  candidate.dataset.last = grade.uuid;
  show(candidate, grade.grade);
  setState(candidate, "kept");
}
if (left.length) {
  await queue.drain();
  const strangers = left.some(([, { grade }]) => !bySound.has(grade.sound));
  if (strangers && !(await queue.pending()).length && !banner.dataset.sticky) location.reload();
}
