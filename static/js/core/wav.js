// Sounds as WAV files, and what this browser can decode as sounds.

const RATE = 48000; // Hz, that browsers decode to: Opus and most video have it already

// Return channels, Float32Arrays of one length, as a WAV file of 32-bit floats: exactly these numbers.
export function wav(channels, rate) {
  const frames = channels[0].length;
  const header = new DataView(new ArrayBuffer(44));
  const bytes = 4 * frames * channels.length;
  const text = (at, words) => [...words].forEach((letter, i) => header.setUint8(at + i, letter.charCodeAt(0)));
  text(0, "RIFF");
  header.setUint32(4, 36 + bytes, true);
  text(8, "WAVEfmt ");
  header.setUint32(16, 16, true);
  header.setUint16(20, 3, true); // floats
  header.setUint16(22, channels.length, true);
  header.setUint32(24, rate, true);
  header.setUint32(28, 4 * rate * channels.length, true);
  header.setUint16(32, 4 * channels.length, true);
  header.setUint16(34, 32, true);
  text(36, "data");
  header.setUint32(40, bytes, true);
  const samples = new DataView(new ArrayBuffer(bytes)); // not a Float32Array: WAV is little-endian everywhere
  channels.forEach((channel, which) => {
    for (let at = 0; at < frames; at += 1) samples.setFloat32(4 * (at * channels.length + which), channel[at], true);
  });
  return new Blob([header, samples], { type: "audio/wav" });
}

// Decode a file and return its first `seconds` as WAV; rejects where the browser cannot.
export async function decoded(file, seconds) {
  const sound = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await file.arrayBuffer());
  const frames = Math.min(sound.length, seconds * RATE);
  const channels = [];
  for (let one = 0; one < sound.numberOfChannels; one += 1) channels.push(sound.getChannelData(one).subarray(0, frames));
  return wav(channels, RATE);
}
