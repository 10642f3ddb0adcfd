// What a rater's page says of saving, and its queue.
import { Queue, uuid } from "./queue.js";

export const work = document.getElementById("work").dataset;
const banner = document.getElementById("banner");
const listeners = [];
let isSticky = false; // a refusal stays, to be read

export function address(of) {
  return new URL(work[of], location).href;
}

export function say(words) {
  banner.textContent = words || "";
  banner.hidden = !words;
}

// Say that answers are missing, in the banner's words of that name.
export function sayMissing(count, what = "missing") {
  say((count === 1 && banner.dataset[`${what}One`] || banner.dataset[what]).replace("{count}", count));
}

// Say that the page cannot be left yet, where nothing says why.
export function sayUnsaved() {
  if (banner.hidden) say(banner.dataset.unsaved);
}

// What the banner said before is no longer so.
export function sayNothing() {
  if (!isSticky) say();
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
      const words = count === 1 ? banner.dataset.waitingOne : banner.dataset.waiting;
      if (count) say(words.replace("{count}", count));
      else if (!isSticky) say();
    },
    refused(entry, reason) {
      isSticky = true;
      say(banner.dataset.refused.replace("{reason}", reason));
      tell("refused", entry);
    },
    outdated: () => say(banner.dataset.reload),
  },
);

// Keep and send something; return its UUID. Kinds: see queue.js.
export function send(where, body, kind = "answer") {
  const whole = { ...body, uuid: uuid() };
  if (kind === "answer") sayNothing();
  queue.add(address(where), whole, kind);
  return whole.uuid;
}
