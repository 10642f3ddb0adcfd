// Computes spectrograms beside the page, so that it goes on playing.
import { spectrogram } from "./spectrum.js";

self.addEventListener("message", ({ data: { number, channels, rate } }) => {
  const picture = spectrogram(channels, rate);
  self.postMessage({ number, picture }, [picture.levels.buffer]);
});
