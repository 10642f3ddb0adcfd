// Two sounds side by side: a press goes from one to the other, at the same place in the sound.
//
// The other sound is made ready in an element of its own, a moment ahead, while the first plays on; the
// first falls silent when the other is there. So nothing is loaded, or waited for, in between. Both
// play as loud as everywhere, and what is heard of each counts as its own.
import { setLoudness } from "./loudness.js";
import { handOver, newAudio, sounding } from "./player.js";
import { loopOf } from "./region.js";

const LEAD = 0.12; // seconds by which the other sound is ahead until it is there
const END = 0.2; // seconds before the end of a sound that are no place to go to
const PATIENCE = 4000; // milliseconds for it to be there; then it is played as any other

let spare = null;
let asked = 0;

function when(element, name) {
  return new Promise((resolve, reject) => {
    const stop = new AbortController();
    const { signal } = stop;
    const timer = setTimeout(() => finish(reject), PATIENCE);
    const finish = (done) => {
      clearTimeout(timer);
      stop.abort();
      done();
    };
    element.addEventListener(name, () => finish(resolve), { signal });
    element.addEventListener("error", () => finish(reject), { signal });
  });
}

// Load a sound into the spare element, and go to a place in it; resolves to when it is to be heard
// there, by the page's clock. A shorter sound begins again.
async function standBy(player, at) {
  spare ??= newAudio();
  const address = new URL(player.dataset.src, location).href;
  if (spare.src !== address || spare.error) {
    spare.src = address;
    await when(spare, "loadedmetadata");
  }
  const seconds = player.seconds || spare.duration;
  const due = performance.now() + 1000 * LEAD;
  const place = at();
  const found = when(spare, "seeked");
  spare.currentTime = place + END < seconds ? place : 0;
  await found;
  if (spare.readyState < HTMLMediaElement.HAVE_FUTURE_DATA) await when(spare, "canplay");
  return due;
}

function rest(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, milliseconds)));
}

// Where a sound that plays will be in a moment: within the part of it that is repeated, if any is.
function soon(player, audio) {
  const [time, { region }] = [audio.currentTime + LEAD, player];
  return region && time >= region.to && audio.currentTime < region.to ? region.from + time - region.to : time;
}

// A region that is played over and over goes along where the other sound is long enough for it.
function shareRegion(from, to) {
  const fits = from.region && (!to.seconds || from.region.to <= to.seconds);
  to.region = fits ? { ...from.region } : null;
  if (fits) loopOf(to);
}

// Go on with another player's sound at the place where the page's sound is, or where it was stopped.
export async function switchTo(player) {
  const mine = ++asked;
  const { player: before, audio } = sounding();
  if (!before || before === player) return player.play();
  const wasPlaying = before.isPlaying;
  const isOver = () => mine !== asked || sounding().player !== before || before.isPlaying !== wasPlaying;
  const at = () => (wasPlaying ? soon(before, audio) : before.position);
  try {
    const due = await standBy(player, at);
    if (wasPlaying) await rest(due - performance.now());
    if (isOver()) return undefined;
    setLoudness(spare, Number(player.dataset.gain ?? 0));
    await spare.play();
    if (isOver()) return spare.pause();
    player.say();
    before.say();
    shareRegion(before, player);
    spare = handOver(player, spare);
  } catch {
    if (isOver()) return undefined;
    player.seek(before.position); // a browser that plays one element alone, or a sound that fails
    player.play();
  }
  return undefined;
}
