// Recording from the microphone: the samples themselves, as no codec and no processing for calls
// changed them. It needs https or localhost.

import { wav } from "../core/wav.js";

const QUIETEST = 60; // dB below full scale, where the meter begins

export function canRecord() {
  return Boolean(navigator.mediaDevices?.getUserMedia && window.AudioWorkletNode);
}

// Begin to record; the promise is kept once the microphone is open. `tell` hears of every block:
// the level (0 to 1), the seconds that are left. `over` is called when no second is left or the
// microphone is gone. Returns { file(), close() }.
export async function startRecording(seconds, tell, over) {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
  });
  const context = new AudioContext();
  const most = Math.round(seconds * context.sampleRate);
  const blocks = [];
  let frames = 0;
  let level = 0;

  function close() {
    for (const track of stream.getTracks()) track.stop();
    if (context.state !== "closed") context.close();
  }

  function take({ data: channels }) {
    if (frames >= most) return;
    const count = Math.min(channels[0].length, most - frames);
    // a microphone that opens as mono and goes on as stereo stays what it was first
    const width = blocks[0]?.length ?? channels.length;
    blocks.push(Array.from({ length: width }, (_, i) => (channels[i] ?? channels[0]).subarray(0, count)));
    frames += count;
    const peak = channels.reduce((most, one) => one.reduce((high, x) => Math.max(high, Math.abs(x)), most), 0);
    const height = peak ? Math.max(0, 1 + (20 * Math.log10(peak)) / QUIETEST) : 0;
    level = Math.min(1, Math.max(height, level - 0.004)); // it falls slowly, for eyes to follow
    tell(level, (most - frames) / context.sampleRate);
    if (frames >= most) over();
  }

  function file() {
    const width = blocks[0]?.length ?? 1;
    const channels = Array.from({ length: width }, () => new Float32Array(frames));
    let at = 0;
    for (const block of blocks) {
      block.forEach((channel, i) => channels[i].set(channel, at));
      at += block[0].length;
    }
    return wav(channels, context.sampleRate);
  }

  try {
    await context.audioWorklet.addModule(new URL("./recorder-worklet.js", import.meta.url));
    const recorder = new AudioWorkletNode(context, "recorder");
    recorder.port.onmessage = take;
    context.createMediaStreamSource(stream).connect(recorder).connect(context.destination); // silent: it only listens
    stream.getAudioTracks()[0].addEventListener("ended", over);
    await context.resume();
  } catch (error) {
    close();
    throw error;
  }
  return { file, close };
}
