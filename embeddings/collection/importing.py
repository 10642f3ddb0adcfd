"""Importing a collection: read the source, measure every sound in parallel, store the whole.

An import that is interrupted (Ctrl-C, a crash) leaves only a journal of the sounds measured so
far beside the collections; the next import of the same name goes on from there.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from embeddings import __version__
from embeddings.audio.measuring import ENVELOPE_POINTS, Measurement, measure
from embeddings.collection.clips import (
    Clip,
    Collection,
    collection_names,
    collections_folder,
    families_of,
    open_collection,
    unpacked,
    write_collection,
)
from embeddings.collection.readers import find_reader
from embeddings.collection.sources import Options, Source, SourceClip
from embeddings.collection.unpacking import at_hand
from embeddings.errors import InputError
from embeddings.files import check_name, only_writer
from embeddings.progress import progress
from embeddings.tasks import Failure, Workers, engine

_LISTED = 20


class BrokenClips(InputError):
    """Some clips of a source cannot be used; `lines` says which and why, one sentence each."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        shown = "\n".join(f"  {line}" for line in lines[:_LISTED])
        more = f"\n  ... and {len(lines) - _LISTED} more" if len(lines) > _LISTED else ""
        super().__init__(
            f"{len(lines)} of the clips cannot be used, so nothing was imported "
            f"(--skip-broken leaves them out):\n{shown}{more}"
        )


def import_collection(
    data: Path,
    name: str,
    path: Path,
    reader: str,
    *,
    options: Options | None = None,
    skip_broken: bool = False,
    skip_suspicious: bool = False,
    copy: bool = False,
    workers: Workers = None,
    info: dict | None = None,
) -> tuple[Collection, list[str]]:
    """Import the sounds under `path` as the collection `name` and return it with what was left out.

    Parameters
    ----------
    data : the data folder
    reader : the name of one of `embeddings.collection.readers`, such as "csv"
    options : a families file, a group column and what separates labels, where the user gives them
    skip_broken : leave out all clips that cannot be taken, instead of stopping
    skip_suspicious : leave out clips whose file may not be what it should be (`Clip.suspicion`)
    copy : copy the audio into the collection, instead of pointing to where it lies; what lies
        inside a table, as in Parquet, is copied always
    workers : who decodes; see `embeddings.tasks.engine`
    info : facts for ``collection.json`` that win over the reader's

    Raises
    ------
    InputError
        The name is taken or unusable, there is no such reader, the source is not as it needs it,
        or (as `BrokenClips`) some clips cannot be used. Nothing is stored then.
    """
    check_name("collection", name)
    if name in collection_names(data):
        raise InputError(
            f"There is a collection {name!r} already; remove it first "
            f"(flask collections remove {name}) or choose another name."
        )
    read = find_reader(reader).read
    folder = collections_folder(data) / name
    journal = folder.with_name(f".{name}.importing")
    with only_writer(data / "locks" / f"import-{name}", f"an import of {name!r}"):
        source = read(path.resolve(), options or Options())
        folder.parent.mkdir(parents=True, exist_ok=True)
        with at_hand(source, unpacked(folder)) as source:
            measured = _measure_all(source.clips, journal, workers)
            broken = [
                f"{clip.where}: {reason}."
                for clip in source.clips
                if (reason := clip.problem or _reason(clip, measured[clip.path]))
            ]
            if broken and (not skip_broken or len(broken) == len(source.clips)):
                raise BrokenClips(broken)  # what was measured is kept for the next call
            if skip_suspicious:
                broken += _leave_out_suspicious(source.clips, measured)
            _store(folder, name, reader, path, source, measured, copy, info or {})
        journal.unlink(missing_ok=True)
    return open_collection(data, name), broken


