// Grades of sounds, or of whole lists: by button, digit or arrow, each kept and sent as it is given.
import { currentItem, singleKeys, typing } from "../core/items.js";
import { orderByGrades } from "./by-grades.js";
import { CANNOT_SAY, asSent, givenOf } from "./cannot-say.js";
import { heardEnough, heardSeconds, heardShare } from "./listening.js";
import { isOn, isPaced, moveTo, way } from "./pace.js";
import { answered } from "./rhythm.js";
import { onSaving, sayMissing, send, work } from "./saving.js";
import { Scale } from "./scale.js";

// Towards the end of a line grades rise, also where lines begin at the right.
const ARROWS = document.dir === "rtl" ? { ArrowLeft: 1, ArrowRight: -1 } : { ArrowLeft: -1, ArrowRight: 1 };
const SETTLE = 350; // milliseconds without another nudge until a grade is sent

// A sound or a list that is graded: its scales, one for each question, and its line of state.
class Gradable {
  // changed(): something else is shown; sent(gradable, scale, before): a grade was, after that one.
  constructor(element, changed, sent) {
    Object.assign(this, { element, changed, sent });
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

  // soon: more nudges may follow, so that it is sent when they are over. Return whether it is taken.
  give(scale, grade, { soon = false } = {}) {
    this.last = scale;
    if (this.isLocked) {
      this.explain(work.locked);
      return false;
    }
    if (this.hint.textContent) this.hint.textContent = "";
    const isWaiting = Boolean(scale.timer);
    if (isWaiting) this.stopWaiting(scale);
    if (scale.sent === grade) { // nothing new was said
      if (isWaiting) this.show(scale, grade, scale.stateBefore);
      return true;
    }
    if (!isWaiting) scale.stateBefore = scale.state;
    this.show(scale, grade, "saving");
    if (soon) scale.timer = setTimeout(() => this.send(scale), SETTLE);
    else this.send(scale);
    return true;
  }

  stopWaiting(scale) {
    clearTimeout(scale.timer);
    scale.timer = 0;
  }

  send(scale) {
    this.stopWaiting(scale);
    const before = scale.sent;
    scale.sent = scale.grade;
    this.post(scale, asSent(scale.grade));
    this.sent(this, scale, before);
  }

  // Take an answer back, as a new one: the one before counts again, or none.
  takeBack(scale, before) {
    const { sent } = scale;
    scale.sent = before;
    this.show(scale, before, "saving");
    this.post(scale, before === null ? ["grade", { grade: sent, taken_back: true }] : asSent(before));
    if (before === null) this.explain(work.takenBack);
  }

  post(scale, [where, answer]) {
    scale.uuid = send(where, {
      sound: this.sound,
      facet: scale.facet,
      ...answer,
      ...(isPaced && where === "grade" && { way: way() }),
      given_at: new Date().toISOString(),
      listened_seconds: heardSeconds(this.element),
      heard: heardShare(this.element),
    });
  }

  // A digit goes to the question that has the focus, else to the first without an answer. Return
  // whether it gives a grade.
  digit(key) {
    const focused = this.scales.find((scale) => scale.element.contains(document.activeElement));
    const open = this.scales.length === 1 ? this.scales[0] : this.scales.find((scale) => scale.grade === null);
    const scale = focused ?? open;
    const button = (scale ?? this.scales[0]).buttons.find((one) => one.dataset.key === key);
    if (!button) return false;
    if (scale) return this.give(scale, Number(button.dataset.grade));
    this.explain(work.answered);
    return false;
  }

  // As a digit does: to the question that has the focus, else to the first without an answer.
  cannotSay() {
    const focused = this.scales.find((scale) => scale.element.contains(document.activeElement));
    const scale = focused ?? this.scales.find((one) => one.grade === null) ?? this.last;
    return Boolean(scale.cannotSay) && this.give(scale, CANNOT_SAY);
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
    const sent = (...given) => this.note(...given);
    this.given = []; // { gradable, scale, before } of each grade of this page, to be taken back
    this.gradables = [...document.querySelectorAll(".gradable")]
      .map((element) => new Gradable(element, changed, sent));
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

  // How many things of the block have no grade yet.
  get open() {
    return Number(this.progress.dataset.all) - this.elsewhere - this.done;
  }

  // The first item without a grade, in the order that is seen, or nothing; behind one if it is given.
  firstOpen(behind = null) {
    const seen = [...document.querySelectorAll(".gradable")].map((element) => this.find(element));
    return seen.slice(seen.indexOf(behind) + 1).find((one) => !one.isDone)?.item;
  }

  note(gradable, scale, before) {
    this.given.push({ gradable, scale, before });
    if (before === null) answered();
  }

  takeBack() {
    this.flush();
    const last = this.given.at(-1);
    // a first “I can't say” is no grade: any grade takes its place
    const isGrade = last && (last.before !== null || last.scale.sent !== CANNOT_SAY);
    if (!isGrade) return (last?.gradable ?? this.find(document.activeElement))?.explain(work.nothingBack);
    this.given.pop();
    last.gradable.takeBack(last.scale, last.before);
    moveTo(last.gradable.item, { plays: isOn("play_on_move") || isOn("go_on") });
  }

  // After a grade: to the next sound without one, or to the button that goes on from the page.
  goOn(gradable) {
    if (!isOn("go_on") || gradable.isList || !gradable.isWhole) return false;
    const next = this.firstOpen(gradable);
    if (next) moveTo(next);
    else document.querySelector("#next button").focus();
    return true;
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
    scale.sent = entry.body.taken_back ? entry.body.grade : null;
    gradable.show(scale, scale.sent, "");
  }

  onClick(event) {
    const button = event.target.closest(".grade, .nudge");
    const gradable = button && this.find(button);
    if (!gradable) return;
    const scale = gradable.scales.find((one) => one.element.contains(button));
    const unsaid = gradable.scales.find((one) => one.cannotSay === button);
    const isGiven = (unsaid && gradable.give(unsaid, CANNOT_SAY))
      || (scale && gradable.give(scale, Number(button.dataset.grade)));
    if (isGiven && this.goOn(gradable)) return;
    // After a click of the mouse, space should play and not press the button again.
    if (event.detail) gradable.item.focus({ preventScroll: true });
  }

  onKey(event) {
    if (event.key === "Backspace" && isPaced && !typing(event) && !event.repeat) {
      event.preventDefault();
      return this.takeBack();
    }
    const gradable = !typing(event) && (this.find(document.activeElement) ?? this.find(currentItem()));
    if (!gradable) return;
    const by = ARROWS[event.key];
    if (by && gradable.arrow(by)) event.preventDefault();
    else if (/^\d$/.test(event.key) && !event.repeat && singleKeys() && gradable.digit(event.key)) this.goOn(gradable);
    else if (event.key === "c" && !event.repeat && singleKeys() && gradable.cannotSay()) this.goOn(gradable);
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
    const given = entry.body.taken_back ? null : givenOf(entry.body);
    Object.assign(scale, { uuid: entry.body.uuid, sent: given });
    gradable.show(scale, given, "kept");
    return true;
  }
}

export function grading() {
  const page = new Page();
  onSaving(page);
  orderByGrades(page.gradables);
  document.addEventListener("click", (event) => page.onClick(event));
  document.addEventListener("keydown", (event) => page.onKey(event));
  window.addEventListener("pagehide", () => page.flush());
  return page;
}
