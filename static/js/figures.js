// Draws a page's figures: each <figure data-figure> holds "data" and "layout" of a Plotly figure
// as JSON. Paper, ink and lines follow the page's theme; what is saved is always dark on white,
// with its title and caption, as for a paper.

const SAVED = { width: 960, margin: 24 };
const PAPER = { "--ink": "#1d2224", "--ink-quiet": "#596166", "--line": "#dfdcd5", "--panel": "#fff" };

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
    if (/^[xy]axis\d*$/.test(name)) base[name] = { ...axis, ...layout[name] };
  }
  return base;
}

// Draw { data, layout, config } into an element, and again when the theme changes.
export async function draw(element, { data, layout, config }) {
  element.replaceChildren();
  const height = Number(element.dataset.height) || undefined;
  const settings = { responsive: true, displaylogo: false, displayModeBar: false, ...config };
  await Plotly.newPlot(element, data, themed({ height, ...layout }), settings);
  new MutationObserver(() => Plotly.relayout(element, themed({ height, ...layout }))).observe(
    document.documentElement, { attributeFilter: ["data-bs-theme"] },
  );
}

// What is saved: the figure with its title above and its caption below, in lines that fit.
function forPaper({ data, layout }, title, caption, height) {
  const colour = (name) => PAPER[name];
  const characters = SAVED.width / 7;
  const lines = [""];
  for (const word of caption.split(/\s+/)) {
    if ((lines.at(-1) + word).length > characters) lines.push("");
    lines[lines.length - 1] += `${word} `;
  }
  const top = 64;
  const foot = 20 + 17 * lines.length;
  const plot = themed(layout, colour);
  const margin = { ...plot.margin, t: plot.margin.t + top, b: plot.margin.b + foot };
  const words = (text, size, y, anchor, shift) => ({
    text, x: 0, xref: "container", y, yref: "container", font: { size }, xanchor: "left",
    yanchor: anchor, pad: { l: SAVED.margin, ...shift }, automargin: false,
  });
  return {
    data,
    layout: {
      ...plot,
      margin,
      paper_bgcolor: "#fff",
      width: SAVED.width,
      height: height + top + foot,
      title: { ...words(title, 17, 1, "top", { t: 14 }),
        subtitle: { text: "", font: { size: 12 } } },
      annotations: [...(plot.annotations ?? []), {
        text: lines.join("<br>"), showarrow: false, align: "left", font: { size: 12, color: colour("--ink-quiet") },
        x: 0, xref: "paper", xanchor: "left", y: 0, yref: "paper", yanchor: "bottom", yshift: -foot - plot.margin.b,
      }],
    },
  };
}

async function save(figure, plot, format) {
  const box = figure.querySelector(".figure-plot");
  const caption = figure.querySelector("figcaption").textContent.trim();
  const title = box.getAttribute("aria-label");
  const whole = forPaper(plot, title, caption, Number(box.dataset.height));
  const { width, height } = whole.layout;
  const address = await Plotly.toImage(whole, { format, width, height, scale: format === "png" ? 2 : 1 });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await blobOf(address));
  link.download = `${figure.dataset.figure}.${format}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

async function blobOf(address) {
  const [head, body] = [address.slice(0, address.indexOf(",")), address.slice(address.indexOf(",") + 1)];
  const type = /data:([^;,]*)/.exec(head)[1];
  if (!head.includes("base64")) return new Blob([decodeURIComponent(body)], { type });
  return new Blob([Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0))], { type });
}

for (const figure of document.querySelectorAll("figure[data-figure]")) {
  const plot = JSON.parse(figure.querySelector("script").textContent);
  draw(figure.querySelector(".figure-plot"), plot).then(() => {
    figure.dataset.drawn = "yes";
  });
  for (const button of figure.querySelectorAll("[data-save]")) {
    button.hidden = false;
    button.addEventListener("click", () => save(figure, plot, button.dataset.save));
  }
}
