// The page of a sound of one's own: what the systems find appears when it is there, and the server
// is told when the page is left, so that nothing stays there.

import "../player/player.js";
import { startTabs } from "./tabs.js";
import { walkItems } from "../core/items.js";

const PAUSE = 700; // milliseconds between two looks
const ALIVE = 10000; // and between two when all is there: they show that the page is open

const page = document.getElementById("own-page");

// What this view of the page calls itself: what it had asked before it was left, and is answered
// after, must not look as if it had been opened again.
let view = newView();

function newView() {
  return Math.random().toString(36).slice(2);
}

function seen(address) {
  return fetch(`${address}?view=${view}`, { headers: { Accept: "application/json, text/html" } });
}

walkItems({ within: (item) => item?.closest(".system") ?? document, seek: true });

function states() {
  return Object.fromEntries([...page.querySelectorAll("[data-system]")].map((one) => [one.dataset.system, one]));
}

// Put in place what is new on the page as the server has it now.
async function renew() {
  const answer = await seen(location.pathname);
  if (!answer.ok) return location.reload();
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const now = states();
  for (const section of fresh.querySelectorAll("[data-system]")) {
    const old = now[section.dataset.system];
    if (old.dataset.state === section.dataset.state) continue;
    old.replaceChildren(...document.adoptNode(section).childNodes);
    old.dataset.state = section.dataset.state;
  }
  const actions = document.getElementById("own-actions");
  const isInside = actions.contains(document.activeElement);
  actions.replaceWith(document.adoptNode(fresh.getElementById("own-actions")));
  if (isInside) document.querySelector("#own-actions :is(a, button)").focus();
}

let isRunning = Boolean(page.dataset.running);

async function look() {
  try {
    const answer = await seen(page.dataset.status);
    if (answer.status === 404) return location.reload();
    const found = await answer.json();
    const sentence = document.getElementById("own-sentence");
    if (sentence.textContent !== found.sentence) sentence.textContent = found.sentence;
    const now = states();
    const isNew = Object.entries(found.systems).some(([system, state]) => now[system]?.dataset.state !== state);
    if (isNew || isRunning !== found.running) await renew();
    isRunning = found.running;
  } catch {
    // the server is away for a moment; the next look tells
  }
  setTimeout(look, isRunning ? PAUSE : ALIVE);
}

let isGoing = false; // by one of the page's own buttons, whose answer says what becomes of the sound
page.addEventListener("submit", () => { isGoing = true; });
window.addEventListener("pagehide", () => {
  if (isGoing) return;
  const body = new FormData();
  body.append("csrf_token", page.dataset.token);
  body.append("view", view);
  navigator.sendBeacon(page.dataset.leave, body);
});
window.addEventListener("pageshow", (event) => {
  isGoing = false;
  if (!event.persisted) return;
  view = newView(); // back from another page: the sound may be gone, or stays now
  renew();
});

startTabs();
setTimeout(look, isRunning ? PAUSE : ALIVE);
