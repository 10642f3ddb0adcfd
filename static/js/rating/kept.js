// What this browser keeps of a rater's answers that could not be stored: it is said on the page, with
// the reasons, and can be saved as a file, tried again, and forgotten once the file was saved.
import { counted } from "../core/words.js";

const FORMAT = 1; // of the file: webapp/rating/answer_files.py reads it
const LONG = 60000; // milliseconds that an answer waits until a file of it is offered

function isAnswer({ kind }) {
  return kind !== "listen";
}

// Return an entry as the file has it: nothing that this browser did not give or get.
function inFile({ address, kind, body, refused }) {
  const { reason = "", at = "", server = "" } = refused ?? {};
  return { address, kind, body, reason, refused_at: at, server_at: server };
}

function fileOf(rater, entries) {
  return {
    sounding_board_answers: FORMAT,
    study: rater,
    saved_at: new Date().toISOString(),
    answers: entries.map(inFile),
  };
}

function saveAs(name, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: "application/json" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

export class Kept {
  // queue: a Keeping, and a Queue where it can be tried again; gone(): told when nothing is kept
  // any more
  constructor(queue, gone = () => {}) {
    Object.assign(this, { queue, gone, waitsSince: 0, wasShown: false });
    this.sends = Boolean(queue.retry);
    this.element = document.getElementById("kept");
    this.stored = document.getElementById("all-stored");
    this.part = (name) => this.element.querySelector(`[data-part="${name}"]`);
    this.part("save").addEventListener("click", () => this.save());
    this.part("again").addEventListener("click", () => this.again());
    this.part("forget").addEventListener("click", () => this.forget());
  }

  async draw() {
    const entries = (await this.queue.mine()).map(([, entry]) => entry);
    const isRefused = (entry) => entry.refused || !this.sends;
    const refused = entries.filter((entry) => isRefused(entry) && isAnswer(entry));
    const waiting = entries.filter((entry) => !isRefused(entry) && isAnswer(entry));
    if (!waiting.length) this.waitsSince = 0;
    else this.waitsSince ||= performance.now();
    const shown = refused.length > 0 || (waiting.length > 0 && this.waitedLong());
    if (this.stored) this.stored.hidden = refused.length + waiting.length > 0;
    this.element.classList.toggle("kept-shown", shown);
    if (shown) this.say(refused, waiting);
    else if (this.wasShown) this.clear();
    this.wasShown = shown;
  }

  waitedLong() {
    return performance.now() - this.waitsSince >= LONG;
  }

  say(refused, waiting) {
    const { dataset } = this.element;
    const forms = refused.length ? dataset.refused : dataset.waiting;
    const title = counted(forms, refused.length || waiting.length);
    if (this.part("title").textContent !== title) this.part("title").textContent = title;
    this.part("where").textContent = this.queue.lasting ? dataset.kept : dataset.unkept;
    const reasons = new Set(refused.map((entry) => entry.refused?.reason).filter(Boolean));
    this.part("reasons").replaceChildren(...[...reasons].map((reason) => {
      const item = document.createElement("li");
      item.textContent = reason;
      return item;
    }));
    this.part("again").hidden = !this.sends || !refused.length;
  }

  clear() {
    this.part("title").textContent = "";
    this.part("reasons").replaceChildren();
    this.gone();
  }

  told(what) {
    this.part("told").textContent = this.element.dataset[what];
  }

  async save() {
    const entries = (await this.queue.mine()).map(([, entry]) => entry);
    saveAs(this.element.dataset.file, JSON.stringify(fileOf(this.queue.rater, entries), null, 1));
    this.part("forget").hidden = !entries.some((entry) => entry.refused);
    this.told("saved");
  }

  async again() {
    this.told("trying");
    const stored = await this.queue.retry();
    await this.draw();
    if (stored && !this.wasShown) location.reload(); // it shows what is stored
    else this.told(stored ? "some" : "none");
  }

  async forget() {
    await this.queue.forget({ onlyRefused: true });
    this.part("forget").hidden = true;
    this.part("told").textContent = "";
    await this.draw();
    document.getElementById("main").focus(); // the button is gone
  }
}
