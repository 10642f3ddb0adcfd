// What a map's page knows of every clip, and the categories that it colours them by.

const NO_FAMILY = -1;
const WIDEST = 48; // characters of a line of what is shown while the pointer is on a point

export function readable(name) {
  return name.replaceAll("_", " ");
}

// Plotly reads tags and entities in what it writes.
function plain(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function inLines(words) {
  const lines = [""];
  for (const word of words) {
    if (lines.at(-1) && (lines.at(-1) + word).length > WIDEST) lines.push("");
    lines[lines.length - 1] += word;
  }
  return lines.map((line) => plain(line.trim())).join("<br>");
}

export class Clips {
  constructor(facts) {
    Object.assign(this, facts);
    this.row = new Map(this.ids.map((id, row) => [id, row]));
  }

  labelsOf(row) {
    return this.labels[row].map((label) => readable(this.classes[label]));
  }

  // Its id, title and labels, as Plotly writes them beside a point.
  hover(row) {
    this.hovers ??= this.ids.map((_, each) => this.hoverOf(each));
    return this.hovers[row];
  }

  hoverOf(row) {
    const title = this.titles[row] ? `${inLines(this.titles[row].split(/(?<=\s)/))}<br>` : "";
    const labels = this.labelsOf(row).map((label, place, all) => label + (place < all.length - 1 ? ", " : ""));
    return `${plain(this.ids[row])}<br>${title}${inLines(labels)}`;
  }

  // The rows of the clips that have every one of some words in their id, labels or title.
  find(text) {
    const words = readable(text).toLowerCase().split(/\s+/).filter(Boolean);
    this.texts ??= this.ids.map((id, row) => readable([id, this.titles[row], ...this.labelsOf(row)].join("\n")).toLowerCase());
    return [...this.ids.keys()].filter((row) => words.every((word) => this.texts[row].includes(word)));
  }
}

function byFamily(clips, words) {
  const rows = clips.families.map(() => []);
  const several = [];
  const none = [];
  for (const [row, family] of clips.family.entries()) {
    (rows[family] ?? (family === NO_FAMILY ? none : several)).push(row);
  }
  return {
    coloured: clips.families.map((name, place) => ({ key: name, name: readable(name), rows: rows[place] })),
    grey: [
      { key: "none", name: words.noFamily, rows: none },
      { key: "several", name: words.several, rows: several, symbol: "x-open" },
    ],
  };
}

function byClass(clips, chosen, words) {
  const places = chosen.map((name) => clips.classes.indexOf(name));
  const rows = chosen.map(() => []);
  const rest = [];
  for (const [row, labels] of clips.labels.entries()) {
    const first = places.findIndex((place) => labels.includes(place));
    (rows[first] ?? rest).push(row);
  }
  return {
    coloured: chosen.map((name, place) => ({ key: name, name: readable(name), rows: rows[place] })),
    grey: [{ key: "rest", name: words.rest, rows: rest }],
  };
}

// The categories that every clip is in one of, grey ones first: they are drawn first.
export function categories(clips, { colour, chosen, hidden }, look) {
  const { coloured, grey } = colour === "family" ? byFamily(clips, look.words) : byClass(clips, chosen, look.words);
  const quiet = grey.map((one) => ({ symbol: "circle-open", ...one, colour: look.grey, isGrey: true }));
  const loud = coloured.map((one, place) => ({
    ...one,
    colour: look.colours[place % look.colours.length],
    symbol: look.symbols[place % look.symbols.length],
  }));
  return [...quiet, ...loud]
    .filter((one) => one.rows.length || !one.isGrey)
    .map((one) => ({ ...one, isHidden: hidden.has(one.key) }));
}
