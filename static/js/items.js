// Moving from sound to sound by keys. An item is an element with data-item that holds a
// <sound-player>; items of one list follow each other.

const TYPING = "input, select, textarea, [contenteditable]";
const PRESSABLE = "button, a, summary";

export function typing(event) {
  return event.target.closest(TYPING) || event.ctrlKey || event.metaKey || event.altKey;
}

export function currentItem() {
  return document.activeElement?.closest("[data-item]") ?? document.querySelector("[data-item]");
}

function shown(item) {
  return item.getClientRects().length > 0;
}

// Options: within(item) gives the element whose items the arrows stay in; seek: left and right
// move inside the sound.
export function walkItems({ within = () => document, seek = false } = {}) {
  document.addEventListener("keydown", (event) => {
    if (typing(event)) return;
    if (event.key === " " && event.repeat) return event.preventDefault();
    const item = currentItem();
    const player = item?.querySelector("sound-player");
    if (event.key === " " && !event.target.closest(PRESSABLE)) {
      player?.toggle();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const items = [...within(item).querySelectorAll("[data-item]")].filter(shown);
      const at = document.activeElement?.closest("[data-item]") ? items.indexOf(item) : -1;
      const next = items[Math.max(0, at + (event.key === "ArrowDown" ? 1 : -1))];
      if (!next) return;
      next.focus({ preventScroll: true });
      next.scrollIntoView({ block: "nearest" });
    } else if (seek && player && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
      player.seekBy(event.key === "ArrowRight" ? 0.5 : -0.5);
    } else {
      return;
    }
    event.preventDefault();
  });
}
