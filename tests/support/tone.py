"""A sine whose loudness is known."""

import numpy as np

RATE = 48000


def tone(seconds: float, channels: int = 1) -> np.ndarray:
    """A full-scale sine of 997 Hz, whose loudness ITU-R BS.1770 states."""
    times = np.arange(round(seconds * RATE)) / RATE
    return np.tile(np.sin(2 * np.pi * 997 * times)[:, None], (1, channels)).astype(np.float32)
