// Hands on what the microphone gives, sample by sample, from the thread that audio runs in.
registerProcessor("recorder", class extends AudioWorkletProcessor {
  process([channels]) {
    if (channels.length) this.port.postMessage(channels.map((channel) => channel.slice()));
    return true;
  }
});
