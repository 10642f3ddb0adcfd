// What a rater's page says of saving, and its queue.
import { counted } from "../core/words.js";
import { Kept } from "./kept.js";
import { Queue, uuid } from "./queue.js";

export const work = document.getElementById("work").dataset;
const banner = document.getElementById("banner");
const [bannerWords, more, now] = banner.children;
const listeners = [];
let refusal = ""; // stays, to be read
let isAboutSaving = false; // what the banner says, so that it goes when all is saved

export function address(of) {
  return new URL(work[of], location).href;
}

function say(words, { aboutSaving = false, waits = false } = {}) {
  bannerWords.textContent = words;
  const isRefusal = words !== "" && words === refusal;
  more.textContent = isRefusal ? banner.dataset.more : "";
  more.hidden = !isRefusal;
  now.hidden = !waits;
  banner.hidden = !words;
  isAboutSaving = aboutSaving;
}

// Say that answers are missing, in the banner's words of that name.
export function sayMissing(count, what = "missing") {
  say(counted(banner.dataset[what], count));
}

// Say that none of two lists was chosen.
export function sayUndecided() {
  say(banner.dataset.missingChoice);
}

// Say that the page cannot be left yet, where nothing says why.
export function sayUnsaved() {
  if (banner.hidden) say(banner.dataset.unsaved, { aboutSaving: true, waits: true });
}

// listener: { saved(entry), kept(), refused(entry) }
export function onSaving(listener) {
  listeners.push(listener);
}

function tell(name, ...details) {
  for (const listener of listeners) listener[name]?.(...details);
}

export const queue = new Queue(
  address("rater"),
  document.querySelector('meta[name="csrf-token"]').content,
  {
    saved: (entry) => tell("saved", entry),
    waiting(count) {
      if (count) tell("kept");
      if (count) say(counted(banner.dataset.waiting, count), { aboutSaving: true, waits: true });
      else if (isAboutSaving) say(refusal);
    },
    refused(entry, reason) {
      refusal = banner.dataset.refused.replace("{reason}", reason);
      say(refusal);
      tell("refused", entry);
    },
    outdated({ otherKey, noCookie }) {
      say(banner.dataset[otherKey ? "otherKey" : noCookie ? "noCookie" : "reload"], { aboutSaving: true });
    },
    changed: () => kept.draw(),
  },
);

now.addEventListener("click", () => queue.now());

export const kept = new Kept(queue, () => {
  if (refusal && !isAboutSaving) say("");
  refusal = "";
});

// Keep and send something; return its UUID. Kinds: see queue.js.
export function send(where, body, kind = "answer") {
  const whole = { ...body, language: work.language, uuid: uuid() };
  if (kind === "answer" && !isAboutSaving) say(refusal); // what it said of missing ones is over
  queue.add(address(where), whole, kind);
  return whole.uuid;
}
