// The words of the field open what they mean on hover and on focus, too: the browser itself opens it
// on a press. What a table's heading means, its title, is opened from the button that sorts by it.

const LINGER = 250; // milliseconds in which the pointer may go over to the meaning
const EDGE = 8; // pixels from the window's edges
let closing = 0;

function place(meaning, word) {
  const at = word.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = meaning;
  const left = Math.max(EDGE, Math.min(at.left, innerWidth - width - EDGE));
  const below = at.bottom + 4;
  const top = below + height + EDGE <= innerHeight ? below : Math.max(EDGE, at.top - height - 4);
  Object.assign(meaning.style, { left: `${left}px`, top: `${top}px`, margin: 0 });
}

function open(word) {
  clearTimeout(closing);
  const meaning = document.getElementById(word.getAttribute("aria-describedby"));
  if (!meaning.matches(":popover-open")) meaning.showPopover();
  place(meaning, word);
}

function close() {
  clearTimeout(closing);
  for (const meaning of document.querySelectorAll(".term-meaning:popover-open")) meaning.hidePopover();
}

function closeSoon() {
  clearTimeout(closing);
  closing = setTimeout(close, LINGER);
}

function explain(word, meaning) {
  word.removeAttribute("popovertarget"); // a press would close what focus has opened
  word.addEventListener("pointerenter", () => open(word));
  word.addEventListener("pointerleave", closeSoon);
  word.addEventListener("focus", () => open(word));
  word.addEventListener("blur", close);
  word.addEventListener("click", () => open(word));
  meaning.addEventListener("pointerenter", () => clearTimeout(closing));
  meaning.addEventListener("pointerleave", closeSoon);
}

// A heading's title is shown by the pointer alone, and by no key.
function explainHeading(heading, number) {
  const meaning = document.createElement("div");
  Object.assign(meaning, { className: "term-meaning", id: `heading-${number}`, popover: "auto" });
  meaning.textContent = heading.title;
  heading.removeAttribute("title");
  document.body.append(meaning);
  const button = heading.querySelector(".sort");
  button.setAttribute("aria-describedby", meaning.id);
  explain(button, meaning);
}

function start() {
  for (const word of document.querySelectorAll(".term")) {
    explain(word, document.getElementById(word.getAttribute("aria-describedby")));
  }
  document.querySelectorAll("th[title]:has(.sort)").forEach(explainHeading);
  addEventListener("scroll", close, { passive: true });
}

// Once all scripts of the page have run: buttons that sort are made by another one.
if ("popover" in HTMLElement.prototype) addEventListener("DOMContentLoaded", start);
