// Draws a page's figures, each when it comes into view: a <figure data-figure> holds "data" and
// "layout" of a Plotly figure as JSON, and Plotly is loaded for the first one. Paper, ink and lines follow the page's theme, and the width follows the page's; what is
// saved is always dark on white, with its title and caption, as for a paper.

const SAVED = { width: 960, margin: 28, font: "Helvetica, Arial, sans-serif", sharpness: 3 };
const PAPER = { "--ink": "#1d2224", "--ink-quiet": "#4a5256", "--line": "#dcdad4", "--panel": "#fff" };
const NOTICE = "#6b4a00";
const AXIS = /^[xy]axis\d*$/;

let loading = null;

// Plotly's script is millions of letters, which a page without a figure in view never waits for:
// <script data-plotly> has its address, or, in a report in one file, all of it as plain text.
export function plotly() {
  if (window.Plotly) return Promise.resolve();
  loading ??= new Promise((resolve, reject) => {
    const told = document.querySelector("script[data-plotly]");
    const script = document.createElement("script");
    script.onload = resolve;
    script.onerror = reject;
    if (told.dataset.plotly) script.src = told.dataset.plotly;
    else script.textContent = told.textContent;
    document.head.append(script);
    if (!script.src) resolve();
  });
  return loading;
}

function pageColour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// Give a layout the page's colours and our habits; what the figure says itself wins.
export function themed(layout = {}, colour = pageColour) {
  const line = colour("--line");
  const axis = { gridcolor: line, zerolinecolor: line, linecolor: line, automargin: true };
  const base = {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif", size: 13, color: colour("--ink") },
    margin: { l: 16, r: 16, t: 16, b: 16 },
    hoverlabel: { bgcolor: colour("--panel"), bordercolor: line, font: { color: colour("--ink") } },
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
    dragmode: false,
    ...layout,
  };
  for (const name of new Set(["xaxis", "yaxis", ...Object.keys(layout)])) {
    if (AXIS.test(name)) base[name] = { ...axis, ...layout[name] };
  }
  return base;
}

// What of a drawn layout has the page's colours, as Plotly.relayout wants it: a view that was
// zoomed or dragged stays as it is.
function colours(layout) {
  const now = themed(layout);
  const changes = { "font.color": now.font.color, hoverlabel: now.hoverlabel };
  for (const name of Object.keys(now)) {
    if (!AXIS.test(name)) continue;
    for (const key of ["gridcolor", "zerolinecolor", "linecolor"]) changes[`${name}.${key}`] = now[name][key];
  }
  return changes;
}

const followers = new WeakMap();

// A layout as it is for so many pixels: with less than meta.least_width, meta.narrow wins over it,
// and nothing is wider than the page.
function fitting(layout, width) {
  const { least_width: least, narrow } = layout.meta ?? {};
  if (!narrow || !width || width >= least) return layout;
  return { ...layout, ...narrow, meta: { ...layout.meta, least_width: undefined } };
}

