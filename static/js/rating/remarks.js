// Remarks on sounds: sent when the rater stops typing or leaves the field, kept until they are stored.
import { onSaving, queue, send } from "./saving.js";

const SETTLE = 1500; // milliseconds without a key until a remark is sent

class Remark {
  constructor(field) {
    this.field = field;
    this.sent = field.value;
    this.holder = field.closest(".remark");
    this.state = this.holder.querySelector(".remark-state");
    field.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.flush(), SETTLE);
    });
    field.addEventListener("change", () => this.flush());
  }

  show(words) {
    this.words = words;
    this.state.textContent = words ? this.state.dataset[words] : "";
    this.holder.toggleAttribute("data-written", this.field.value.trim() !== "");
  }

  flush() {
    clearTimeout(this.timer);
    if (this.field.value === this.sent) return;
    this.sent = this.field.value;
    this.show("saving");
    const body = { sound: this.field.dataset.remark, text: this.sent, given_at: new Date().toISOString() };
    this.uuid = send("remark", body, "report");
  }
}

export async function startRemarks() {
  const remarks = [...document.querySelectorAll("textarea[data-remark]")].map((field) => new Remark(field));
  if (!remarks.length) return;
  const about = ({ body }) => remarks.find((one) => one.uuid === body.uuid);
  const flush = () => {
    for (const one of remarks) one.flush();
  };
  onSaving({
    saved: (entry) => about(entry)?.show("saved"),
    kept() {
      for (const one of remarks) if (one.words === "saving") one.show("kept");
    },
    refused: (entry) => about(entry)?.show(""),
  });
  window.addEventListener("pagehide", flush);
  document.getElementById("next").addEventListener("submit", flush, { capture: true });
  // what an earlier visit left unsaved is what the rater wrote last
  for (const [, { body }] of await queue.unsaved()) {
    const one = remarks.find(({ field }) => field.dataset.remark === body.sound);
    if (!one || typeof body.text !== "string") continue;
    Object.assign(one, { sent: body.text, uuid: body.uuid });
    one.field.value = body.text;
    one.show("kept");
  }
}
