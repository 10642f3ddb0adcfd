// One map: its points by Plotly, what is surrounded on it, what is marked on it.
import { draw } from "../core/figures.js";

const hasWebGL = Boolean(document.createElement("canvas").getContext("webgl"));
const RING = "#d1661c";
const SIZES = [[400, 9], [2000, 7], [Infinity, 4]]; // up to so many points, so many pixels wide
const LAYERS = 12; // of points: within one, WebGL draws symbol by symbol
const FAINT = 0.13; // a point that is not among the chosen ones

// A place in an order that has nothing to do with that of the clips: no category covers another.
function shuffled(row) {
  return Math.imul(row + 1, 2654435761) >>> 0;
}

// The range of some values with a margin, so that it is the same whatever is hidden.
function around(values) {
  const low = values.reduce((least, value) => Math.min(least, value), Infinity);
  const high = values.reduce((most, value) => Math.max(most, value), -Infinity);
  const margin = 0.05 * (high - low) || 1;
  return [low - margin, high + margin];
}

function pixels(count) {
  return SIZES.find(([most]) => count <= most)[1];
}

export class MapPlot {
  // on: pressed(row) and surrounded(rows)
  constructor(figure, points, clips, on) {
    Object.assign(this, { figure, points, clips, on });
    this.box = figure.querySelector(".figure-plot");
    this.title = figure.dataset.title;
    this.placed = [...clips.ids.keys()].filter((row) => this.has(row));
    this.ranges = [0, 1].map((axis) => around(this.placed.map((row) => points[2 * row + axis])));
    this.type = hasWebGL ? "scattergl" : "scatter";
    this.marked = null;
    this.selection = null;
    this.busy = 0;
  }

  has(row) {
    return !Number.isNaN(this.points[2 * row]);
  }

  at(row) {
    return [this.points[2 * row], this.points[2 * row + 1]];
  }

  // Put the categories' clips that are shown into layers: grey ones at the bottom, then the others
  // mixed, so that none is drawn over another one throughout.
  sort(categories) {
    this.categories = categories;
    this.of = new Map();
    for (const one of categories.filter(({ isHidden }) => !isHidden)) {
      for (const row of one.rows) if (this.has(row)) this.of.set(row, one);
    }
    const rows = [...this.of.keys()].sort((one, other) => shuffled(one) - shuffled(other));
    const loud = rows.filter((row) => !this.of.get(row).isGrey);
    const size = Math.ceil(loud.length / LAYERS) || 1;
    const mixed = Array.from({ length: LAYERS }, (_, layer) => loud.slice(layer * size, (layer + 1) * size));
    this.layers = [rows.filter((row) => this.of.get(row).isGrey), ...mixed];
  }

  layer(rows, type) {
    const isOutlined = rows.length > 0 && this.of.get(rows[0]).isGrey;
    const size = pixels(this.placed.length);
    return {
      type,
      mode: "markers",
      x: rows.map((row) => this.points[2 * row]),
      y: rows.map((row) => this.points[2 * row + 1]),
      text: rows.map((row) => this.clips.hover(row)),
      hovertemplate: "%{text}<extra></extra>",
      hoverlabel: { align: "left" },
      marker: {
        color: rows.map((row) => this.of.get(row).colour),
        symbol: rows.map((row) => this.of.get(row).symbol),
        opacity: rows.map((row) => (this.of.get(row).isGrey ? 0.35 : 0.8)),
        size,
        line: { width: isOutlined ? 1 : 0 }, // without a line there is nothing of an open symbol
      },
      selected: { marker: { opacity: 1, size: size + 2 } },
      unselected: { marker: { opacity: FAINT } },
      showlegend: false,
    };
  }

  // The points, and the ring around the one that is marked.
  traces(type = this.type) {
    const chosen = this.chosenPlaces();
    const layers = this.layers.map((rows, layer) => ({ ...this.layer(rows, type), selectedpoints: chosen[layer] ?? undefined }));
    const [x, y] = this.ringed();
    const marker = { symbol: "circle-open", size: 20, color: RING, line: { width: 3, color: RING } };
    const always = { marker: { opacity: 1 } };
    return [...layers, {
      type, mode: "markers", x, y, marker, selected: always, unselected: always, hoverinfo: "skip", showlegend: false,
    }];
  }

  // The places of the chosen clips in each layer, or null where none is chosen.
  chosenPlaces() {
    const { selection } = this;
    return this.layers.map((rows) => selection && [...rows.keys()].filter((place) => selection.has(rows[place])));
  }

  ringed() {
    return this.marked === null ? [[], []] : this.at(this.marked).map((value) => [value]);
  }

