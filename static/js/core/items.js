// Moving from sound to sound by keys. An item is an element with data-item that holds a
// <sound-player>; items of one list follow each other.

const TYPING = 'input:not([type="range"]), select, textarea, [contenteditable]';
const PRESSABLE = "button, a, summary";
const OFF = "sounding-board-keys-off";
const STEPS = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };

let listOf = () => document; // the element whose items follow each other
let lastPlayed = null;

// Whether letters and digits are keys on this browser: people who speak to their computer, or
// press keys by accident, can turn them off.
export function singleKeys(wanted) {
  try {
    if (wanted !== undefined) localStorage.setItem(OFF, wanted ? "" : "yes");
    return !localStorage.getItem(OFF);
  } catch {
    return true; // storage is switched off
  }
}

// Whether a key is none of the page's own: it is typed into a field, moves a slider, or a dialog is
// open.
export function typing(event) {
  return event.target.closest(TYPING) || event.ctrlKey || event.metaKey || event.altKey
    || (event.target.matches('[type="range"]') && event.key.length > 1)
    || document.querySelector("dialog[open]");
}

export function currentItem() {
  return document.activeElement?.closest("[data-item]") ?? document.querySelector("[data-item]");
}

function shown(item) {
  return item.getClientRects().length > 0 && !item.closest("[inert]");
}

// The item whose sound a key is about: where the focus is, else the one that was played last.
export function soundingItem() {
  const focused = document.activeElement?.closest("[data-item]");
  const played = lastPlayed?.closest("[data-item]");
  return focused ?? (played && shown(played) ? played : currentItem());
}

function itemsWith(item) {
  return [...listOf(item).querySelectorAll("[data-item]")].filter(shown);
}

// Return the item that follows another, or nothing.
export function itemAfter(item) {
  const items = itemsWith(item);
  return items[items.indexOf(item) + 1];
}

// Where the focus is among items: an index, or half of one for between two.
function place(items) {
  const active = document.activeElement ?? document.body;
  const at = items.indexOf(active.closest("[data-item]"));
  if (at >= 0) return at;
  const after = items.findIndex((item) => active.compareDocumentPosition(item) & Node.DOCUMENT_POSITION_FOLLOWING);
  return (after < 0 ? items.length : after) - 0.5;
}

// What comes before a list's first item: the last item above it that is in no list.
function above(item) {
  const alone = [...document.querySelectorAll("[data-item]")].filter((one) => shown(one) && listOf(one) === document);
  return alone.findLast((one) => one.compareDocumentPosition(item) & Node.DOCUMENT_POSITION_FOLLOWING);
}

function step(from, by) {
  return Math.max(0, by > 0 ? Math.floor(from + 1) : Math.ceil(from - 1));
}

// A key that moves to an item tells it by "item-moved". Options: within(item) gives the element whose items the moves stay in; seek: left and right
// move inside the sound.
export function walkItems({ within = listOf, seek = false } = {}) {
  listOf = within;
  document.addEventListener("sound-play", ({ target }) => { lastPlayed = target; });
  document.addEventListener("keydown", (event) => {
    if (typing(event)) return;
    if (event.key === " " && event.repeat) return event.preventDefault();
    const item = soundingItem();
    const player = item?.querySelector("sound-player");
    const by = /^[a-z]$/.test(event.key) && !singleKeys() ? 0 : STEPS[event.key];
    if (event.key === " " && !event.target.closest(PRESSABLE)) {
      player?.toggle();
    } else if (by) {
      const items = itemsWith(currentItem());
      const from = place(items);
      const next = (by < 0 && from === 0 && above(items[0])) || items[step(from, by)];
      if (!next) return;
      next.focus({ preventScroll: true });
      next.scrollIntoView({ block: "nearest" });
      next.dispatchEvent(new CustomEvent("item-moved", { bubbles: true }));
    } else if (seek && player && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
      player.seekBy(event.key === "ArrowRight" ? 0.5 : -0.5);
    } else {
      return;
    }
    event.preventDefault();
  });
}
