// The sound check and the headphone test: sounds that must be played before the form is sent.
import "../player/player.js";
import { walkItems } from "../core/items.js";

const form = document.querySelector(".must-play");
const button = form.querySelector("button.btn-primary");
const hint = form.querySelector(".hint");
const left = new Set(document.querySelectorAll("sound-player"));

function draw() {
  button.setAttribute("aria-disabled", String(left.size > 0));
  hint.textContent = left.size ? hint.dataset.words : "";
}

function done({ target }) {
  left.delete(target);
  draw();
}

document.addEventListener("sound-heard", done);
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
