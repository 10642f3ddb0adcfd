// One question's grade: the buttons of its anchors and, where grades lie between them, the exact
// value with its two small buttons. It shows; what is given is told to `give(scale, grade)`.

import { CANNOT_SAY, cannotSayButton } from "./cannot-say.js";

const HOLD = 450; // milliseconds until a button that is held down goes on by itself
const PACE = 90;

export class Scale {
  constructor(element, holder, give) {
    Object.assign(this, { element, give });
    this.facet = element.dataset.facet;
    this.buttons = [...element.querySelectorAll(".grade")];
    this.cannotSay = cannotSayButton(holder, this.facet);
    this.allowed = element.dataset.allowed ? element.dataset.allowed.split(" ").map(Number) : [];
    this.exact = holder.querySelector(`[data-exact="${this.facet}"]`);
    const isUnsaid = this.cannotSay?.getAttribute("aria-pressed") === "true";
    this.show(isUnsaid ? CANNOT_SAY : element.dataset.grade === "" ? null : Number(element.dataset.grade));
    for (const button of this.exact?.querySelectorAll(".nudge") ?? []) this.hold(button);
  }

  show(given) {
    this.grade = given;
    const grade = given === CANNOT_SAY ? null : given;
    this.cannotSay?.setAttribute("aria-pressed", String(given === CANNOT_SAY));
    const distance = (button) => Math.abs(Number(button.dataset.grade) - grade);
    const nearest = Math.min(...this.buttons.map(distance));
    for (const button of this.buttons) {
      const isNearest = grade !== null && distance(button) === nearest;
      button.setAttribute("aria-pressed", String(isNearest && nearest === 0));
      button.classList.toggle("near", isNearest && nearest > 0);
    }
    if (!this.exact) return;
    this.exact.hidden = grade === null;
    this.exact.querySelector(".exact-value").textContent = grade ?? "";
    const [less, more] = this.exact.querySelectorAll(".nudge");
    less.setAttribute("aria-disabled", String(grade === this.allowed[0]));
    more.setAttribute("aria-disabled", String(grade === this.allowed.at(-1)));
  }

  lock(isLocked) {
    for (const button of this.buttons) button.setAttribute("aria-disabled", String(isLocked));
    this.cannotSay?.setAttribute("aria-disabled", String(isLocked));
  }

  // Give the next grade below (-1) or above (1).
  nudge(by) {
    if (this.grade === CANNOT_SAY) return;
    const next = this.allowed[this.allowed.indexOf(this.grade) + by];
    if (next !== undefined) this.give(this, next, { soon: true });
  }

  // A click nudges once; who holds the button down goes on.
  hold(button) {
    const by = Number(button.dataset.by);
    let timer = 0;
    let wasHeld = false;
    const stop = () => clearTimeout(timer);
    const go = () => {
      wasHeld = true;
      this.nudge(by);
      timer = setTimeout(go, PACE);
    };
    button.addEventListener("pointerdown", (event) => {
      wasHeld = false;
      if (event.button === 0) timer = setTimeout(go, HOLD);
    });
    for (const end of ["pointerup", "pointerleave", "pointercancel"]) button.addEventListener(end, stop);
    button.addEventListener("contextmenu", (event) => event.preventDefault()); // of a long touch
    button.addEventListener("click", () => {
      if (!wasHeld) this.nudge(by);
      wasHeld = false;
    });
  }
}
