// Grades of sounds, or of whole lists: by button, digit or arrow, each kept and sent as it is given.
import { currentItem, singleKeys, typing } from "../core/items.js";
import { CANNOT_SAY, asSent, givenOf } from "./cannot-say.js";
import { heardEnough, heardSeconds, heardShare } from "./listening.js";
import { onSaving, sayMissing, send, work } from "./saving.js";
import { Scale } from "./scale.js";

// Towards the end of a line grades rise, also where lines begin at the right.
const ARROWS = document.dir === "rtl" ? { ArrowLeft: 1, ArrowRight: -1 } : { ArrowLeft: -1, ArrowRight: 1 };
const SETTLE = 350; // milliseconds without another nudge until a grade is sent

// A sound or a list that is graded: its scales, one for each question, and its line of state.
class Gradable {
  constructor(element, changed) {
    Object.assign(this, { element, changed });
    this.sound = element.dataset.sound;
    this.isList = "list" in element.dataset;
    this.item = this.isList ? element.querySelector("[data-item]") : element;
    this.state = element.querySelector(".state");
    this.hint = element.querySelector(".hint");
    const give = (...given) => this.give(...given);
    this.scales = [...element.querySelectorAll(".scale")].map((part) => new Scale(part, element, give));
    this.last = this.scales[0]; // where the rater last was
    for (const scale of this.scales) scale.sent = scale.grade;
    this.watchLock();
    element.addEventListener("sound-heard", () => this.watchLock());
    element.addEventListener("reported", () => {
      this.hint.textContent = "";
      this.draw();
    });
    element.addEventListener("focusin", ({ target }) => {
      this.last = this.scales.find((scale) => scale.element.contains(target)) ?? this.last;
    });
  }

  get isWhole() {
    return this.scales.every((scale) => scale.grade !== null);
  }

  // A sound that is broken wants no grade; a list that has one does.
  get isBroken() {
    return !this.isList && this.element.querySelector(".report:disabled") !== null;
  }

  get isDone() {
    return this.isWhole || this.isBroken;
  }

  // Too little was heard of it to grade it, and it has no grade yet.
  get isLocked() {
    return this.scales.every((scale) => scale.grade === null) && !heardEnough(this.element);
  }

  watchLock() {
    const { isLocked } = this;
    if (isLocked === this.wasLocked) return;
    this.wasLocked = isLocked;
    for (const scale of this.scales) scale.lock(isLocked);
    this.hint.textContent = isLocked ? work.locked : "";
  }

  // Say why a key or a button does nothing; again where it says so already, to be heard.
  explain(words) {
    this.hint.textContent = "";
    requestAnimationFrame(() => { this.hint.textContent = words; });
  }

  draw() {
    const graded = this.scales.filter((scale) => scale.grade !== null).length;
    const states = this.scales.map((scale) => scale.state);
    let words = graded ? "saved" : this.isBroken ? "broken" : "unrated";
    if (states.includes("kept")) words = "kept";
    else if (states.includes("saving")) words = "saving";
    else if (graded && !this.isWhole) words = "partly";
    const text = work[words].replace("{graded}", graded).replace("{all}", this.scales.length);
    if (this.state.textContent !== text) this.state.textContent = text;
    this.element.dataset.state = words;
    this.element.toggleAttribute("data-graded", this.isDone);
    this.changed();
  }

  show(scale, grade, state) {
    scale.show(grade);
    scale.state = state;
    this.watchLock();
    this.draw();
  }

  // soon: more nudges may follow, so that it is sent when they are over.
  give(scale, grade, { soon = false } = {}) {
    this.last = scale;
    if (this.isLocked) return this.explain(work.locked);
    if (this.hint.textContent) this.hint.textContent = "";
    const isWaiting = Boolean(scale.timer);
    if (isWaiting) this.stopWaiting(scale);
    if (scale.sent === grade) { // nothing new was said
      if (isWaiting) this.show(scale, grade, scale.stateBefore);
      return;
    }
    if (!isWaiting) scale.stateBefore = scale.state;
    this.show(scale, grade, "saving");
    if (soon) scale.timer = setTimeout(() => this.send(scale), SETTLE);
    else this.send(scale);
  }

  stopWaiting(scale) {
    clearTimeout(scale.timer);
    scale.timer = 0;
  }

  send(scale) {
    this.stopWaiting(scale);
    scale.sent = scale.grade;
    const [where, answer] = asSent(scale.grade);
    scale.uuid = send(where, {
      sound: this.sound,
      facet: scale.facet,
      ...answer,
      given_at: new Date().toISOString(),
      listened_seconds: heardSeconds(this.element),
      heard: heardShare(this.element),
    });
  }

  // A digit goes to the question that has the focus, else to the first without an answer.
  digit(key) {
    const focused = this.scales.find((scale) => scale.element.contains(document.activeElement));
    const open = this.scales.length === 1 ? this.scales[0] : this.scales.find((scale) => scale.grade === null);
    const scale = focused ?? open;
    const button = (scale ?? this.scales[0]).buttons.find((one) => one.dataset.key === key);
    if (!button) return;
    if (scale) this.give(scale, Number(button.dataset.grade));
    else this.explain(work.answered);
  }

