// Sends what a rater's browser keeps (answer-store.js), until the server says that it has stored it:
// through a reload, a closed tab, a dead server or network. What the app refuses holds up nothing: it
// is kept with its reason, and tried again when asked.
import { Keeping } from "./answer-store.js";

const SHORTEST_WAIT = 500; // milliseconds between tries, doubled up to
const LONGEST_WAIT = 2000; // so that what waits is stored within 3 s of the server's return
const SPREAD = 0.2; // of a wait, up and down: many raters do not come back at one moment
const SOON = 1000; // within so many, all who find the network again at once
const LONGEST_REST = 60000; // that a server may ask for
const LONGEST_LEAVE = 30000;
const PATIENCE = 10000; // for one answer
const PROBE = 2500; // for one after a failed one; each fourth has all patience, on slow networks
const OURS = 409; // the status of what is refused although it is this rater's

// A random UUID (version 4). crypto.randomUUID is absent on plain http under a LAN name.
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

// Return the address under which all of a study's raters lie, and the rest of an address of one.
function inStudy(address) {
  const [, study, rest] = /^(.*\/)[^/]+(\/[^/]+)$/.exec(address) ?? [null, "", ""];
  return { study, rest };
}

function matters([, { kind }]) {
  return kind !== "listen";
}

function warn(event) {
  event.preventDefault();
  event.returnValue = true; // browsers from before 2023
}

export class Queue extends Keeping {
  // rater: as in Keeping; csrf: the page's token;
  // on: { saved(entry), waiting(count of answers), refused(entry, reason), outdated(answer),
  // changed() }. A listen is refused without a word, and so is what was refused before.
  constructor(rater, csrf, on) {
    super(rater);
    Object.assign(this, { csrf, on, wait: SHORTEST_WAIT, failed: 0, inFlight: null, draining: null, asked: false, timer: 0, rested: 0 });
    this.leaving = []; // [key, entry] of what was stored while the page is left
    this.leavingTimer = 0;
    this.again = new Set(); // UUIDs of what was refused and is to be tried once more
    window.addEventListener("online", () => this.soon());
    document.addEventListener("visibilitychange", () => document.hidden || this.soon());
    window.addEventListener("beforeunload", () => this.leave());
  }

  // Return those of this rater that are to be sent.
  async pending() {
    return (await this.mine()).filter(([, { refused, body }]) => !refused || this.again.has(body.uuid));
  }

  async unsaved() {
    return (await this.pending()).filter(matters);
  }

  // Try once more what was refused; return how much of it is stored now.
  async retry() {
    const kept = (await this.mine()).filter(([, { refused }]) => refused);
    for (const [, { body }] of kept) this.again.add(body.uuid);
    await this.drain();
    return kept.filter(([, entry]) => matters([0, entry]) && this.done.has(entry.body.uuid)).length;
  }

  // Send under this rater's link what the browser holds under another link of the same study: the
  // rater's own from before the link was replaced, or somebody else's, which the server leaves
  // alone. Return how much of it is stored now.
  async adopt() {
    const { study } = inStudy(`${this.rater}/x`);
    let stored = 0;
    for (const [key, entry] of await this.everything()) {
      const { study: theirs, rest } = inStudy(entry.address);
      if (theirs !== study || entry.address.startsWith(`${this.rater}/`)) continue;
      const own = { ...entry, address: this.rater + rest, refused: entry.refused ?? {} };
      const answer = await this.send(own);
      if (answer.again || answer.outdated) break;
      if (answer.saved) {
        await this.remove(key, entry);
        stored += matters([0, entry]);
      } else if (answer.status === OURS) {
        await this.refuse(key, own, answer);
      }
    }
    return stored;
  }

  // The page that comes next may have been made before what is stored now: it finds it kept, shows it,
  // and sends it once more, which changes nothing. Where none comes (the rater stays, or followed a
  // mailto link), it is forgotten: later answers must not be.
  leave() {
    clearTimeout(this.leavingTimer);
    this.leavingTimer = setTimeout(async () => {
      this.leavingTimer = 0;
      for (const [key, entry] of this.leaving.splice(0)) await super.remove(key, entry);
    }, LONGEST_LEAVE);
  }

  async remove(key, entry) {
    if (!this.leavingTimer) return super.remove(key, entry);
    this.done.add(entry.body.uuid);
    this.leaving.push([key, entry]);
  }

  refuse(key, entry, answer) {
    this.again.delete(entry.body.uuid);
    return super.refuse(key, entry, answer);
  }

