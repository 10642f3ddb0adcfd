// Says where else a rater's page is open: in another tab of this browser, by a channel of their own,
// or in another browser or on another device, by what the server knows of the last grades.
import { work, address, onSaving } from "./saving.js";

const notice = document.getElementById("elsewhere");
const KEY = `answered ${work.rater}`; // in the session's storage: when this tab answered last

const id = crypto.getRandomValues(new Uint32Array(2)).join("-");
const tabs = new Map(); // the other tabs: id -> when the last answer was given there, 0 for none
let mine = 0;
try {
  mine = Number(sessionStorage.getItem(KEY) ?? 0);
} catch {
  // no storage: known of this page alone
}
let channel = null;

function words() {
  if (tabs.size) {
    const theirs = Math.max(...tabs.values());
    if (!theirs && !mine) return notice.dataset.tab;
    return theirs > mine ? notice.dataset.tabThere : notice.dataset.tabHere;
  }
  const { at } = notice.dataset;
  if (!at) return "";
  const format = { hour: "2-digit", minute: "2-digit" };
  const time = new Date(at).toLocaleTimeString(document.documentElement.lang || undefined, format);
  return notice.dataset.device.replace("{time}", time);
}

function draw() {
  const text = words();
  if (notice.textContent !== text) notice.textContent = text;
  notice.hidden = !text;
}

function tell(what = {}) {
  channel?.postMessage({ id, answered: mine, ...what });
}

function open() {
  if (channel || typeof BroadcastChannel === "undefined") return;
  channel = new BroadcastChannel(`sounding-board ${work.rater}`);
  channel.addEventListener("message", ({ data }) => {
    if (data.leaves) tabs.delete(data.id);
    else tabs.set(data.id, data.answered);
    if (data.answered) notice.dataset.at = ""; // the last grade came from this browser
    if (data.asks) tell();
    draw();
  });
  tell({ asks: true });
}

// Ask the server where the last grades came from: whoever comes back to a page may have gone on
// elsewhere meanwhile.
async function ask() {
  try {
    const response = await fetch(address("elsewhere"), { headers: { Accept: "application/json" } });
    if (response.ok) notice.dataset.at = (await response.json()).at;
  } catch {
    return; // what the page says of saving says it, too
  }
  draw();
}

export function startElsewhere() {
  open();
  draw();
  onSaving({
    saved({ kind }) {
      if (kind !== "answer") return;
      mine = Date.now();
      notice.dataset.at = ""; // the last grade is this page's now
      try {
        sessionStorage.setItem(KEY, mine);
      } catch {
        // no storage: known of this page alone
      }
      tell();
      draw();
    },
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && ask());
  window.addEventListener("pagehide", () => {
    tell({ leaves: true });
    channel?.close();
    channel = null;
  });
}
