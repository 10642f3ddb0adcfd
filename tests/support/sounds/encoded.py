"""Sound files of every kind, made by PyAV and soundfile, and what FFmpeg makes of them."""

from pathlib import Path

import numpy as np

LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}


def sound(rate: int, channels: int = 1, seconds: float = 1.0) -> np.ndarray:
    """Return a sound that no codec finds easy, float32 [frames, channels] below full scale."""
    times = np.arange(round(seconds * rate)) / rate
    rng = np.random.default_rng(rate + channels)
    tones = [0.3 * np.sin(2 * np.pi * (200 + 90 * one) * times * (1 + times / 5)) for one in
             range(channels)]  # fmt: skip
    return (np.stack(tones, axis=1) + 0.02 * rng.standard_normal((len(times), channels))).astype(
        np.float32
    )


def encode(
    path: Path,
    codec: str,
    container: str,
    rate: int = 44100,
    channels: int = 1,
    *,
    seconds: float = 1.0,
    samples: np.ndarray | None = None,
    bit_rate: int = 0,
    options: dict[str, str] | None = None,
    quality: int = 0,
) -> Path:
    """Write `sound` to `path` by one of FFmpeg's encoders and return the path.

    `options` are the container's; with `quality` the bit rate varies.
    """
    import av

    made = sound(rate, channels, seconds) if samples is None else samples
    coding = {"flags": "+qscale", "global_quality": str(118 * quality)} if quality else {}
    with av.open(str(path), "w", format=container, options=options or {}) as file:
        stream = file.add_stream(codec, rate=rate, options=coding)
        stream.layout = LAYOUTS[channels]
        if bit_rate:
            stream.bit_rate = bit_rate
        context = stream.codec_context
        context.open()
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(made.T), format="fltp", layout=LAYOUTS[channels]
        )
        frame.sample_rate, frame.pts = rate, 0
        resampler = av.AudioResampler(
            context.format, LAYOUTS[channels], rate, context.frame_size or 1024
        )
        for part in (*resampler.resample(frame), *resampler.resample(None), None):
            file.mux(stream.encode(part))
    return path


def vbr_without_tag(path: Path, **more: object) -> Path:
    """Write an MP3 of varying bit rate that does not say how long it is."""
    return encode(path, "libmp3lame", "mp3", quality=4, options={"write_xing": "0"}, **more)


def ffmpeg_seconds(path: Path) -> float | None:
    """Return how long FFmpeg decodes a file, passing over what it cannot; None for no sound."""
    import av

    frames, rate = 0, 0
    try:
        with av.open(str(path), metadata_errors="ignore") as file:
            for packet in file.demux(file.streams.audio[0]):
                try:
                    decoded = packet.decode()
                except av.error.FFmpegError:
                    continue
                frames += sum(frame.samples for frame in decoded)
                rate = decoded[0].sample_rate if decoded else rate
    except (av.error.FFmpegError, IndexError):
        return None
    return frames / rate if rate else None