  async add(address, body, kind = "answer") {
    const entry = { address, body, kind };
    if (kind !== "listen") window.addEventListener("beforeunload", warn);
    try {
      await (await this.store).add(entry);
    } catch {
      await this.fallBack(); // the disk refused: keep it in the page, and go on
      await (await this.store).add(entry);
    }
    return this.drain();
  }

  // Send what waits; resolves to whether all is saved that matters.
  async settle() {
    this.drain();
    while ((await this.unsaved()).length) {
      if (!this.draining) return false;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    return true;
  }

  // Send what waits before long, if nothing is being sent.
  soon() {
    if (this.failed) this.inFlight?.abort(); // it may be lost with the network of before
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.drain(), Math.random() * SOON);
  }

  // Send what waits at once: somebody asked for it.
  now() {
    this.wait = SHORTEST_WAIT;
    if (this.failed) this.inFlight?.abort();
    return this.drain();
  }

  // Send what waits, in order; one drain at a time. Resolves when nothing waits or sending failed.
  drain() {
    clearTimeout(this.timer);
    this.asked = true; // a drain that is about to end goes round once more
    this.draining ??= this.sendAll();
    return this.draining;
  }

  async sendAll() {
    try {
      while (this.asked) {
        this.asked = false;
        if (!(await this.sendPending())) break;
      }
    } finally {
      this.draining = null;
    }
  }

  async sendPending() {
    let entries = await this.pending();
    while (entries.length) {
      const [key, entry] = entries[0];
      if (!this.count(entries)) this.on.waiting(0);
      const answer = await this.send(entry);
      if (answer.again || answer.outdated) {
        this.fail(entries, answer);
        return false;
      }
      if (answer.saved) await this.remove(key, entry);
      else await this.refuse(key, entry, answer);
      this.wait = SHORTEST_WAIT;
      this.failed = 0;
      entries = await this.pending();
      this.count(entries); // first: whoever reads "saved" and leaves is not asked whether to stay
      if (answer.saved) this.on.saved(entry);
      else if (entry.kind !== "listen" && !entry.refused) this.on.refused(entry, answer.reason);
    }
    this.count([]);
    this.on.waiting(0);
    this.on.changed();
    return true;
  }

  fail(entries, answer) {
    const answers = this.count(entries);
    this.on.waiting(answers);
    if (answer.outdated && answers) this.on.outdated(answer);
    const rest = Math.max(this.rested - performance.now(), 0);
    const spread = 1 + SPREAD * (2 * Math.random() - 1);
    if (answer.again) this.timer = setTimeout(() => this.drain(), Math.max(this.wait * spread, rest));
    this.failed += 1;
    this.wait = Math.min(2 * this.wait, LONGEST_WAIT);
    this.on.changed();
  }

  // Return how many answers wait; ask before the page is left with what matters.
  count(entries) {
    const isHeld = !this.lasting && this.refusals.size > 0;
    if (isHeld || entries.some(matters)) window.addEventListener("beforeunload", warn);
    else window.removeEventListener("beforeunload", warn);
    return entries.filter(([, { kind }]) => kind === "answer").length;
  }

  // Return { saved }, { again } (no answer, or not the app's), { outdated } (the page must be loaded
  // again), or { reason, status, server }: why the app does not store it, and the server's time.
  // What asks for a rest gets it.
  async send({ address, body, refused }) {
    if (performance.now() < this.rested) return { again: true };
    const stop = new AbortController();
    this.inFlight = stop;
    const timer = setTimeout(() => stop.abort(), this.failed % 4 ? PROBE : PATIENCE);
    let response, answer;
    try {
      response = await fetch(address, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": this.csrf },
        // by the clock of given_at, too: the server sees by it how far that clock is off
        body: JSON.stringify({ ...body, sent_at: new Date().toISOString(), ...(refused && { kept: true }) }),
        signal: stop.signal,
      });
      answer = await response.json().catch(() => null);
    } catch {
      return { again: true };
    } finally {
      clearTimeout(timer);
    }
    const rest = 1000 * Number(response.headers.get("Retry-After") ?? 0);
    if (rest > 0) this.rested = performance.now() + Math.min(rest, LONGEST_REST);
    if (response.ok && answer?.saved === body.uuid) return { saved: true };
    if (answer?.reload) return { outdated: true, otherKey: Boolean(answer.other_key), noCookie: Boolean(answer.no_cookie) };
    // Only the app itself can refuse. A proxy's or a portal's error page cannot.
    if (typeof answer?.refused !== "string") return { again: true };
    return { reason: answer.refused, status: response.status, server: response.headers.get("Date") ?? "" };
  }
}
