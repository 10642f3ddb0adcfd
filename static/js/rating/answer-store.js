// What a rater's browser keeps until the server says that it has stored it: answers, reports of broken
// sounds, and what was listened to. In IndexedDB, so that it outlives a reload and a closed tab. What
// the app refused is kept, too, with the reason.

const STORE = "grades";

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("sounding-board", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { autoIncrement: true });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

// more: the work goes on when its first request is answered.
function run(database, mode, work, { more = false } = {}) {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(STORE, mode, { durability: "strict" });
    const request = work(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error); // the disk is full, say
    if (mode === "readwrite" && !more) transaction.commit?.(); // at once: the page may be about to close
  });
}

// Where the browser has no IndexedDB (some private windows), the queue lives as long as the page.
class MemoryStore {
  entries = new Map();
  next = 1;
  async add(value) { this.entries.set(this.next++, value); }
  async replace(key, value) { if (this.entries.has(key)) this.entries.set(key, value); }
  async all() { return [...this.entries]; }
  async remove(key) { this.entries.delete(key); }
}

class DiskStore {
  constructor(database) { this.database = database; }
  add(value) { return run(this.database, "readwrite", (store) => store.add(value)); }
  replace(key, value) { // what another tab removed meanwhile stays away
    return run(this.database, "readwrite", (store) => {
      const request = store.getKey(key);
      request.onsuccess = () => request.result === undefined || store.put(value, key);
      return request;
    }, { more: true });
  }
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

// What is sent first, and what is told of: answers are counted; a page waits for reports (of broken
// sounds), too; nobody waits for a listen.
const KINDS = ["answer", "report", "listen"];

// The first version kept { address, grade }: grades only. None before 0.2.0 has `refused`.
function readEntry(value) {
  return value.body ? value : { address: value.address, body: value.grade, kind: "answer" };
}

export class Keeping {
  // rater: the address under which all of a rater's lie; an entry is { address, body, kind, refused }
  constructor(rater) {
    this.rater = rater;
    this.done = new Set(); // UUIDs of what the server stored, in case a disk forgets nothing
    this.refusals = new Map(); // UUID -> refusal, in case a disk takes nothing
    this.lasting = true; // what is kept outlives the page
    this.store = open().then((database) => new DiskStore(database), () => this.inMemory());
  }

  inMemory() {
    this.lasting = false;
    return new MemoryStore();
  }

  // Return [key, entry] of everything that the server has not stored, by kind and then in order.
  async everything() {
    const all = await (await this.store).all().catch(() => this.fallBack());
    const entries = all
      .map(([key, value]) => [key, readEntry(value)])
      .filter(([, { body }]) => !this.done.has(body.uuid))
      .map(([key, entry]) => [key, { ...entry, refused: this.refusals.get(entry.body.uuid) ?? entry.refused }]);
    return KINDS.flatMap((kind) => entries.filter(([, entry]) => entry.kind === kind));
  }

  // Return those of this rater. What other studies and raters left waits for their own page.
  async mine() {
    return (await this.everything()).filter(([, { address }]) => address.startsWith(`${this.rater}/`));
  }

  // Forget all that is kept of this rater, unsent; or only what was refused.
  async forget({ onlyRefused = false } = {}) {
    const store = await this.store;
    for (const [key, { refused, body }] of await this.mine()) {
      if (onlyRefused && !refused) continue;
      this.done.add(body.uuid);
      await store.remove(key).catch(() => {});
    }
  }

  async remove(key, entry) {
    this.done.add(entry.body.uuid);
    await (await this.store).remove(key).catch(() => {});
  }

  // Keep what was refused, with the reason, the browser's time of it, and the server's.
  async refuse(key, entry, { reason, server }) {
    const refused = { reason, at: new Date().toISOString(), server };
    this.refusals.set(entry.body.uuid, refused);
    await (await this.store).replace(key, { ...entry, refused }).catch(() => {});
  }

  // Go on in memory, with what can still be read of the disk; return what that is.
  async fallBack() {
    const memory = this.inMemory();
    const entries = await (await this.store).all().catch(() => []);
    for (const [, value] of entries) await memory.add(value);
    this.store = Promise.resolve(memory);
    return memory.all();
  }
}
