// The player of the whole product: <sound-player>. A page has one <audio> that all players share,
// so that one sound at a time is how it is built and not a rule to keep. Where two sounds are
// compared, another element can take its place (`handOver`); again, one is heard.
//
// Attributes: data-src, data-name, data-seconds (0: known once loaded), data-envelope (optional:
// the waveform), data-gain (optional: dB that match its level), data-rate (optional, in Hz: offers a
// spectrogram where the page has a sound bar), data-plain (optional: what its address ends with for a
// browser that plays no Opus), and the words data-play, data-pause, data-position,
// data-failed and, optional, data-retrying, data-again, data-blocked, data-start.
//
// Events, which bubble: "sound-play"; "sound-heard", whenever more of it was heard;
// "sound-stretch", when a stretch of listening is over, its detail { started_at, seconds };
// "sound-end", when it was played to its end; "sound-failed", when it could not be loaded and is not
// tried again by itself.
//
// A player's `region`, { from, to } in seconds, is played over and over once it was entered.

import { numeral } from "../core/words.js";
import { heardOf, keepHeard } from "./heard.js";
import { setLoudness, setWanted } from "./loudness.js";
import { addressOf } from "./prefetch.js";
import { offerSpectrogram } from "./spectrogram-button.js";
import { svg, Waveform } from "./waveform.js";

const RETRIES = [1000, 3000]; // milliseconds before a sound that failed is tried again by itself
const PATIENCE = 20000; // without a byte of a sound that should play
const TAIL = 0.6; // seconds at the end of a FLAC in which Chromium finds no place, and fails
const SLACK = 0.3; // seconds by which a sound may run ahead of the clock; more is a jump

let audio = newAudio();
let playing = null; // the player whose sound the audio element holds
let lastTime = 0; // where the sound was when it was last looked at, and when that was
let lastLook = 0;
let frame = 0; // in which it is looked at next
let stretch = null; // of listening, since the sound last began to play
let retry = 0;
let watch = 0;

// "0.0 / 2.6 s", or "0:05 / 1:20" for a sound of a minute or more.
function clockText(position, seconds) {
  if (!seconds) return "";
  if (seconds < 60) return `${numeral(position, 1)} / ${numeral(seconds, 1)} s`;
  return [position, seconds]
    .map((time) => `${Math.floor(time / 60)}:${String(Math.floor(time % 60)).padStart(2, "0")}`)
    .join(" / ");
}

export class SoundPlayer extends HTMLElement {
  // Seconds of this sound that were played, repeats counted; and the share heard at least once.
  get heard() { return heardOf(this.dataset.src).seconds; }
  get share() { return heardOf(this.dataset.src).share; }

  connectedCallback() {
    if (this.button) return;
    this.position = 0;
    this.seconds = Number(this.dataset.seconds) || 0;
    this.tries = 0;
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.className = "play";
    this.button.addEventListener("click", () => this.toggle());
    const icon = svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" });
    this.icon = svg("path", {});
    icon.append(this.icon);
    this.button.append(icon);

    this.bar = document.createElement("div");
    this.bar.className = "seek";
    this.bar.tabIndex = 0;
    this.bar.setAttribute("role", "slider");
    this.bar.setAttribute("aria-label", this.named(this.dataset.position));
    this.bar.setAttribute("aria-valuemin", "0");
    this.bar.addEventListener("keydown", (event) => this.onKey(event));
    this.seekByPointer(this.bar);
    this.waveform = new Waveform(this.dataset.envelope);
    this.bar.append(this.waveform.element);

    this.clock = document.createElement("span");
    this.clock.className = "clock";
    this.message = document.createElement("span");
    this.message.className = "failed";
    this.message.setAttribute("role", "alert");
    this.append(this.button, this.bar, this.clock, this.message);
    offerSpectrogram(this);
    this.draw();
  }

  // A sound that leaves the page falls silent; one that is only moved on it plays on.
  disconnectedCallback() {
    queueMicrotask(() => {
      if (!this.isConnected && playing === this) audio.pause();
    });
  }

  get isPlaying() {
    return playing === this && !audio.paused && !audio.error;
  }

