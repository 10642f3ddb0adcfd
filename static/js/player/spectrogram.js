// A player's spectrogram: the sound is fetched, decoded by the browser, computed by a worker, and
// drawn under the waveform, in the colours of the theme.
import { loads } from "./prefetch.js";
import { LOWEST } from "./spectrum.js";

const LONGEST = 300; // seconds; longer sounds do not fit into a browser's memory as samples
const RATES = [8000, 96000]; // Hz; what every browser decodes to
const HERTZ = [100, 300, 1000, 3000, 10000];
const MOST_TIMES = 6;

const words = document.getElementById("sound-bar").dataset;
const pictures = new Map(); // address -> promise of a picture
let worker = null;
let asked = 0;

function compute(channels, rate) {
  worker ??= new Worker(new URL("./spectrogram-worker.js", import.meta.url), { type: "module" });
  const number = asked++;
  return new Promise((resolve, reject) => {
    const stop = new AbortController();
    const { signal } = stop;
    worker.addEventListener("message", ({ data }) => {
      if (data.number !== number) return;
      stop.abort();
      resolve(data.picture);
    }, { signal });
    worker.addEventListener("error", (event) => {
      stop.abort();
      reject(new Error(event.message));
    }, { signal });
    worker.postMessage({ number, channels, rate }, channels.map((one) => one.buffer));
  });
}

// Decoded at its own rate: nothing is drawn that is not in the file.
async function picture({ src, rate }) {
  const response = await fetch(src);
  if (!response.ok) throw new Error(`status ${response.status}`);
  const context = new OfflineAudioContext(1, 1, Math.min(Math.max(Number(rate), RATES[0]), RATES[1]));
  const sound = await context.decodeAudioData(await response.arrayBuffer());
  const channels = Array.from({ length: sound.numberOfChannels }, (_, k) => sound.getChannelData(k).slice());
  return compute(channels, sound.sampleRate);
}

function pictureOf(player) {
  const { src } = player.dataset;
  if (!pictures.has(src)) {
    loads(player);
    const made = picture(player.dataset);
    made.catch(() => pictures.delete(src)); // the next press tries again
    pictures.set(src, made);
  }
  return pictures.get(src);
}

function say(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// 1.5 -> "1.5", 12345 -> "12,000": two digits are what can be seen.
function hertz(value) {
  return Number(value.toPrecision(2)).toLocaleString(document.documentElement.lang);
}

function decibels(value) {
  return value.toFixed(0).replace("-", "\u2212");
}

// The 256 colours between the theme's, which are written as "#rrggbb, #rrggbb, ...": four bytes each.
function colours(element) {
  const stops = getComputedStyle(element).getPropertyValue("--heat").split(",").map((colour) => (
    [1, 3, 5].map((at) => parseInt(colour.trim().slice(at, at + 2), 16))
  ));
  const bytes = Uint8ClampedArray.from({ length: 4 * 256 }, (_, byte) => {
    const at = (Math.floor(byte / 4) / 255) * (stops.length - 1);
    const low = Math.min(Math.floor(at), stops.length - 2);
    const [from = 255, to = 255] = [stops[low][byte % 4], stops[low + 1][byte % 4]];
    return from + (at - low) * (to - from);
  });
  return new Uint32Array(bytes.buffer);
}

// 1, 2 or 5 times a power of ten, so that there are few of them in a sound.
function timeStep(seconds) {
  const power = 10 ** Math.floor(Math.log10(seconds / MOST_TIMES));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => seconds / step <= MOST_TIMES);
}

function part(name, text = "") {
  const element = document.createElement("span");
  element.className = `spectrogram-${name}`;
  element.textContent = text;
  return element;
}

class Spectrogram {
  constructor(player) {
    this.player = player;
    this.legend = part("legend");
    this.legend.setAttribute("role", "status");
    this.frame = part("frame");
    this.canvas = document.createElement("canvas");
    this.canvas.setAttribute("role", "img");
    this.head = part("head");
    this.frame.append(this.canvas, this.head);
    this.hertz = part("hertz");
    this.times = part("times");
    for (const axis of [this.hertz, this.times]) axis.setAttribute("aria-hidden", "true");
    player.append(this.legend, this.hertz, this.frame, this.times);
    player.seekByPointer(this.frame);
    new MutationObserver(() => this.paint())
      .observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  }

  async fill() {
    const { seconds } = this.player;
    if (this.picture) return;
    if (seconds > LONGEST) return this.refuse(say(words.long, { most: LONGEST, seconds: seconds.toFixed(0) }));
    this.player.classList.remove("without-picture");
    this.legend.textContent = words.drawing;
    try {
      this.picture = await pictureOf(this.player);
    } catch {
      return this.refuse(words.undrawn);
    }
    this.describe();
    this.paint();
  }

  refuse(sentence) {
    this.legend.textContent = sentence;
    this.player.classList.add("without-picture");
  }

  describe() {
    const { strongest, faintest, highest, peak, moment } = this.picture;
    const { seconds } = this.player;
    const isSilent = strongest === null;
    const digits = seconds < 1 ? 2 : 1;
    this.canvas.setAttribute("aria-label", say(isSilent ? words.silent : words.picture, {
      name: this.player.dataset.name, seconds: seconds.toFixed(digits), moment: moment.toFixed(digits),
      lowest: LOWEST, highest: hertz(highest), peak: hertz(peak),
      faintest: decibels(faintest), strongest: decibels(strongest ?? 0),
    }));
    // what the colours mean is in the words of the picture, too: it is not said twice
    this.legend.replaceChildren(...(isSilent ? [words.silence] : [
      part("colours"), part("faintest", decibels(faintest)), part("strongest", `${decibels(strongest)} dB`),
    ]));
    for (const one of this.legend.children) one.setAttribute("aria-hidden", "true");
    this.legend.title = words.range;
    for (const value of HERTZ.filter((one) => one < highest)) {
      const tick = part("tick", value < 1000 ? value : `${value / 1000}k`);
      tick.style.bottom = `${(100 * Math.log(value / LOWEST)) / Math.log(highest / LOWEST)}%`;
      this.hertz.append(tick);
    }
    this.hertz.append(part("unit", "Hz"));
    const step = timeStep(seconds);
    for (let time = 0; time < 0.95 * seconds; time += step) {
      const tick = part("tick", `${Number(time.toPrecision(3))}${time ? "" : " s"}`);
      tick.style.left = `${(100 * time) / seconds}%`;
      this.times.append(tick);
    }
  }

  paint() {
    if (!this.picture) return;
    const { columns, rows, levels } = this.picture;
    const palette = colours(this.canvas);
    const image = new ImageData(columns, rows);
    const pixels = new Uint32Array(image.data.buffer);
    for (let column = 0, at = 0; column < columns; column++) {
      for (let row = rows - 1; row >= 0; row--, at++) pixels[row * columns + column] = palette[levels[at]];
    }
    Object.assign(this.canvas, { width: columns, height: rows });
    this.canvas.getContext("2d").putImageData(image, 0, 0);
  }

  show(share) {
    this.head.style.left = `${100 * share}%`;
    this.head.hidden = !share;
  }
}

// Show the spectrogram of a player that has room for it.
export function showSpectrogram(player) {
  player.spectrogram ??= new Spectrogram(player);
  player.draw();
  return player.spectrogram.fill();
}