  // As a digit does: to the question that has the focus, else to the first without an answer.
  cannotSay() {
    const focused = this.scales.find((scale) => scale.element.contains(document.activeElement));
    const scale = focused ?? this.scales.find((one) => one.grade === null) ?? this.last;
    if (scale.cannotSay) this.give(scale, CANNOT_SAY);
  }

  // An arrow nudges where the rater last was, if that has grades between its anchors.
  arrow(by) {
    const scale = this.last.exact ? this.last : this.scales.find((one) => one.exact);
    if (!scale) return false;
    if (scale.grade === null) this.explain(this.isLocked ? work.locked : work.ungraded);
    else scale.nudge(by);
    return true;
  }
}

// The gradables of the page, and the two places that say how many have a grade.
class Page {
  constructor() {
    const changed = () => this.drawProgress();
    this.gradables = [...document.querySelectorAll(".gradable")]
      .map((element) => new Gradable(element, changed));
    this.progress = document.getElementById("graded");
    this.sitting = document.getElementById("sitting");
    this.elsewhere = Number(this.progress.dataset.graded) - this.done;
  }

  get done() {
    return this.gradables.filter((gradable) => gradable.isDone).length;
  }

  drawProgress() {
    const graded = this.elsewhere + this.done;
    const { text, all } = this.progress.dataset;
    this.progress.textContent = text.replace("{graded}", graded).replace("{all}", all);
    if (this.sitting) this.sitting.value = Number(this.sitting.dataset.done) + graded / Math.max(1, Number(all));
  }

  // Return the gradable that an element is in.
  find(element) {
    return this.gradables.find((gradable) => gradable.element.contains(element));
  }

  // Return the gradable and the scale that an entry of the queue is about, or nothing.
  about({ body }) {
    const gradable = this.gradables.find((one) => one.sound === body.sound);
    const scale = gradable?.scales.find((one) => one.facet === (body.facet ?? one.facet));
    return scale ? [gradable, scale] : [];
  }

  // What became of an entry; of interest where nothing was given since.
  saved(entry) {
    const [gradable, scale] = this.about(entry);
    if (scale?.uuid !== entry.body.uuid) return;
    if (scale.timer) scale.stateBefore = "saved"; // nudges go on
    else gradable.show(scale, scale.grade, "saved");
  }

  kept() {
    for (const gradable of this.gradables) {
      for (const scale of gradable.scales) {
        if (scale.timer && scale.stateBefore === "saving") scale.stateBefore = "kept";
        else if (scale.state === "saving") gradable.show(scale, scale.grade, "kept");
      }
    }
  }

  refused(entry) {
    const [gradable, scale] = this.about(entry);
    if (scale?.uuid !== entry.body.uuid || scale.timer) return;
    scale.sent = null;
    gradable.show(scale, null, "");
  }

  onClick(event) {
    const button = event.target.closest(".grade, .nudge");
    const gradable = button && this.find(button);
    if (!gradable) return;
    const scale = gradable.scales.find((one) => one.element.contains(button));
    const unsaid = gradable.scales.find((one) => one.cannotSay === button);
    if (unsaid) gradable.give(unsaid, CANNOT_SAY);
    if (scale) gradable.give(scale, Number(button.dataset.grade));
    // After a click of the mouse, space should play and not press the button again.
    if (event.detail) gradable.item.focus({ preventScroll: true });
  }

  onKey(event) {
    const gradable = !typing(event) && (this.find(document.activeElement) ?? this.find(currentItem()));
    if (!gradable) return;
    const by = ARROWS[event.key];
    if (by && gradable.arrow(by)) event.preventDefault();
    else if (/^\d$/.test(event.key) && !event.repeat && singleKeys()) gradable.digit(event.key);
    else if (event.key === "c" && !event.repeat && singleKeys()) gradable.cannotSay();
  }

  flush() {
    for (const gradable of this.gradables) {
      for (const scale of gradable.scales) {
        if (scale.timer) gradable.send(scale);
      }
    }
  }

  // Say what has no answer yet, and go there; return whether there is any.
  sayMissing() {
    const missing = this.gradables.filter((gradable) => !gradable.isDone);
    if (!missing.length) return false;
    sayMissing(missing.length, missing[0].isList ? "missingList" : "missing");
    missing[0].element.dispatchEvent(new CustomEvent("wanted")); // it may be out of sight
    missing[0].item.focus({ preventScroll: true });
    missing[0].element.scrollIntoView({ block: "center" });
    return true;
  }

  // Show what an earlier visit left unsaved; return whether it is of this page.
  restore(entry) {
    const [gradable, scale] = this.about(entry);
    if (!scale) return false;
    const given = givenOf(entry.body);
    Object.assign(scale, { uuid: entry.body.uuid, sent: given });
    gradable.show(scale, given, "kept");
    return true;
  }
}

export function grading() {
  const page = new Page();
  onSaving(page);
  document.addEventListener("click", (event) => page.onClick(event));
  document.addEventListener("keydown", (event) => page.onKey(event));
  window.addEventListener("pagehide", () => page.flush());
  return page;
}