  layout(tool) {
    const shares = this.figure.dataset.explained?.split(" ").map((share) => (100 * Number(share)).toFixed(1));
    const axis = (place) => ({
      range: this.ranges[place], showgrid: false, zeroline: false, showticklabels: false, ticks: "", showline: true, mirror: true,
      title: shares && {
        text: this.figure.dataset.axis.replace("{number}", place + 1).replace("{share}", shares[place]),
        font: { size: 12 },
      },
    });
    return {
      dragmode: tool || false,
      hovermode: "closest",
      showlegend: false,
      margin: { l: 8, r: 8, t: 8, b: 8 },
      xaxis: axis(0),
      yaxis: { ...axis(1), scaleanchor: "x" },
      newselection: { line: { width: 2 } },
    };
  }

  async draw(categories, tool) {
    this.sort(categories);
    this.box.dataset.height = Math.round(Math.min(620, Math.max(320, 0.85 * this.box.clientWidth)));
    await this.drawOnce(tool);
    if (this.box.querySelector(".no-webgl")) { // the browser has it, and it does not work
      this.type = "scatter";
      await this.drawOnce(tool);
    }
    this.box.addEventListener("pointerdown", ({ shiftKey }) => { this.isAdding = shiftKey; }, true);
    this.box.on("plotly_click", ({ points: [point] }) => this.onPress(point));
    this.box.on("plotly_selected", (event) => this.onSelected(event));
    this.box.on("plotly_deselect", () => this.onSelected());
    this.figure.dataset.drawn = "yes";
  }

  drawOnce(tool) {
    return draw(this.box, { data: this.traces(), layout: this.layout(tool), config: { doubleClick: "reset" } });
  }

  onPress(point) {
    this.wasPressed = true;
    const row = this.rowOf(point);
    if (row !== undefined) this.on.pressed(row);
  }

  // Plotly tells of selections also while it carries out ours, and lets go of one when a point is
  // pressed; then it stays as it was.
  onSelected(event) {
    if (this.busy) return;
    this.wasPressed = false;
    const rows = event?.points?.map((point) => this.rowOf(point)).filter((row) => row !== undefined);
    setTimeout(() => { // now Plotly is done with it
      if (rows) this.on.surrounded(this.isAdding ? [...new Set([...(this.selection ?? []), ...rows])] : rows);
      else if (this.wasPressed) this.choose(this.selection);
      else this.on.surrounded([]);
    });
  }

  async quietly(change) {
    this.busy += 1;
    try {
      await change();
    } finally {
      this.busy -= 1;
    }
  }

  rowOf({ curveNumber, pointNumber }) {
    return this.layers[curveNumber]?.[pointNumber];
  }

  recolour(categories) {
    this.sort(categories);
    const layout = { ...this.box.layout, selections: [] };
    return this.quietly(() => Plotly.react(this.box, this.traces(), layout));
  }

  // Show which clips are chosen: a set of rows, or null for none. What was drawn around them goes:
  // Plotly would count again what is inside, a little differently.
  choose(selection) {
    this.selection = selection;
    const chosen = { selectedpoints: this.chosenPlaces() };
    return this.quietly(() => Plotly.update(this.box, chosen, { selections: [] }, [...this.layers.keys()]));
  }

  ring(row) {
    this.marked = this.has(row) ? row : null;
    const [x, y] = this.ringed();
    return this.quietly(() => Plotly.restyle(this.box, { x: [x], y: [y] }, [this.layers.length]));
  }

  use(tool) {
    return this.quietly(() => Plotly.relayout(this.box, { dragmode: tool || false }));
  }

  whole() {
    const [across, up] = this.ranges;
    return this.quietly(() => Plotly.relayout(this.box, { "xaxis.range": across, "yaxis.range": up }));
  }

  // The rows of the clips that lie nearest to a clip on this map, itself first.
  nearest(row, count) {
    const [x, y] = this.at(row);
    const distance = (other) => (this.points[2 * other] - x) ** 2 + (this.points[2 * other + 1] - y) ** 2;
    const others = this.placed.filter((other) => other !== row);
    return [row, ...others.sort((one, other) => distance(one) - distance(other) || one - other).slice(0, count)];
  }

  // What is saved: the points as they are drawn, as shapes, with a legend.
  picture() {
    const layers = this.layers.map((rows) => this.layer(rows, "scatter"));
    const legend = this.categories.filter(({ isHidden }) => !isHidden).map(({ name, colour, symbol }) => (
      { type: "scatter", mode: "markers", x: [null], y: [null], name, marker: { color: colour, symbol, size: 9 } }
    ));
    return { data: [...layers, ...legend], layout: { ...this.layout(""), showlegend: true } };
  }
}
