// The player of the whole product: <sound-player>. A page has one <audio> that all players share,
// so that one sound at a time is how it is built and not a rule to keep.
//
// Attributes: data-src, data-name, data-seconds (0: known once loaded), data-envelope (optional:
// the waveform, one character from 0-9a-z a point), and the words data-play, data-pause,
// data-position, data-failed.

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 36; // one more than the largest envelope character

const audio = document.createElement("audio");
audio.preload = "auto";
let playing = null; // the player whose sound the audio element holds
let lastTime = 0;

function svg(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

// "0.0 / 2.6 s", or "0:05 / 1:20" for a sound of a minute or more.
function clockText(position, seconds) {
  if (!seconds) return "";
  if (seconds < 60) return `${position.toFixed(1)} / ${seconds.toFixed(1)} s`;
  return [position, seconds]
    .map((time) => `${Math.floor(time / 60)}:${String(Math.floor(time % 60)).padStart(2, "0")}`)
    .join(" / ");
}

export class SoundPlayer extends HTMLElement {
  heard = 0; // seconds of this sound that were played, repeats counted

  connectedCallback() {
    if (this.button) return;
    this.position = 0;
    this.seconds = Number(this.dataset.seconds) || 0;
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
    this.bar.setAttribute("aria-label", `${this.dataset.position} ${this.dataset.name}`);
    this.bar.setAttribute("aria-valuemin", "0");
    this.bar.addEventListener("keydown", (event) => this.onKey(event));
    this.bar.addEventListener("pointerdown", (event) => this.onPointer(event));
    this.bar.addEventListener("pointermove", (event) => {
      if (this.bar.hasPointerCapture(event.pointerId)) this.onPointer(event);
    });
    this.bar.append(this.picture());

    this.clock = document.createElement("span");
    this.clock.className = "clock";
    this.message = document.createElement("span");
    this.message.className = "failed";
    this.message.setAttribute("role", "alert");
    this.append(this.button, this.bar, this.clock, this.message);
    this.draw();
  }

  // The waveform, or a plain line where there is none: twice, the second clipped to what was played.
  picture() {
    const points = [...(this.dataset.envelope ?? "")].map((letter) => parseInt(letter, 36));
    const width = points.length || 200;
    const box = svg("svg", {
      viewBox: `0 ${-HEIGHT} ${width} ${2 * HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true",
    });
    const up = points.map((height, x) => `L${x + 0.5},${-height - 0.6}`).join("");
    const down = points.map((height, x) => `L${x + 0.5},${height + 0.6}`).reverse().join("");
    const shape = points.length ? `M0,0${up}L${width},0${down}Z` : `M0,-3H${width}V3H0Z`;
    const inner = svg("svg", { viewBox: box.getAttribute("viewBox"), preserveAspectRatio: "none",
      x: 0, y: -HEIGHT, width, height: 2 * HEIGHT });
    inner.append(svg("path", { d: shape, class: "wave" }));
    this.played = svg("svg", { viewBox: `0 ${-HEIGHT} 0 ${2 * HEIGHT}`, preserveAspectRatio: "none",
      x: 0, y: -HEIGHT, width: 0, height: 2 * HEIGHT });
    this.played.append(svg("path", { d: shape, class: "wave wave-played" }));
    this.width = width;
    this.head = svg("rect", { x: -1, y: -HEIGHT, width: 1.2, height: 2 * HEIGHT, class: "head" });
    box.append(inner, this.played, this.head);
    return box;
  }

  draw() {
    const isPlaying = playing === this && !audio.paused;
    const share = this.seconds ? Math.min(this.position / this.seconds, 1) : 0;
    const x = share * this.width;
    this.played.setAttribute("width", x);
    this.played.setAttribute("viewBox", `0 ${-HEIGHT} ${x} ${2 * HEIGHT}`);
    this.head.setAttribute("x", share ? x - 0.6 : -2);
    this.icon.setAttribute("d", isPlaying ? "M7 5h3.5v14H7zM13.5 5H17v14h-3.5z" : "M8 5l11 7-11 7z");
    this.button.setAttribute("aria-label", `${isPlaying ? this.dataset.pause : this.dataset.play} ${this.dataset.name}`);
    this.classList.toggle("playing", isPlaying);
    this.bar.setAttribute("aria-valuemax", this.seconds.toFixed(2));
    this.bar.setAttribute("aria-valuenow", this.position.toFixed(2));
    const text = clockText(this.position, this.seconds);
    this.bar.setAttribute("aria-valuetext", text);
    this.clock.textContent = text;
  }

  toggle() {
    if (playing === this && !audio.paused) audio.pause();
    else this.play();
  }

  play() {
    this.message.textContent = "";
    if (playing !== this || audio.error) {
      const before = playing;
      playing = this;
      audio.src = this.dataset.src;
      lastTime = this.position;
      if (this.position) audio.currentTime = this.position;
      before?.draw();
    }
    // A pause or another sound before this one has started rejects the promise: not a failure.
    audio.play().catch((error) => {
      if (error.name !== "AbortError") this.fail();
    });
  }

  restart() {
    this.seek(0);
    this.play();
  }

  seek(seconds) {
    this.position = Math.max(0, this.seconds ? Math.min(seconds, this.seconds) : seconds);
    if (playing === this) {
      lastTime = this.position;
      audio.currentTime = this.position;
    }
    this.draw();
  }

  seekBy(seconds) {
    this.seek(this.position + seconds);
  }

  fail() {
    if (playing === this) this.message.textContent = this.dataset.failed;
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

  onPointer(event) {
    const box = this.bar.getBoundingClientRect();
    const share = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
    this.bar.setPointerCapture(event.pointerId);
    if (this.seconds) this.seek(share * this.seconds);
    if (event.type === "pointerdown" && !(playing === this && !audio.paused)) this.play();
  }
}

function follow() {
  if (!playing || audio.ended) return; // after the end, the "ended" event has the last word
  const step = audio.currentTime - lastTime;
  if (step > 0 && step < 1) playing.heard += step; // a jump is a seek, not listening
  lastTime = audio.currentTime;
  playing.position = audio.currentTime;
  playing.draw();
  if (!audio.paused) requestAnimationFrame(follow);
}

audio.addEventListener("play", () => requestAnimationFrame(follow));
audio.addEventListener("pause", follow);
audio.addEventListener("timeupdate", () => audio.paused || follow());
audio.addEventListener("loadedmetadata", () => {
  // Stored seconds win: Chromium reads Ogg Vorbis 1-3 % long.
  if (playing && !playing.seconds && Number.isFinite(audio.duration)) playing.seconds = audio.duration;
  playing?.draw();
});
audio.addEventListener("ended", () => {
  if (!playing) return;
  playing.heard += Math.max(0, audio.currentTime - lastTime);
  lastTime = 0;
  playing.position = 0; // the next press starts over
  playing.draw();
});
audio.addEventListener("error", () => playing?.fail());

document.body.append(audio);
customElements.define("sound-player", SoundPlayer);
