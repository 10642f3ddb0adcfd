// The legend of the maps: a button for each colour, which hides and shows its points on all maps.

const SHAPES = {
  circle: "M8 2a6 6 0 1 0 .01 0z",
  square: "M2.5 2.5h11v11h-11z",
  diamond: "M8 1l7 7-7 7-7-7z",
  "triangle-up": "M8 1.5l7 12H1z",
  "triangle-down": "M8 14.5l7-12H1z",
  cross: "M6 1.5h4V6h4.5v4H10v4.5H6V10H1.5V6H6z",
  x: "M4.2 1.4L8 5.2l3.8-3.8 2.8 2.8L10.8 8l3.8 3.8-2.8 2.8L8 10.8l-3.8 3.8-2.8-2.8L5.2 8 1.4 4.2z",
  star: "M8 .8l2.2 4.7 5.1.6-3.8 3.5 1 5.1L8 12.2l-4.5 2.5 1-5.1L.7 6.1l5.1-.6z",
};
const SVG = "http://www.w3.org/2000/svg";

function sign({ symbol, colour }) {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("viewBox", "0 0 16 16");
  picture.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  const [, shape, open] = /^(.*?)(-open)?$/.exec(symbol);
  path.setAttribute("d", SHAPES[shape] ?? SHAPES.circle);
  path.setAttribute(open ? "stroke" : "fill", colour);
  if (open) path.setAttribute("fill", "none");
  picture.append(path);
  return picture;
}

// Show categories in their order of colours; toggled(key, isHidden) is called when one is pressed.
export function drawLegend(list, categories, toggled) {
  const focused = document.activeElement?.dataset?.key;
  const ordered = [...categories].sort((one, other) => Boolean(one.isGrey) - Boolean(other.isGrey));
  list.replaceChildren(...ordered.map((one) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.key = one.key;
    button.setAttribute("aria-pressed", String(!one.isHidden));
    const count = document.createElement("span");
    count.className = "quiet";
    count.textContent = one.rows.length.toLocaleString("en");
    button.append(sign(one), `${one.name} `, count);
    button.addEventListener("click", () => toggled(one.key, !one.isHidden));
    const item = document.createElement("li");
    item.append(button);
    return item;
  }));
  if (focused) list.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}