// Draw { data, layout, config } into an element, in place of what was drawn there before. It
// follows the theme and the element's width, within layout.meta.least_width and most_width;
// layout.height wins over data-height.
export async function draw(element, { data, layout: whole = {}, config }) {
  await plotly();
  const before = followers.get(element);
  followers.delete(element);
  before?.forEach((observer) => observer.disconnect());
  if (before) Plotly.purge(element);
  element.replaceChildren();
  element.style.minWidth = "";
  const layout = fitting(whole, element.clientWidth);
  const isNarrow = layout !== whole;
  const { least_width: least, most_width: most } = layout.meta ?? {};
  element.style.minWidth = least ? `${least}px` : "";
  element.style.maxWidth = most ? `${most}px` : "";
  const size = { height: Number(element.dataset.height) || undefined, width: element.clientWidth || undefined };
  const settings = { displaylogo: false, displayModeBar: false, ...config };
  await Plotly.newPlot(element, data, themed({ ...size, ...layout }), settings);
  const theme = new MutationObserver(() => Plotly.relayout(element, colours(layout)));
  theme.observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  const width = new ResizeObserver(() => {
    const now = element.clientWidth;
    const room = element.parentElement.clientWidth;
    if (room && (fitting(whole, room) !== whole) !== isNarrow) draw(element, { data, layout: whole, config });
    else if (now && now !== element.layout.width) Plotly.relayout(element, { width: now });
  });
  width.observe(element);
  followers.set(element, [theme, width]);
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

// Break a text into lines that are no wider than `width` pixels.
function inLines(text, font, width) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = font;
  const lines = [];
  for (const word of text.trim().split(/\s+/)) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && pen.measureText(longer).width <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

// Lines of text as SVG, the first one's baseline at `y`.
function written(lines, { x, y, step, size, colour, weight = 400 }) {
  const spans = lines.map((line, number) => `<tspan x="${x}" y="${y + number * step}">${escaped(line)}</tspan>`);
  return `<text font-family="${SAVED.font}" font-size="${size}" font-weight="${weight}" fill="${colour}">${spans.join("")}</text>`;
}

// The figure as an SVG of its own: its title above, its provenance, its caption below.
async function picture(figure, { data, layout = {} }) {
  await plotly();
  const box = figure.querySelector(".figure-plot");
  const { least_width: least = 0, most_width: most = Infinity } = layout.meta ?? {};
  const width = Math.max(SAVED.width, least + 2 * SAVED.margin);
  const inner = width - 2 * SAVED.margin;
  const title = inLines(box.getAttribute("aria-label"), `600 18px ${SAVED.font}`, inner);
  const said = figure.querySelector("[data-caption]") ?? figure.querySelector("figcaption");
  const caption = inLines(said.textContent, `13px ${SAVED.font}`, inner);
  const mark = figure.querySelector(".figure-title .provenance")?.textContent.trim();
  const top = SAVED.margin + 24 * title.length + (mark ? 22 : 0) + 8;
  const own = layout.height ?? (Number(box.dataset.height) || 420);
  const height = top + own + 18 * caption.length + SAVED.margin + 16;
  const whole = themed(structuredClone(layout), (name) => PAPER[name]);
  whole.font = { ...whole.font, family: SAVED.font };
  const size = { width: Math.min(inner, most), height: own };
  const drawn = await Plotly.toImage({ data: structuredClone(data), layout: { ...whole, ...size } }, { format: "svg", ...size });
  const plot = decodeURIComponent(drawn.slice(drawn.indexOf(",") + 1));
  const x = SAVED.margin;
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<title>${escaped(title.join(" "))}</title><desc>${escaped(caption.join(" "))}</desc>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    written(title, { x, y: SAVED.margin + 14, step: 24, size: 18, weight: 600, colour: PAPER["--ink"] }),
    mark ? written([mark], { x, y: SAVED.margin + 24 * title.length + 12, step: 0, size: 13, colour: NOTICE }) : "",
    plot.replace(/^<svg /, `<svg x="${x}" y="${top}" `),
    written(caption, { x, y: top + own + 24, step: 18, size: 13, colour: PAPER["--ink-quiet"] }),
    "</svg>",
  ].join("");
  return { svg: new Blob([svg], { type: "image/svg+xml" }), width, height };
}

async function asPng({ svg, width, height }) {
  const image = new Image();
  image.src = URL.createObjectURL(svg);
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width * SAVED.sharpness, height * SAVED.sharpness];
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(image.src);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

export async function save(figure, plot, format) {
  const drawn = await picture(figure, plot);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(format === "png" ? await asPng(drawn) : drawn.svg);
  link.download = `${figure.dataset.figure ?? figure.dataset.map}.${format}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// A figure that is wider than the page scrolls in a box of its own, by the keyboard too.
function scrollable(scroller, title) {
  const wider = scroller.scrollWidth > scroller.clientWidth;
  for (const [name, value] of Object.entries({ tabindex: "0", role: "region", "aria-label": title })) {
    if (wider) scroller.setAttribute(name, value);
    else scroller.removeAttribute(name);
  }
}

function show(figure) {
  const plot = JSON.parse(figure.querySelector(":scope > script").textContent);
  const box = figure.querySelector(".figure-plot");
  const title = box.getAttribute("aria-label");
  return draw(box, plot).then(() => {
    new ResizeObserver(() => scrollable(box.parentElement, title)).observe(box.parentElement);
    figure.dataset.drawn = "yes";
  });
}

// Figures are drawn one by one, and what is pressed meanwhile is answered in between.
let turn = Promise.resolve();
const answered = () => new Promise((resolve) => setTimeout(resolve));

const inView = new IntersectionObserver((entries) => {
  for (const { target } of entries.filter((one) => one.isIntersecting)) {
    inView.unobserve(target);
    turn = turn.then(answered).then(() => show(target));
  }
}, { rootMargin: "200px" });

for (const figure of document.querySelectorAll("figure[data-figure]")) {
  inView.observe(figure);
  for (const button of figure.querySelectorAll("[data-save]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      save(figure, JSON.parse(figure.querySelector(":scope > script").textContent), button.dataset.save);
    });
  }
}
