// The panel in which one asks with a sound of one's own: a file that is chosen or dropped, or a
// recording. Without it the panel is a plain form for files.

import { canRecord, startRecording } from "./recorder.js";
import { decoded } from "../core/wav.js";

const MOST_TO_DECODE = 500e6; // bytes: more would not fit into a tab

const panel = document.getElementById("own");
const form = document.getElementById("own-form"); // none where no system can hear a new sound

function element(name) {
  return document.getElementById(`own-${name}`);
}

function words(name, values = {}) {
  return Object.entries(values).reduce((text, [key, value]) => text.replace(`{${key}}`, value), form.dataset[name]);
}

function say(text) {
  element("status").textContent = text;
}

function refuse(sentence) {
  say("");
  element("error").textContent = sentence;
  element("error").hidden = !sentence;
}

// Send a file; returns { page } or { error, unreadable }.
async function post(file, name) {
  const body = new FormData();
  body.append("csrf_token", form.elements.csrf_token.value);
  body.append("sound", file, name);
  let answer;
  try {
    answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
  } catch {
    return { error: words("away") };
  }
  try {
    return await answer.json();
  } catch {
    return { error: words("old") };
  }
}

async function decode(file, name, otherwise) {
  say(words("decoding", { name }));
  try {
    if (file.size > MOST_TO_DECODE) throw new RangeError("too large");
    return await decoded(file, Number(form.dataset.seconds));
  } catch {
    refuse(otherwise);
    return null;
  }
}

let sending = false;

async function ask(file, name = file.name) {
  if (sending) return;
  sending = true;
  refuse("");
  try {
    await send(file, name);
  } finally {
    sending = false;
  }
}

async function send(file, name) {
  const most = Number(form.dataset.bytes);
  let sent = file;
  if (file.size > most) {
    const size = (file.size / 1e6).toFixed(1);
    sent = await decode(file, name, words("large", { name, size, most: most / 1e6 }));
    if (!sent) return;
  }
  say(words("sending", { name }));
  let answer = await post(sent, name);
  if (answer.unreadable && sent === file) {
    sent = await decode(file, name, answer.error);
    if (!sent) return;
    say(words("sending", { name }));
    answer = await post(sent, name);
  }
  if (answer.page) location.assign(answer.page);
  else refuse(answer.error);
}

function hasFiles(event) {
  return event.dataTransfer?.types.includes("Files");
}

function takeDrops() {
  element("drop-words").hidden = false;
  for (const kind of ["dragover", "dragleave", "drop"]) {
    panel.addEventListener(kind, (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      element("drop").classList.toggle("own-over", kind === "dragover");
      if (kind === "drop") ask(event.dataTransfer.files[0]);
    });
  }
}

let recording = null;

function show(isRecording) {
  element("idle").hidden = isRecording;
  element("recording").hidden = !isRecording;
}

function tell(level, left) {
  element("level").value = level;
  const text = words("left", { seconds: Math.ceil(left) });
  if (element("clock").textContent !== text) element("clock").textContent = text;
}

function stop() {
  recording?.close();
  const done = recording;
  recording = null;
  show(false);
  say("");
  return done;
}

function finish() {
  const done = stop();
  element("start").focus();
  if (done) ask(done.file(), `${words("recording")} ${new Date().toLocaleTimeString()}.wav`);
}

async function record() {
  refuse("");
  element("start").disabled = true;
  try {
    recording = await startRecording(Number(form.dataset.seconds), tell, finish);
    show(true);
    say(words("recording"));
    element("stop").focus();
  } catch (error) {
    const known = { NotAllowedError: "denied", NotFoundError: "missing" };
    refuse(words(known[error.name] ?? "broken"));
  } finally {
    element("start").disabled = false;
  }
}

function offerRecording() {
  element("insecure").hidden = window.isSecureContext;
  element("unable").hidden = !window.isSecureContext || canRecord();
  element("record").hidden = !window.isSecureContext || !canRecord();
  element("start").addEventListener("click", record);
  element("stop").addEventListener("click", finish);
  element("discard").addEventListener("click", () => {
    stop();
    element("start").focus();
  });
  window.addEventListener("pagehide", stop);
}

if (form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(form.elements.sound.files[0]);
  });
  takeDrops();
  offerRecording();
}
