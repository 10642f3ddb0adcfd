"""How raters hear what a study asks them about."""

from dataclasses import dataclass

FORMATS = ("flac", "mp3", "opus")


@dataclass(frozen=True, slots=True)
class Listening:
    """How sounds are made and heard.

    Attributes
    ----------
    sound_check : whether raters set their volume by a tone first
    hearing : whether beeps are counted in the sound check, which a device that plays nothing does
        not pass; None: a protocol that was stored before this was asked, and asks nothing
    headphones : whether an antiphase test asks for headphones
    must_listen : the share of a sound that must be heard before it can be graded, in [0, 1]
    must_seconds : or so many seconds of it, where that is less; 0: the share alone, as in protocols
        that were stored before this was asked
    show_waveform : a picture biases ears and gives away identity and repeats
    level : whether all sounds are brought to one loudness
    loudness : that loudness in LUFS; lowered for all where one would clip
    format : of the copies that raters hear, "flac", "mp3" or "opus"
    leave_out : clips that nobody hears: none is a query, and in every system's list those below
        move up. Once a study is made, their ids
    """

    sound_check: bool = True
    hearing: bool | None = True
    headphones: bool = False
    must_listen: float = 0.3
    must_seconds: float = 3.0
    show_waveform: bool = False
    level: bool = True
    loudness: float = -23.0
    format: str = "flac"
    leave_out: tuple[str, ...] = ()
