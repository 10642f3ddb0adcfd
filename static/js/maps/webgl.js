// Lets Plotly draw by WebGL under a policy that forbids eval. It writes functions of its own and has
// them compiled by Function(); those of the pinned version are here already, word by word.
import { compiled } from "../generated/webgl-compiled.js";

const known = new Map(compiled.map((one) => [one.toString(), one]));

window.Function = new Proxy(Function, {
  apply(target, self, parts) {
    const text = `function (${parts.slice(0, -1).join(", ")}) {${parts.at(-1)}\n}`;
    return known.get(text) ?? Reflect.apply(target, self, parts);
  },
});

export const hasWebGL = Boolean(document.createElement("canvas").getContext("webgl"));
