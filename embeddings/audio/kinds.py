"""What a sound file is: its first bytes say so, never its suffix."""

from dataclasses import dataclass
from mmap import mmap

Content = bytes | mmap
"""A file's bytes, or the file itself mapped into memory."""

_HEAD = 64
"""Bytes that tell every kind, from where the sound begins."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of sound file.

    Attributes
    ----------
    name : as people call it
    suffixes : that its files usually have, in lower case
    demuxer : what FFmpeg calls its reader of such files; "" where it has none
    plain : whether libsndfile reads such files, or some of them
    """

    name: str
    suffixes: tuple[str, ...]
    demuxer: str
    plain: bool = False


WAV = Kind("WAV", (".wav", ".wave", ".bwf", ".rf64"), "wav", plain=True)
W64 = Kind("Wave64", (".w64",), "w64", plain=True)
AIFF = Kind("AIFF", (".aif", ".aiff", ".aifc"), "aiff", plain=True)
AU = Kind("AU", (".au", ".snd"), "au", plain=True)
CAF = Kind("CAF", (".caf",), "caf", plain=True)
VOC = Kind("VOC", (".voc",), "voc", plain=True)
SPHERE = Kind("NIST SPHERE", (".sph", ".nist", ".wav"), "nistsphere", plain=True)
FLAC = Kind("FLAC", (".flac",), "flac", plain=True)
OGG = Kind("Ogg", (".ogg", ".oga", ".opus", ".spx"), "ogg", plain=True)
MPEG = Kind("MP3", (".mp3", ".mp2", ".mpga"), "mp3", plain=True)
ADTS = Kind("AAC (ADTS)", (".aac", ".adts"), "aac")
MP4 = Kind("MP4", (".m4a", ".mp4", ".m4b", ".mov", ".3gp", ".3g2"), "mov")
MATROSKA = Kind("WebM or Matroska", (".webm", ".weba", ".mka", ".mkv"), "matroska")
ASF = Kind("WMA", (".wma", ".asf", ".wmv"), "asf")
AVI = Kind("AVI", (".avi",), "avi")
WAVPACK = Kind("WavPack", (".wv",), "wv")
APE = Kind("Monkey's Audio", (".ape",), "ape")
TTA = Kind("TTA", (".tta",), "tta")
AMR = Kind("AMR", (".amr",), "amr")
AC3 = Kind("AC-3", (".ac3",), "ac3")

KINDS = (
    WAV, FLAC, OGG, MPEG, MP4, ADTS, MATROSKA, ASF, AIFF, AU, CAF, W64, VOC, SPHERE, WAVPACK, APE,
    TTA, AMR, AC3, AVI,
)  # fmt: skip
SUFFIXES = tuple(dict.fromkeys(suffix for kind in KINDS for suffix in kind.suffixes))
"""Of the files in a folder that are taken for sounds, in lower case; their bytes decide."""

_W64 = bytes.fromhex("726966662e91cf11a5d628db04c10000")
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")

_STARTS = (
    (b"RIFX", WAV), (b"RF64", WAV), (b"BW64", WAV), (_W64, W64), (b".snd", AU), (b"dns.", AU),
    (b"caff", CAF), (b"Creative Voice File\x1a", VOC), (b"NIST_1A\n", SPHERE), (b"fLaC", FLAC),
    (b"OggS", OGG), (b"\x1a\x45\xdf\xa3", MATROSKA), (_ASF, ASF), (b"wvpk", WAVPACK),
    (b"MAC ", APE), (b"TTA1", TTA), (b"#!AMR", AMR), (b"\x0b\x77", AC3),
)  # fmt: skip
_MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")


def kind_of(data: Content) -> Kind | None:
    """Return the kind of the file whose content is `data`, or None where it is none of them.

    An ID3 tag in front, as MP3s and now and then others have one, is passed over.
    """
    begin = after_id3(data)
    head = bytes(data[begin : begin + _HEAD])
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head[:4] == b"RIFF":
        return {b"WAVE": WAV, b"AVI ": AVI}.get(head[8:12])
    if head[:4] == b"FORM":
        return AIFF if head[8:12] in (b"AIFF", b"AIFC") else None
    if head[4:8] in _MP4_BOXES:
        return MP4
    if head[:1] == b"\xff" and head[1:2] and head[1] & 0xE0 == 0xE0:
        return ADTS if head[1] & 0xF6 == 0xF0 else MPEG
    return MPEG if begin else None  # what a tag stands before is most often a damaged one


def after_id3(data: Content) -> int:
    """Return where the file goes on behind the ID3v2 tags at its beginning, 0 where none is."""
    begin = 0
    while bytes(data[begin : begin + 3]) == b"ID3" and begin + 10 <= len(data):
        flags, size = data[begin + 5], bytes(data[begin + 6 : begin + 10])
        length = size[0] << 21 | size[1] << 14 | size[2] << 7 | size[3]
        begin += 10 + length + (10 if flags & 0x10 else 0)
    return min(begin, len(data))
