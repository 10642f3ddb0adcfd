"""What an import would bring, before anything is stored: tables whole, and some of the sounds."""

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from embeddings.audio.decoding import LONGEST_SECONDS, decode
from embeddings.collection.clip_names import shown
from embeddings.collection.clips import families_of
from embeddings.collection.readers import find_reader
from embeddings.collection.sources import Options, Source, SourceClip
from embeddings.errors import InputError

FIRST = 10
"""Clips that are shown, from the beginning."""
LOOKED = 40
"""Sounds that are decoded: the first, and others evenly over the rest."""
DECODED_SECONDS = 10.0
"""How much of a sound is decoded at most; how long it is tell its bytes."""


@dataclass(frozen=True, slots=True)
class SeenClip:
    """A clip that was looked at.

    Attributes
    ----------
    id, labels : as the source has them
    file : the sound's path; of one inside a table the name that it has there, or ""
    where : the file and line that speak of it
    seconds : its length, None where its sound was not decoded, or cannot be
    problem : why it cannot be imported, "" if nothing is known of that
    suspicion : what is odd about its sound, "" for nothing
    """

    id: str
    labels: tuple[str, ...]
    file: str
    where: str
    seconds: float | None = None
    problem: str = ""
    suspicion: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a source holds.

    Attributes
    ----------
    clips : how many the source names, broken ones included
    first : the first of them
    class_counts : clips of each class, in alphabetical order; of clips without a problem
    families : family -> classes, of those classes
    broken : one sentence for each clip that cannot be imported, as far as was looked
    suspicious : one for each whose sound is odd, as far as was looked
    decoded : sounds whose beginning was decoded
    unseen : sounds that were not, so that nothing is known of whether they can be
    description, licence : what the reader says about the whole
    """

    clips: int
    first: list[SeenClip]
    class_counts: dict[str, int]
    families: dict[str, tuple[str, ...]]
    broken: list[str]
    suspicious: list[str]
    decoded: int
    unseen: int
    description: str
    licence: str


def preview_collection(
    path: Path, reader: str, *, options: Options | None = None, looked: int = LOOKED
) -> Preview:
    """Read the source at `path` as an import would, and decode at most `looked` of its sounds.

    Nothing is stored. Every row of tables and every file's name is looked at, as the reader does;
    of the sounds the first `FIRST`, and further ones evenly over the rest, and of each the first
    `DECODED_SECONDS`. Of sounds inside a table these are the first alone, as reaching the last
    would mean reading all.

    Raises
    ------
    InputError
        As `import_collection` does for the source; broken clips are in the preview.
    """
    source = find_reader(reader).read(path.resolve(), options or Options())
    with tempfile.TemporaryDirectory() as folder:
        chosen = list(_chosen(source, looked, Path(folder)))
        looked_at = {clip.where: _looked_at(clip) for clip in chosen}
    all_clips = [_with(clip, looked_at.get(clip.where)) for clip in source.clips]
    usable = [clip for clip in all_clips if not clip.problem]
    counts = Counter(label for clip in usable for label in clip.labels)
    return Preview(
        clips=len(source.clips),
        first=all_clips[:FIRST],
        class_counts=dict(sorted(counts.items())),
        families=families_of(counts, source.families),
        broken=[f"{one.where}: {one.problem}." for one in all_clips if one.problem],
        suspicious=[f"{one.where}: {one.suspicion}." for one in all_clips if one.suspicion],
        decoded=len(chosen),
        unseen=sum(not clip.problem for clip in source.clips) - len(chosen),
        description=source.description,
        licence=source.licence,
    )


def _chosen(source: Source, most: int, folder: Path) -> list[SourceClip]:
    """Return the clips whose sounds are decoded; those that lie in a table have files then."""
    files = [clip for clip in source.clips if not clip.problem and not clip.inside]
    inside = any(clip.inside for clip in source.clips)
    unpacked = list(source.unpack(folder, most)) if source.unpack and inside else []
    room = max(most - len(unpacked), 0)
    if len(files) <= room:
        return [*unpacked, *files]
    first = files[: min(FIRST, room)]
    rest, wanted = files[len(first) :], room - len(first)
    spread = [rest[number * len(rest) // wanted] for number in range(wanted)]
    return [*unpacked, *first, *spread]


def _looked_at(clip: SourceClip) -> tuple[float | None, str, str]:
    """Return the seconds, the problem and the suspicion of a clip's sound."""
    if clip.problem:
        return None, clip.problem, ""
    try:
        sound = decode(clip.path, DECODED_SECONDS)
    except InputError as error:
        reason = str(error).removeprefix(f"{clip.path}: ") if clip.inside else str(error)
        return None, reason.rstrip("."), ""
    seconds = sound.frames / sound.rate
    longest = f"the audio is {seconds:.0f} s long; a clip may have at most {LONGEST_SECONDS:.0f} s"
    return seconds, longest if seconds > LONGEST_SECONDS else "", sound.suspicion


def _with(clip: SourceClip, found: tuple[float | None, str, str] | None) -> SeenClip:
    seconds, problem, suspicion = found or (None, clip.problem, "")
    file = shown(str(clip.path))
    return SeenClip(clip.id, clip.labels, file, clip.where, seconds, problem, suspicion)
