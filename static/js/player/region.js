// A part of a sound that is played over and over: from a place to a place that a key or a button sets,
// or drawn on the track with Shift held; its ends can be dragged.

const LEAST = 0.1; // seconds
const NEAR = 12; // pixels from an end that still take hold of it

class Loop {
  constructor(player) {
    this.player = player;
    this.start = null; // the first end, where the second is still to come
    this.mark = document.createElement("span");
    this.mark.className = "region";
    player.bar.append(this.mark);
  }

  show() {
    const { region, seconds } = this.player;
    const [from, to] = region ? [region.from, region.to] : [this.start, this.start];
    this.mark.hidden = from === null || !seconds;
    if (this.mark.hidden) return;
    this.mark.style.left = `${(100 * from) / seconds}%`;
    this.mark.style.width = `${(100 * (to - from)) / seconds}%`;
  }

  // Let the part be from one place to another, in either order; too short a part is widened.
  set(one, other) {
    const { player } = this;
    const [from, to] = [Math.min(one, other), Math.max(one, other)];
    this.start = null;
    player.region = {
      from: Math.max(0, Math.min(from, player.seconds - LEAST)),
      to: Math.min(player.seconds, Math.max(to, from + LEAST)),
    };
    player.draw();
  }

  clear() {
    this.start = null;
    this.player.region = null;
    this.player.draw();
  }
}

// Return what shows a player's region, and changes it.
export function loopOf(player) {
  player.loop ??= new Loop(player);
  return player.loop;
}

// The first press sets where the part begins, the second where it ends, the third gives it up. Return
// what was done: "begun", "set", "cleared", or "" for a sound of which nothing is known yet.
export function pressLoop(player) {
  if (!player.seconds) return "";
  const loop = loopOf(player);
  if (player.region) {
    loop.clear();
    return "cleared";
  }
  if (loop.start === null) {
    loop.start = player.position;
    player.draw();
    return "begun";
  }
  loop.set(loop.start, player.position);
  player.seek(player.region.from);
  if (!player.isPlaying) player.play();
  return "set";
}

function placeOf(player, event) {
  const box = player.bar.getBoundingClientRect();
  return (player.seconds * Math.min(Math.max(event.clientX - box.left, 0), box.width)) / box.width;
}

// Return the end of the region that stays where it is while the pointer moves the other; null where
// the pointer is at neither.
function heldEnd(player, event) {
  const { region } = player;
  if (!region) return null;
  const box = player.bar.getBoundingClientRect();
  const distance = (time) => Math.abs(event.clientX - box.left - (box.width * time) / player.seconds);
  const [from, to] = [distance(region.from), distance(region.to)];
  if (Math.min(from, to) > NEAR) return null;
  return from < to ? region.to : region.from;
}

// Let the pointer draw a region with Shift held, and drag the ends of one. told(player) is called when
// there is another region.
export function startRegions(told) {
  let held = null; // { player, end, id }
  const takes = (event) => {
    const player = event.target.closest?.("sound-player");
    return player?.seconds && player.bar.contains(event.target) ? player : null;
  };
  document.addEventListener("pointerdown", (event) => {
    const player = event.button === 0 ? takes(event) : null;
    if (!player) return;
    const end = event.shiftKey ? placeOf(player, event) : heldEnd(player, event);
    if (end === null) return;
    event.stopPropagation(); // it is no press on a place of the sound
    event.preventDefault();
    held = { player, end, id: event.pointerId };
    player.bar.setPointerCapture(event.pointerId);
  }, { capture: true });
  document.addEventListener("pointermove", (event) => {
    if (held?.id !== event.pointerId) return;
    event.stopPropagation();
    loopOf(held.player).set(held.end, placeOf(held.player, event));
  }, { capture: true });
  for (const name of ["pointerup", "pointercancel"]) {
    document.addEventListener(name, (event) => {
      if (held?.id !== event.pointerId) return;
      const { player } = held;
      held = null;
      if (!player.region) return;
      told(player);
      if (player.position < player.region.from || player.position > player.region.to) player.seek(player.region.from);
      if (!player.isPlaying) player.play();
    });
  }
}
