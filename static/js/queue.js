// Grades that are not yet acknowledged, kept in this browser (IndexedDB) until the server says
// that it has stored them: through a reload, a closed tab, a dead server or network.

const STORE = "grades";
const SHORTEST_WAIT = 500; // milliseconds between tries, doubled up to
const LONGEST_WAIT = 30000;
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
    const transaction = database.transaction(STORE, mode);
    const request = work(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error); // the disk is full, say
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

export class GradeQueue {
  // address: where grades are posted; csrf: the page's token;
  // on: { saved(grade), waiting(count), refused(grade, reason), outdated() }
  constructor(address, csrf, on) {
    Object.assign(this, { address, csrf, on, wait: SHORTEST_WAIT, draining: null, asked: false, timer: 0 });
    this.store = open().then((database) => new DiskStore(database), () => new MemoryStore());
    window.addEventListener("online", () => this.drain());
  }

  // Grades of other studies and raters in this browser wait for their own page.
  async pending() {
    const entries = await (await this.store).all();
    return entries.filter(([, value]) => value.address === this.address);
  }

  async add(grade) {
    const entry = { address: this.address, grade };
    try {
      await (await this.store).add(entry);
    } catch {
      await this.fallBack(); // the disk refused: keep it in the page, and go on
      await (await this.store).add(entry);
    }
    return this.drain();
  }

  // Go on in memory, with what can still be read of the disk.
  async fallBack() {
    const memory = new MemoryStore();
    const entries = await (await this.store).all().catch(() => []);
    for (const [, value] of entries) await memory.add(value);
    this.store = Promise.resolve(memory);
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
    const store = await this.store;
    let entries;
    while ((entries = await this.pending()).length) {
      const [key, { grade }] = entries[0];
      const answer = await this.send(grade);
      if (answer === "again" || answer === "outdated") {
        this.on.waiting(entries.length);
        if (answer === "outdated") this.on.outdated();
        else this.timer = setTimeout(() => this.drain(), this.wait);
        this.wait = Math.min(2 * this.wait, LONGEST_WAIT);
        return false;
      }
      await store.remove(key);
      this.wait = SHORTEST_WAIT;
      if (answer === "saved") this.on.saved(grade);
      else this.on.refused(grade, answer);
    }
    this.on.waiting(0);
    return true;
  }

  // Return "saved", "again" (no answer, or not the app's), "outdated" (the page must be loaded
  // again), or the app's reason why this grade can never be saved.
  async send(grade) {
    let response;
    try {
      response = await fetch(this.address, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": this.csrf },
        body: JSON.stringify(grade),
        signal: AbortSignal.timeout(PATIENCE),
      });
    } catch {
      return "again";
    }
    const body = await response.json().catch(() => null);
    if (response.ok && body?.saved === grade.uuid) return "saved";
    if (body?.reload) return "outdated";
    // Only the app itself can refuse a grade for good. A proxy's or a portal's error page cannot.
    return typeof body?.refused === "string" ? body.refused : "again";
  }
}
