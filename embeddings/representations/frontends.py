"""Front ends that several networks share, by the definitions of the toolkits that they come from.

- `kaldi_fbank`: Kaldi's log mel filter bank, as torchaudio.compliance.kaldi computes it
- `power_spectrogram`: short-time Fourier transform, centred with reflection, to the power of two
- `resample_sinc`: band-limited resampling, as torchaudio.functional.resample computes it
"""

import math

import torch

_PREEMPHASIS = 0.97
_LOW_FREQUENCY = 20.0
_SINC_WIDTH = 6
_SINC_ROLLOFF = 0.99


def kaldi_fbank(
    samples: torch.Tensor, rate: int, *, bins: int = 128, window: str = "hanning"
) -> torch.Tensor:
    """Return the log mel energies of `samples` [frames], float32 [windows, bins].

    Windows of 25 ms every 10 ms that lie inside the signal, each without its mean, pre-emphasised
    (0.97), windowed ("hanning" or "povey") and zero-padded to a power of two; power; triangular
    filters on Kaldi's mel scale from 20 Hz to half the rate; natural logarithm. No dither, no
    energy.
    """
    length, shift = int(rate * 0.025), int(rate * 0.010)
    padded = 1 << (length - 1).bit_length()
    if len(samples) < length:
        return samples.new_empty((0, bins))
    frames = samples.unfold(0, length, shift)
    frames = frames - frames.mean(dim=1, keepdim=True)
    before = torch.cat([frames[:, :1], frames[:, :-1]], dim=1)
    shape = torch.hann_window(length, periodic=False, dtype=samples.dtype)
    if window == "povey":
        shape = shape.pow(0.85)
    frames = (frames - _PREEMPHASIS * before) * shape
    power = torch.fft.rfft(torch.nn.functional.pad(frames, (0, padded - length))).abs().pow(2)
    energies = power[:, :-1] @ _kaldi_filters(bins, padded, rate).T
    return energies.clamp_min(torch.finfo(torch.float32).eps).log()


def power_spectrogram(samples: torch.Tensor, size: int, hop: int) -> torch.Tensor:
    """Return |STFT|^2 of `samples` [frames] with a periodic Hann window, [size // 2 + 1, windows].

    The windows are centred, and see the signal reflected at its ends.
    """
    window = torch.hann_window(size, dtype=samples.dtype)
    spectrum = torch.stft(
        samples, size, hop, size, window, center=True, pad_mode="reflect", return_complex=True
    )
    return spectrum.abs().pow(2)


def resample_sinc(samples: torch.Tensor, rate: int, target: int) -> torch.Tensor:
    """Return `samples` [frames] at `target` Hz by a Hann-windowed sinc of 6 zero crossings.

    The kernels are made in the samples' own precision, as torchaudio makes them.
    """
    if rate == target:
        return samples
    common = math.gcd(rate, target)
    old, new = rate // common, target // common
    cutoff = min(old, new) * _SINC_ROLLOFF
    width = math.ceil(_SINC_WIDTH * old / cutoff)
    steps = torch.arange(-width, width + old, dtype=samples.dtype)[None] / old
    times = torch.arange(0, -new, -1, dtype=samples.dtype)[:, None] / new + steps
    times = (times * cutoff).clamp(-_SINC_WIDTH, _SINC_WIDTH)
    hann = torch.cos(times * math.pi / _SINC_WIDTH / 2) ** 2
    angles = times * math.pi
    sinc = torch.where(angles == 0, torch.ones_like(angles), angles.sin() / angles)
    kernels = sinc * hann * (cutoff / old)
    padded = torch.nn.functional.pad(samples, (width, width + old))
    found = torch.nn.functional.conv1d(padded[None, None], kernels[:, None], stride=old)
    return found.transpose(1, 2).reshape(-1)[: math.ceil(new * len(samples) / old)]


def _kaldi_filters(bins: int, padded: int, rate: int) -> torch.Tensor:
    """Return Kaldi's triangular mel filters, float32 [bins, padded // 2]."""
    low, high = _kaldi_mel(torch.tensor([_LOW_FREQUENCY, rate / 2], dtype=torch.float64)).tolist()
    step = (high - low) / (bins + 1)
    left = low + torch.arange(bins, dtype=torch.float64)[:, None] * step
    mels = _kaldi_mel(torch.arange(padded // 2, dtype=torch.float64) * rate / padded)[None]
    rising, falling = (mels - left) / step, (left + 2 * step - mels) / step
    return torch.minimum(rising, falling).clamp_min(0).to(torch.float32)


def _kaldi_mel(frequency: torch.Tensor) -> torch.Tensor:
    return 1127.0 * torch.log(1.0 + frequency / 700.0)