  draw() {
    const { isPlaying } = this;
    const share = this.seconds ? Math.min(this.position / this.seconds, 1) : 0;
    this.waveform.show(share);
    this.spectrogram?.show(share);
    this.loop?.show();
    this.icon.setAttribute("d", isPlaying ? "M7 5h3.5v14H7zM13.5 5H17v14h-3.5z" : "M8 5l11 7-11 7z");
    this.button.setAttribute("aria-label", this.named(isPlaying ? this.dataset.pause : this.dataset.play));
    this.classList.toggle("playing", isPlaying);
    this.bar.setAttribute("aria-valuemax", this.seconds.toFixed(1));
    this.bar.setAttribute("aria-valuenow", this.position.toFixed(1));
    const text = clockText(this.position, this.seconds);
    if (text) this.bar.setAttribute("aria-valuetext", text); // before it is loaded, the name says it all
    this.clock.textContent = text;
  }

  // Words with the sound's name in them: where they say so, else behind them.
  named(words) {
    const { name } = this.dataset;
    return words.includes("{name}") ? words.replace("{name}", name) : `${words} ${name}`;
  }

  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
  }

  // What went wrong, and one button to go on.
  say(words = "", button = "") {
    this.message.textContent = words;
    if (!button) return;
    const again = document.createElement("button");
    again.type = "button";
    again.className = "btn btn-outline-primary";
    again.textContent = button;
    again.addEventListener("click", () => {
      this.button.focus(); // this button goes away
      this.play();
    });
    this.message.append(" ", again);
  }

  toggle() {
    if (this.isPlaying) audio.pause();
    else this.play();
  }

  play() {
    this.tries = 0;
    this.start();
  }

  start() {
    clearTimeout(retry);
    this.say();
    this.failing = false;
    if (playing !== this || audio.error || this.stuck) this.take();
    this.tell("sound-play");
    this.setLoudness();
    watchOver();
    // A pause or another sound before this one has started rejects the promise: not a failure.
    audio.play().catch((error) => {
      if (error.name === "NotAllowedError") this.block();
      else if (error.name !== "AbortError") this.fail();
    });
  }

  setLoudness() {
    setLoudness(audio, Number(this.dataset.gain ?? 0));
  }

  // Take the page's one audio element. The sound that had it starts over when it is played again:
  // who goes to and fro between two sounds compares their beginnings.
  take() {
    follow();
    endStretch();
    const before = playing;
    playing = this;
    this.stuck = false;
    if (before && before !== this) {
      before.position = 0;
      before.say();
    }
    audio.src = addressOf(this);
    look(this.position);
    if (this.position) audio.currentTime = this.position;
    before?.draw();
  }

  restart() {
    this.seek(0);
    this.play();
  }

  seek(seconds) {
    this.position = Math.max(0, this.seconds ? Math.min(seconds, this.seconds) : seconds);
    if (playing === this) {
      look(this.position);
      audio.currentTime = this.position;
    }
    this.draw();
  }

  seekBy(seconds) {
    this.seek(this.position + seconds);
  }

  block() {
    clearTimeout(watch);
    if (playing === this) this.say(this.dataset.blocked ?? this.dataset.failed, this.dataset.start);
    this.draw();
  }

  // Called once or twice for one failure: the element says it, and so may the promise of play().
  fail() {
    clearTimeout(watch);
    if (playing !== this || this.failing) return;
    this.failing = true;
    this.draw();
    if (this.position && this.seconds - this.position < TAIL) {
      this.position = 0;
      this.start();
    } else if (this.tries < RETRIES.length) {
      this.say(this.dataset.retrying);
      retry = setTimeout(() => this.start(), RETRIES[this.tries]);
      this.tries += 1;
    } else {
      this.say(this.dataset.failed, this.dataset.again);
      this.tell("sound-failed");
    }
  }

  hear(from, to) {
    const record = heardOf(this.dataset.src);
    record.duration = this.seconds;
    record.add(from, to);
    stretch ??= { player: this, started_at: new Date(Date.now() - 1000 * (to - from)), seconds: 0 };
    stretch.seconds += to - from;
    this.tell("sound-heard");
  }

  onKey(event) {
    const step = Math.max(0.1, this.seconds / 20);
    const moves = { ArrowLeft: -step, ArrowRight: step, Home: -Infinity, End: Infinity };
    if (!(event.key in moves) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (Number.isFinite(moves[event.key])) this.seekBy(moves[event.key]);
    else this.seek(event.key === "Home" ? 0 : this.seconds);
    event.preventDefault();
    event.stopPropagation();
  }

  // Let a press on an element, and a move of it, go to where in the sound it is.
  seekByPointer(element) {
    element.addEventListener("pointerdown", (event) => this.onPointer(event));
    element.addEventListener("pointermove", (event) => {
      if (element.hasPointerCapture(event.pointerId)) this.onPointer(event);
    });
  }

  onPointer(event) {
    const place = event.currentTarget;
    const box = place.getBoundingClientRect();
    const share = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
    place.setPointerCapture(event.pointerId);
    if (this.seconds) this.seek(share * this.seconds);
    if (event.type === "pointerdown" && !this.isPlaying) this.play();
  }
}

