// Sounds that are loaded before they are played: into the browser's cache, which the player reads from.

const asked = new Set();

// A sound that loads by itself, since it plays, is not loaded a second time.
export function loads(player) {
  asked.add(player.dataset.src);
}

export function prefetch(player) {
  if (!player || asked.has(player.dataset.src) || navigator.connection?.saveData) return;
  loads(player);
  fetch(player.dataset.src, { priority: "low" })
    .then((response) => response.blob())
    .catch(() => asked.delete(player.dataset.src));
}
