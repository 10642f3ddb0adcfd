// What was heard of each sound: seconds in all, repeats counted, and which parts of it at least
// once. Kept for as long as the tab, so that a reload does not ask to listen again.

const GAP = 0.05; // seconds between two parts that count as one

class Heard {
  seconds = 0;
  parts = []; // [from, to], apart from each other
  duration = 0;

  add(from, to) {
    this.seconds += to - from;
    const touching = this.parts.filter(([start, end]) => start <= to + GAP && end >= from - GAP);
    const apart = this.parts.filter((part) => !touching.includes(part));
    const joined = [[from, to], ...touching];
    apart.push([Math.min(...joined.map(([start]) => start)), Math.max(...joined.map(([, end]) => end))]);
    this.parts = apart;
  }

  // The seconds of the sound that were heard at least once.
  get covered() {
    return this.parts.reduce((sum, [from, to]) => sum + to - from, 0);
  }

  // The share of the sound that was heard at least once, from 0 to 1.
  get share() {
    return this.duration ? Math.min(1, this.covered / this.duration) : 0;
  }
}

const sounds = new Map();

// The record of the sound at an address: one, wherever on the page it is.
export function heardOf(address) {
  if (!sounds.has(address)) {
    const record = new Heard();
    try {
      Object.assign(record, JSON.parse(sessionStorage.getItem(`heard ${address}`)));
    } catch {
      // storage is switched off, or what it holds is not ours: nothing was heard yet
    }
    sounds.set(address, record);
  }
  return sounds.get(address);
}

export function keepHeard(address) {
  try {
    sessionStorage.setItem(`heard ${address}`, JSON.stringify(sounds.get(address)));
  } catch {
    // storage is switched off or full: a reload will ask to listen again
  }
}
