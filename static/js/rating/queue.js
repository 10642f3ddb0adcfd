// What a rater's browser has to tell the server and is not yet acknowledged: answers, reports of
// broken sounds, and quietly what was listened to. Kept in this browser (IndexedDB) until the server
// says that it has stored it: through a reload, a closed tab, a dead server or network.

const STORE = "grades";
const SHORTEST_WAIT = 500; // milliseconds between tries, doubled up to
const LONGEST_WAIT = 30000;
const LONGEST_REST = 60000; // that a server may ask for
const PATIENCE = 10000; // for one answer

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("sounding-board", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { autoIncrement: true });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function run(database, mode, work) {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(STORE, mode, { durability: "strict" });
    const request = work(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error); // the disk is full, say
    if (mode === "readwrite") transaction.commit?.(); // at once: the page may be about to close
  });
}

// Where the browser has no IndexedDB (some private windows), the queue lives as long as the page.
class MemoryStore {
  entries = new Map();
  next = 1;
  async add(value) { this.entries.set(this.next++, value); }
  async all() { return [...this.entries]; }
  async remove(key) { this.entries.delete(key); }
}

class DiskStore {
  constructor(database) { this.database = database; }
  add(value) { return run(this.database, "readwrite", (store) => store.add(value)); }
  remove(key) { return run(this.database, "readwrite", (store) => store.delete(key)); }
  async all() {
    // One transaction for both, so that keys and values belong together.
    let keys;
    const values = await run(this.database, "readonly", (store) => {
      const request = store.getAllKeys();
      request.onsuccess = () => { keys = request.result; };
      return store.getAll();
    });
    return values.map((value, number) => [keys[number], value]);
  }
}

// A random UUID (version 4). crypto.randomUUID is absent on plain http under a LAN name.
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

// What is sent first, and what is told of: answers are counted; a page waits for reports (of broken
// sounds), too; nobody waits for a listen.
const KINDS = ["answer", "report", "listen"];

// The first version kept { address, grade }: grades only.
function readEntry(value) {
  return value.body ? value : { address: value.address, body: value.grade, kind: "answer" };
}

function matters([, { kind }]) {
  return kind !== "listen";
}

function warn(event) {
  event.preventDefault();
  event.returnValue = true; // browsers from before 2023
}

export class Queue {
  // rater: the address under which all of a rater's lie; csrf: the page's token;
  // on: { saved(entry), waiting(count of answers), refused(entry, reason), outdated() }, where an
  // entry is { address, body, kind }. A listen that is refused is dropped without a word.
  constructor(rater, csrf, on) {
    Object.assign(this, { rater, csrf, on, wait: SHORTEST_WAIT, draining: null, asked: false, timer: 0, rested: 0 });
    this.done = new Set(); // UUIDs that the server answered for good, in case a disk forgets nothing
    this.store = open().then((database) => new DiskStore(database), () => new MemoryStore());
    window.addEventListener("online", () => this.drain());
  }

  // Return [key, entry] of what waits, by kind and then in order. What other studies and raters
  // left in this browser waits for their own page.
  async pending() {
    const all = await (await this.store).all().catch(() => this.fallBack());
    const entries = all
      .map(([key, value]) => [key, readEntry(value)])
      .filter(([, { address, body }]) => address.startsWith(`${this.rater}/`) && !this.done.has(body.uuid));
    return KINDS.flatMap((kind) => entries.filter(([, entry]) => entry.kind === kind));
  }

  async unsaved() {
    return (await this.pending()).filter(matters);
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

  // Forget what waits, unsent.
  async forget() {
    const store = await this.store;
    for (const [key] of await this.pending()) await store.remove(key).catch(() => {});
  }

  // Go on in memory, with what can still be read of the disk; return what that is.
  async fallBack() {
    const memory = new MemoryStore();
    const entries = await (await this.store).all().catch(() => []);
    for (const [, value] of entries) await memory.add(value);
    this.store = Promise.resolve(memory);
    return memory.all();
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
      if (answer === "again" || answer === "outdated") {
        this.fail(entries, answer);
        return false;
      }
      this.done.add(entry.body.uuid);
      await (await this.store).remove(key).catch(() => {});
      this.wait = SHORTEST_WAIT;
      entries = await this.pending();
      this.count(entries); // first: whoever reads "saved" and leaves is not asked whether to stay
      if (answer === "saved") this.on.saved(entry);
      else if (entry.kind !== "listen") this.on.refused(entry, answer);
    }
    this.count([]);
    this.on.waiting(0);
    return true;
  }

  fail(entries, answer) {
    const answers = this.count(entries);
    this.on.waiting(answers);
    if (answer === "outdated" && answers) this.on.outdated();
    const rest = Math.max(this.rested - performance.now(), 0);
    if (answer === "again") this.timer = setTimeout(() => this.drain(), Math.max(this.wait, rest));
    this.wait = Math.min(2 * this.wait, LONGEST_WAIT);
  }

  // Return how many answers wait; ask before the page is left with what matters.
  count(entries) {
    if (entries.some(matters)) window.addEventListener("beforeunload", warn);
    else window.removeEventListener("beforeunload", warn);
    return entries.filter(([, { kind }]) => kind === "answer").length;
  }

  // Return "saved", "again" (no answer, or not the app's), "outdated" (the page must be loaded
  // again), or the app's reason why this can never be saved. What asks for a rest gets it.
  async send({ address, body }) {
    if (performance.now() < this.rested) return "again";
    let response;
    try {
      response = await fetch(address, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": this.csrf },
        // by the clock of given_at, too: the server sees by it how far that clock is off
        body: JSON.stringify({ ...body, sent_at: new Date().toISOString() }),
        signal: AbortSignal.timeout(PATIENCE),
      });
    } catch {
      return "again";
    }
    const rest = 1000 * Number(response.headers.get("Retry-After") ?? 0);
    if (rest > 0) this.rested = performance.now() + Math.min(rest, LONGEST_REST);
    const answer = await response.json().catch(() => null);
    if (response.ok && answer?.saved === body.uuid) return "saved";
    if (answer?.reload) return "outdated";
    // Only the app itself can refuse for good. A proxy's or a portal's error page cannot.
    return typeof answer?.refused === "string" ? answer.refused : "again";
  }
}
