"""Waveforms as a page carries them: a letter a point."""

import numpy as np

_LETTERS = np.frombuffer(b"0123456789abcdefghijklmnopqrstuvwxyz", dtype=np.uint8)


def envelope_letters(envelope: np.ndarray) -> str:
    """Return a peak envelope as the player reads it: one of 0-9a-z a point, the clip's peak z."""
    peak = float(envelope.max()) or 1.0
    steps = np.rint(envelope / peak * (len(_LETTERS) - 1)).astype(np.intp)
    return _LETTERS[steps].tobytes().decode("ascii")
