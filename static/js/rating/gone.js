// The page of a link that leads nowhere any more: what this browser still keeps under it.
import { Keeping } from "./answer-store.js";
import { Kept } from "./kept.js";

const { rater } = document.getElementById("work").dataset;
await new Kept(new Keeping(new URL(rater, location).href)).draw();
