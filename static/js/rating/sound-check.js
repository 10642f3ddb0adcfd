// The sound check and the headphone test: sounds that must be played before the form is sent; those
// of the test, and beeps to be counted, to the end: who heard two of three tones cannot tell which was
// the quietest.
import "../player/player.js";
import { walkItems } from "../core/items.js";

const form = document.querySelector(".must-play");
const button = form.querySelector("button.btn-primary");
const hint = form.querySelector(".hint");
const WHOLE = 0.95; // the share: browsers end a sound a little early
const left = new Set(document.querySelectorAll("sound-player"));

function draw() {
  button.setAttribute("aria-disabled", String(left.size > 0));
  hint.textContent = left.size ? hint.dataset.words : "";
}

function done({ target }) {
  left.delete(target);
  draw();
}

document.addEventListener("sound-heard", (event) => {
  const mustEnd = event.target.closest("[data-whole]") !== null;
  if (!mustEnd || event.target.share >= WHOLE) done(event);
});
document.addEventListener("sound-failed", done); // nobody is kept here by a sound that cannot be heard
form.addEventListener("submit", (event) => {
  if (!left.size) return;
  event.preventDefault();
  const [player] = left;
  player.querySelector(".play").focus();
  hint.textContent = "";
  requestAnimationFrame(draw);
});
draw();
walkItems();