// Set what holds for all sounds of the page: { volume (0 to 1), isMatched, isLooped }.
export function setSound({ isLooped, ...wanted }) {
  audio.loop = isLooped;
  setWanted(wanted);
  playing?.setLoudness();
}

// Return an element that can be the page's audio; what it says counts for as long as it is.
export function newAudio() {
  const element = document.createElement("audio");
  element.preload = "auto";
  const on = (name, heard) => element.addEventListener(name, () => element === audio && heard());
  on("play", followSoon);
  on("playing", () => clearTimeout(watch));
  on("waiting", watchOver);
  on("progress", watchOver);
  on("timeupdate", () => audio.paused || follow());
  on("pause", () => {
    if (audio.ended) return;
    follow();
    endStretch();
  });
  on("loadedmetadata", () => {
    // Stored seconds win: Chromium reads Ogg Vorbis 1-3 % long.
    if (playing && !playing.seconds && Number.isFinite(audio.duration)) playing.seconds = audio.duration;
    playing?.draw();
  });
  on("ended", end);
  on("error", () => playing?.fail());
  document.body.append(element);
  return element;
}

// The player whose sound is the page's, and the element that holds it.
export function sounding() {
  return { player: playing, audio };
}

// Let `element`, which holds the sound of `player`, be the page's audio: what was played before falls
// silent where it is, and its stretch is over. Return the element that is free now.
export function handOver(player, element) {
  clearTimeout(retry);
  clearTimeout(watch);
  follow();
  endStretch();
  const [before, free] = [playing, audio];
  [playing, audio] = [player, element];
  player.stuck = player.failing = false;
  player.seconds ||= Number.isFinite(element.duration) ? element.duration : 0;
  free.pause();
  player.position = element.currentTime;
  look(player.position);
  before?.draw();
  player.draw();
  player.tell("sound-play");
  if (!element.paused) followSoon();
  return free;
}

function look(time) {
  lastTime = time;
  lastLook = performance.now();
}

// Count as heard what was played since the last look. A jump is a seek, not listening.
function advance(time) {
  const step = time - lastTime;
  const elapsed = (performance.now() - lastLook) / 1000;
  if (step > 0 && step <= elapsed * audio.playbackRate + SLACK) playing.hear(lastTime, time);
  look(time);
}

function follow() {
  if (!playing || audio.ended || audio.error) return; // after the end, the "ended" event has the last word
  const { region } = playing;
  const isAround = region && !audio.paused && lastTime < region.to && audio.currentTime >= region.to;
  advance(audio.currentTime);
  if (isAround) playing.seek(region.from);
  playing.position = audio.currentTime;
  playing.draw();
  if (!audio.paused) followSoon();
}

function followSoon() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    follow();
  });
}

function endStretch() {
  if (!stretch) return;
  const { player, started_at, seconds } = stretch;
  stretch = null;
  keepHeard(player.dataset.src);
  player.tell("sound-stretch", { started_at: started_at.toISOString(), seconds: Number(seconds.toFixed(3)) });
}

function end() {
  if (!playing) return;
  const { region } = playing;
  const isAround = region && audio.currentTime - region.to < SLACK;
  advance(audio.currentTime);
  if (isAround) {
    playing.seek(region.from);
    audio.play().catch(() => {}); // a pause meanwhile
    return;
  }
  endStretch();
  look(0);
  playing.position = 0; // the next press starts over
  playing.draw();
  playing.tell("sound-end");
}

// A sound that should play and gets no data for long is a sound that fails.
function watchOver() {
  clearTimeout(watch);
  const watched = playing;
  watch = setTimeout(() => {
    if (playing !== watched || audio.paused || audio.readyState > 2) return;
    watched.stuck = true;
    watched.fail();
  }, PATIENCE);
}

window.addEventListener("pagehide", () => {
  follow();
  endStretch();
});

customElements.define("sound-player", SoundPlayer);
