"""How long a sound file is by its bytes, before anything is decoded.

What a reader decodes is held against this, so that a sound that is read short is noticed.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Length:
    """What a file's bytes say about its length; all that is None or "" is not known.

    Attributes
    ----------
    stated : seconds that its header says
    held : seconds of sound that its bytes hold, counted
    ratio : of the bytes that its header says to those that are there, where seconds are not known
    slack : seconds by which a whole sound may be shorter or longer than `held`
    note : what else is suspicious, a clause without a full stop
    frames : in all, where the header says how much of the last block is sound
    misread : what libsndfile takes the sound for, where it is something else
    """

    stated: float | None = None
    held: float | None = None
    ratio: float = 1.0
    slack: float = 0.005
    note: str = ""
    frames: int | None = None
    misread: str = ""

    def short(self, seconds: float) -> bool:
        """Tell whether `seconds` is less than all that the file holds."""
        return self.held is not None and seconds < self.held - self.slack

    def suspicion(self, seconds: float) -> str:
        """Return what is suspicious about a file of which `seconds` were decoded, or ""."""
        stated = seconds * self.ratio if self.stated is None else self.stated
        held = stated if self.held is None or self.stated is None else self.held
        notes = [self.note] if self.note else []
        if max(abs(stated - seconds), abs(stated - held)) > self.slack + 0.001 * stated:
            than = "longer" if seconds > stated else "shorter"
            notes.insert(0, f"{than} than its header says: {seconds:.3f} s, not {stated:.3f} s")
        elif self.short(seconds):
            notes.insert(0, f"{seconds:.3f} s of its {self.held:.3f} s can be decoded")
        return "; ".join(notes)
