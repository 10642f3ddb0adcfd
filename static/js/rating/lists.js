// Pages of whole lists: a list is played one sound after the other; on narrow screens one list is in
// sight at a time, chosen by its tab; and what is graded, or chosen, stays in view.
import { singleKeys, soundingItem, typing } from "../core/items.js";

const lists = [...document.querySelectorAll(".list")];
const tabs = [...document.querySelectorAll("#list-tabs [role=tab]")];
const soundsOf = (list) => [...list.querySelectorAll("sound-player")];
const buttonOf = (list) => list.querySelector(".play-list");

let played = null; // the list that is played, and its sound at the moment
let current = null;

function draw() {
  for (const list of lists) {
    const button = buttonOf(list);
    const isPlayed = list === played;
    button.setAttribute("aria-pressed", String(isPlayed));
    button.querySelector(".play-list-words").textContent = isPlayed ? button.dataset.stop : button.dataset.play;
  }
}

function stop() {
  const last = current;
  played = current = null;
  draw();
  if (last?.isPlaying) last.toggle();
}

function go(player) {
  current = player;
  player.closest("[data-item]").scrollIntoView({ block: "nearest" });
  player.restart();
}

function next() {
  const sounds = soundsOf(played);
  const after = sounds[sounds.indexOf(current) + 1];
  if (after) go(after);
  else stop();
}

function press(list) {
  const wasPlayed = list === played;
  stop();
  if (wasPlayed) return;
  played = list;
  draw();
  go(soundsOf(list)[0]);
}

function show(tab) {
  for (const one of tabs) {
    const isShown = one === tab;
    one.setAttribute("aria-selected", String(isShown));
    one.tabIndex = isShown ? 0 : -1;
    document.getElementById(one.getAttribute("aria-controls")).classList.toggle("shown", isShown);
  }
}

function startTabs() {
  const bar = document.getElementById("list-tabs");
  const mark = (tab, list) => tab.toggleAttribute("data-graded", list.hasAttribute("data-graded"));
  for (const [place, tab] of tabs.entries()) {
    const list = lists[place];
    new MutationObserver(() => mark(tab, list)).observe(list, { attributeFilter: ["data-graded"] });
    mark(tab, list);
    list.addEventListener("wanted", () => show(tab)); // it has no grade yet, say
  }
  bar.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) show(tab);
  });
  bar.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(event.target);
    const ends = { Home: 0, End: tabs.length - 1 };
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key] * (document.dir === "rtl" ? -1 : 1);
    const to = ends[event.key] ?? at + by;
    if (!tabs[to]) return;
    show(tabs[to]);
    tabs[to].focus();
    event.preventDefault();
    event.stopPropagation();
  });
  show(tabs[0]);
  document.querySelector(".lists").classList.add("lists-tabbed");
}

export function startLists() {
  if (!lists.length) return;
  startTabs();
  for (const list of lists) {
    const button = buttonOf(list);
    button.disabled = false;
    button.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays at its sound
    button.addEventListener("click", () => press(list));
  }
  document.addEventListener("sound-end", ({ target }) => target === current && next());
  document.addEventListener("sound-failed", ({ target }) => target === current && next());
  document.addEventListener("sound-play", ({ target }) => {
    if (!played || target === current) return;
    played = current = null; // another sound was asked for
    draw();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "p" || typing(event) || event.repeat || !singleKeys()) return;
    const isShown = (list) => list.getClientRects().length > 0;
    press(played ?? soundingItem()?.closest(".list") ?? lists.find(isShown));
  });
  // What comes into view stays clear of the answers, which lie over the foot of the window.
  const answers = document.getElementById("preference") ?? document.querySelector(".list .facets");
  new ResizeObserver(() => {
    const isFixed = getComputedStyle(answers).position === "sticky";
    document.documentElement.style.scrollPaddingBottom = isFixed ? `${answers.offsetHeight + 8}px` : "";
  }).observe(answers);
}
