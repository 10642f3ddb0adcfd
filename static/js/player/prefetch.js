// Sounds that are loaded before they are played: into the browser's cache, which the player reads
// from. One after the other, so that the first is there soon; and what is played goes before all: what
// is half loaded then is broken off, and loaded again once the other is heard.

const asked = new Set();
const playsOpus = document.createElement("audio").canPlayType('audio/ogg; codecs="opus"') !== "";
let waiting = []; // players whose sounds are to be loaded
let loading = null; // { player, address, stop } of the one that is
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
  loads(player);
  if (loading && !loading.stop.signal.aborted) {
    waiting.unshift(loading.player);
    loading.stop.abort();
  }
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
  const player = waiting.shift();
  const address = addressOf(player);
  const stop = new AbortController();
  loading = { player, address, stop };
  try {
    const response = await fetch(address, { priority: "low", signal: stop.signal });
    await response.blob();
  } catch {
    if (!stop.signal.aborted) asked.delete(address);
  }
  loading = null;
  loadNext();
}
