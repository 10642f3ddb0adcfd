// The picture in a seek bar: the waveform of an envelope (one character from 0-9a-z a point), or a
// plain line where there is none. It is drawn twice, the second clipped to what was played.

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 36; // one more than the largest envelope character

export function svg(name, attributes = {}) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function box(width, attributes = {}) {
  const viewBox = `0 ${-HEIGHT} ${width} ${2 * HEIGHT}`;
  return svg("svg", { viewBox, preserveAspectRatio: "none", ...attributes });
}

export class Waveform {
  constructor(envelope = "") {
    const points = [...envelope].map((letter) => parseInt(letter, 36));
    const width = points.length || 200;
    const up = points.map((height, x) => `L${x + 0.5},${-height - 0.6}`).join("");
    const down = points.map((height, x) => `L${x + 0.5},${height + 0.6}`).reverse().join("");
    const shape = points.length ? `M0,0${up}L${width},0${down}Z` : `M0,-3H${width}V3H0Z`;
    const place = { x: 0, y: -HEIGHT, height: 2 * HEIGHT };
    const all = box(width, { ...place, width });
    all.append(svg("path", { d: shape, class: "wave" }));
    this.played = box(0, { ...place, width: 0 });
    this.played.append(svg("path", { d: shape, class: "wave wave-played" }));
    this.width = width;
    this.head = svg("rect", { x: -1, y: -HEIGHT, width: 1.2, height: 2 * HEIGHT, class: "head" });
    this.element = box(width, { "aria-hidden": "true" });
    this.element.append(all, this.played, this.head);
  }

  // Show that a share of the sound, from 0 to 1, was played.
  show(share) {
    const x = share * this.width;
    this.played.setAttribute("width", x);
    this.played.setAttribute("viewBox", `0 ${-HEIGHT} ${x} ${2 * HEIGHT}`);
    this.head.setAttribute("x", share ? x - 0.6 : -2);
  }
}
