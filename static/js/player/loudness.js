// How loud the page's one sound plays: as loud as its file is, until a sound bar says otherwise.
//
// What has to be lowered is lowered by the element's own volume. Only what has to be raised, and
// everything where a browser fixes the volume (Safari on phones), goes through a Web Audio graph,
// which a sound cannot leave again: it is silent while the browser holds the graph back, and comes a
// little late. The server gives no gain that takes a sound above full scale. A rater's page has
// neither gains nor a bar, so it never has a graph.

let volume = 1; // factor of the amplitude, 0 to 1
let isMatched = false;
let context = null;
const gains = new WeakMap(); // of each element that was once raised
let canLower; // whether an element's volume can be set at all

function tryVolume() {
  const audio = document.createElement("audio");
  audio.volume = 0.5;
  return audio.volume === 0.5;
}

function gainOf(audio) {
  if (!gains.has(audio)) {
    context ??= new AudioContext({ latencyHint: "playback" });
    const gain = context.createGain();
    context.createMediaElementSource(audio).connect(gain).connect(context.destination);
    gains.set(audio, gain);
  }
  return gains.get(audio);
}

// Set how loud `audio` plays a sound whose level is matched by `gain` (dB). Where there is a graph,
// a press of the user lets it run: to be called on every play.
export function setLoudness(audio, gain) {
  const factor = volume * (isMatched ? 10 ** (gain / 20) : 1);
  canLower ??= tryVolume();
  const needsGraph = factor > 1 || (factor < 1 && !canLower);
  if (needsGraph || gains.has(audio)) gainOf(audio).gain.value = needsGraph ? factor : 1;
  audio.volume = needsGraph ? 1 : factor;
  if (context?.state !== "running") context?.resume();
}

// What is wanted of all sounds: { volume, isMatched }.
export function setWanted(wanted) {
  ({ volume, isMatched } = wanted);
}
