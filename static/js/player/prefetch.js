// Sounds that are loaded before they are played: into the browser's cache, which the player reads
// from. One after the other, so that the first is there soon; and what is played goes before all: what
// is half loaded then is broken off, and is loaded when it is needed.

const asked = new Set();
const playsOpus = document.createElement("audio").canPlayType('audio/ogg; codecs="opus"') !== "";
let waiting = []; // players whose sounds are to be loaded
let loading = null; // { address, stop } of the one that is
let played = ""; // the address that was last played
let held = false; // while a sound that is played has yet to come

// Where a player's sound is, for this browser: raters' copies in Opus lie there in another format,
// too, for browsers that do not play it.
export function addressOf({ dataset }) {
  return playsOpus ? dataset.src : dataset.src + (dataset.plain ?? "");
}

// A sound that loads by itself, since it plays, is not loaded a second time.
export function loads(player) {
  const address = addressOf(player);
  asked.add(address);
  waiting = waiting.filter((one) => addressOf(one) !== address);
  if (loading?.address === address) loading.stop.abort();
}

// A sound that is to be played loads alone, until something is heard of it.
export function plays(player) {
  played = addressOf(player);
  loads(player);
  loading?.stop.abort();
  held = true;
  document.addEventListener("sound-heard", goOn, { once: true });
  document.addEventListener("sound-failed", goOn, { once: true });
}

function goOn() {
  held = false;
  loadNext();
}

export function prefetch(player) {
  if (!player || asked.has(addressOf(player)) || navigator.connection?.saveData) return;
  asked.add(addressOf(player));
  waiting.push(player);
  loadNext();
}

async function loadNext() {
  if (loading || held || !waiting.length) return;
  const address = addressOf(waiting.shift());
  const stop = new AbortController();
  loading = { address, stop };
  try {
    const response = await fetch(address, { priority: "low", signal: stop.signal });
    await response.blob();
  } catch {
    if (address !== played) asked.delete(address);
  }
  loading = null;
  loadNext();
}