def _measure_all(
    clips: list[SourceClip], journal: Path, workers: Workers
) -> dict[Path, Measurement | Failure]:
    """Measure every clip that has a file, going on from what the journal holds."""
    done: dict[Path, Measurement | Failure] = dict(_read_journal(journal))
    wanted = [clip.path for clip in clips if not clip.problem]
    todo = [path for path in wanted if path not in done]
    bar = progress(len(wanted), "clip", "Measuring", done=len(wanted) - len(todo))
    with bar, journal.open("a", encoding="utf-8") as file:
        for path, result in engine(workers).run(measure, todo):
            done[path] = result
            if isinstance(result, Measurement):
                file.write(json.dumps([str(path), _stamp(path), result.as_dict()]) + "\n")
                file.flush()
            bar.update()
    return done


def _read_journal(journal: Path) -> Iterator[tuple[Path, Measurement]]:
    if not journal.is_file():
        return
    for line in journal.read_text(encoding="utf-8").splitlines():
        try:
            path, stamp, measurement = json.loads(line)
        except json.JSONDecodeError:
            continue  # the line that was being written when the import was killed
        current = "suspicion" in measurement  # older versions did not look for it
        if current and Path(path).is_file() and stamp == _stamp(Path(path)):
            yield Path(path), Measurement(**measurement)


def _stamp(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def _leave_out_suspicious(
    clips: list[SourceClip], measured: dict[Path, Measurement | Failure]
) -> list[str]:
    """Take the suspicious ones of `clips` out of the list, and return a line for each."""
    lines = {
        clip.id: f"{clip.where}: {'' if clip.inside else f'{clip.path}: '}{result.suspicion}."
        for clip in clips
        if not clip.problem
        and isinstance(result := measured[clip.path], Measurement)
        and result.suspicion
    }
    if len(lines) == len(clips):
        raise InputError(
            f"All {len(clips)} clips are suspicious (the first: {next(iter(lines.values()))}), "
            "so nothing was imported."
        )
    clips[:] = [clip for clip in clips if clip.id not in lines]
    return list(lines.values())


def _reason(clip: SourceClip, result: Measurement | Failure) -> str:
    reason = result.reason.rstrip(".") if isinstance(result, Failure) else ""
    # where the audio lay for the import alone, nobody can look
    return reason.removeprefix(f"{clip.path}: ") if clip.inside else reason


def _store(
    folder: Path,
    name: str,
    reader: str,
    path: Path,
    source: Source,
    measured: dict[Path, Measurement | Failure],
    copy: bool,
    info: dict,
) -> None:
    kept = [
        (clip, result)
        for clip in source.clips
        if not clip.problem and isinstance(result := measured[clip.path], Measurement)
    ]
    sounds = {_own_path(clip): clip.path for clip, _ in kept if copy or clip.inside}
    clips = [_clip(clip, result, copy or clip.inside) for clip, result in kept]
    labels = {label for clip in clips for label in clip.labels}
    facts = {
        "name": name,
        "title": name,
        "description": source.description,
        "licence": source.licence,
        "convention": source.convention,
        "source": str(path.resolve()),
        "reader": reader,
        "imported_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "code_version": __version__,
    }
    envelopes = np.array([result.envelope for _, result in kept]).reshape(-1, ENVELOPE_POINTS)
    families = families_of(labels, source.families)
    write_collection(folder, facts | info, clips, families, envelopes, sounds)


def _own_path(clip: SourceClip) -> str:
    return f"audio/{clip.id}{clip.path.suffix}"


def _clip(clip: SourceClip, result: Measurement, copy: bool) -> Clip:
    return Clip(
        id=clip.id,
        path=_own_path(clip) if copy else str(clip.path),
        labels=clip.labels,
        seconds=result.seconds,
        sample_rate=result.sample_rate,
        channels=result.channels,
        loudness_lufs=result.loudness_lufs,
        loudness_note=result.loudness_note,
        group=clip.group,
        title=clip.title,
        author=clip.author,
        licence=clip.licence,
        extra=clip.extra,
        suspicion=result.suspicion,
    )
