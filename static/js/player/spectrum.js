// Spectrograms as numbers: windows of a sound, Fourier transformed, gathered in rows that are
// equally far apart on a logarithmic scale of frequency.

export const LOWEST = 50; // Hz
const HIGHEST = 20000; // Hz
const RANGE = 80; // dB from the faintest colour to the strongest
const SILENCE = -120; // dB; below what 16 bits can hold
const WINDOW = 0.04; // seconds, about: the power of two of samples that is nearest

// Transform { re, im } in place: radix 2, decimation in time. `size` is a power of two.
export function fourier(size) {
  const cosines = Float64Array.from({ length: size / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / size));
  const sines = Float64Array.from({ length: size / 2 }, (_, k) => Math.sin((2 * Math.PI * k) / size));
  const reversed = new Uint32Array(size);
  for (let k = 1; k < size; k++) reversed[k] = (reversed[k >> 1] >> 1) | (k & 1 ? size >> 1 : 0);

  function sort(values) {
    for (let k = 0; k < size; k++) {
      const other = reversed[k];
      if (other <= k) continue;
      const kept = values[k];
      values[k] = values[other];
      values[other] = kept;
    }
  }

  return (re, im) => {
    sort(re);
    sort(im);
    for (let half = 1; half < size; half *= 2) {
      const stride = size / (2 * half);
      for (let start = 0; start < size; start += 2 * half) {
        for (let k = 0; k < half; k++) {
          const a = start + k;
          const b = a + half;
          const cosine = cosines[k * stride];
          const sine = sines[k * stride];
          const real = re[b] * cosine + im[b] * sine;
          const imaginary = im[b] * cosine - re[b] * sine;
          re[b] = re[a] - real;
          im[b] = im[a] - imaginary;
          re[a] += real;
          im[a] += imaginary;
        }
      }
    }
  };
}

// Return a function that gives the power in each of size / 2 + 1 bins around a sample, the mean of
// all channels, 1 for a sine at full scale; a sound is followed and preceded by silence.
function powers(channels, size) {
  const transform = fourier(size);
  const hann = Float64Array.from({ length: size }, (_, k) => 0.5 - 0.5 * Math.cos((2 * Math.PI * k) / size));
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  const power = new Float64Array(size / 2 + 1);
  const scale = 16 / (size * size * channels.length); // (2 / sum of the window) squared, of each

  function fill(values, samples, first) {
    values.fill(0);
    const [from, to] = [Math.max(0, -first), Math.min(size, (samples?.length ?? 0) - first)];
    for (let k = from; k < to; k++) values[k] = samples[first + k] * hann[k];
  }

  return (centre) => {
    const first = Math.round(centre) - size / 2;
    power.fill(0);
    for (let channel = 0; channel < channels.length; channel += 2) {
      fill(re, channels[channel], first); // two channels in one transform: as its two parts
      fill(im, channels[channel + 1], first);
      transform(re, im);
      for (let k = 0; k <= size / 2; k++) {
        const j = (size - k) % size;
        power[k] += (scale / 2) * (re[k] * re[k] + im[k] * im[k] + re[j] * re[j] + im[j] * im[j]);
      }
    }
    return power;
  };
}

// Return the bins of each row, lowest row first: [first, last], fractions where a row has none.
function rowBins(rows, highest, perBin) {
  const edge = (row) => (LOWEST * (highest / LOWEST) ** (row / rows)) / perBin;
  return Array.from({ length: rows }, (_, row) => {
    const [first, last] = [Math.ceil(edge(row)), Math.ceil(edge(row + 1)) - 1];
    return first <= last ? [first, last] : [edge(row + 0.5), edge(row + 0.5)];
  });
}

// The largest power of a row's bins, so that a tone stays visible; between bins, what lies between.
function rowPower(power, [first, last]) {
  const low = Math.floor(first);
  if (low < first) return power[low] + (first - low) * (power[low + 1] - power[low]);
  let largest = 0;
  for (let bin = first; bin <= last; bin++) largest = Math.max(largest, power[bin]);
  return largest;
}

// Return the picture of a sound: { columns, rows, levels, highest, strongest, faintest, peak, moment }.
//
// `channels` holds samples of each channel, at `rate` Hz. `levels` has 0 (faintest) to 255
// (strongest) of each column's rows, lowest first. strongest and faintest are in dB, 0 for a sine at
// full scale; peak (Hz) and moment (seconds) say where the strongest is. Of silence, strongest is
// null. A column is the largest of all windows in it: what is short is not missed.
export function spectrogram(channels, rate, columns = 600, rows = 160) {
  const size = 2 ** Math.round(Math.log2(WINDOW * rate));
  const highest = Math.min(HIGHEST, rate / 2);
  const bins = rowBins(rows, highest, rate / size);
  const powerAt = powers(channels, size);
  const hop = channels[0].length / columns;
  const looks = Math.ceil(hop / (size / 2));
  const decibels = new Float64Array(columns * rows);
  let best = 0;
  for (let column = 0; column < columns; column++) {
    const largest = new Float64Array(size / 2 + 1);
    for (let look = 0; look < looks; look++) {
      const power = powerAt((column + (look + 0.5) / looks) * hop);
      for (let bin = 0; bin < power.length; bin++) {
        if (power[bin] > largest[bin]) largest[bin] = power[bin];
      }
    }
    for (let row = 0; row < rows; row++) {
      const at = column * rows + row;
      decibels[at] = 10 * Math.log10(rowPower(largest, bins[row]) + 1e-30);
      if (decibels[at] > decibels[best]) best = at;
    }
  }
  const strongest = decibels[best] > SILENCE ? decibels[best] : null;
  const faintest = strongest - RANGE;
  const level = (value) => Math.round((255 * (value - faintest)) / RANGE);
  return {
    columns, rows, highest, strongest, faintest,
    levels: Uint8ClampedArray.from(decibels, strongest === null ? () => 0 : level),
    peak: LOWEST * (highest / LOWEST) ** (((best % rows) + 0.5) / rows),
    moment: ((Math.floor(best / rows) + 0.5) * hop) / rate,
  };
}
