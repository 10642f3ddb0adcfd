"""A folder a class, without any table."""

import os
import re
from collections import defaultdict
from pathlib import Path

from embeddings.audio.decoding import SUFFIXES
from embeddings.collection.clip_names import clip_id, shown, spelled, unusable
from embeddings.collection.sources import (
    Options,
    Reader,
    Source,
    SourceClip,
    source_families,
)
from embeddings.collection.tableless import labels_in, sounds_below, whole_list
from embeddings.errors import InputError

LAST = "last"
_PART = re.compile(
    r"(train(ing)?|test(ing)?|val(id(ation)?)?|dev(elopment)?|eval(uation)?|fold|split)[\W_]?\d*"
)


def read_folders(path: Path, options: Options) -> Source:
    """Read every sound under `path`; its class is the name of a folder.

    This is the folder at the top, as in ``Dog/take 1/bark.wav``; with the argument "last" the one
    that the file lies in, as in ``train/Dog/bark.wav``. A clip's id is its path under `path`
    without the suffix (with it where two files differ in nothing else), so one file name may be in
    many folders. The whole path of its folder is kept as ``folder``. A file in no folder has no
    label.
    """
    if options.argument not in ("", LAST):
        raise InputError(
            f"--reader folders:{options.argument}: behind the colon may stand {LAST!r} alone."
        )
    if not path.is_dir():
        raise InputError(f"{path}: there is no such folder.")
    inside = sounds_below(path)
    if not inside:
        raise InputError(f"{path}: there is no sound in it ({', '.join(SUFFIXES)}).")
    ids = _ids(inside)
    clips = [_clip(path, file, ids[file], options.argument) for file in inside]
    _check_classes(path, clips, options.argument)
    clips = whole_list(path, clips, options)
    return Source(clips, source_families(clips, options, None), f"the folders of {path.name}")


READER = Reader(
    "folders",
    "a folder in PATH for each class, with its sounds; folders in these are part of a clip's id "
    f"alone. With :{LAST} the class is the folder that a sound lies in, as in train/Dog/bark.wav",
    read_folders,
    argument=LAST,
)


def _check_classes(path: Path, clips: list[SourceClip], argument: str) -> None:
    """Refuse folders whose names are those of parts of a data set, and of nothing else."""
    names = sorted({label for clip in clips for label in clip.labels})
    if names and all(_PART.fullmatch(one.lower()) for one in names):
        deeper = not argument and all("/" in clip.extra["folder"] for clip in clips if clip.labels)
        hint = f"; with --reader folders:{LAST} it is the folder that a sound lies in"
        raise InputError(
            f"{path}: the classes would be {', '.join(names[:5])}, which look like parts of a data "
            f"set{hint if deeper else ''}."
        )


def _ids(inside: list[str]) -> dict[str, str]:
    """Name each file by its path without the suffix, or with it where two would be one."""
    named = defaultdict(list)
    for file in inside:
        named[clip_id(file)].append(file)
    return {
        file: spelled(file) if len(files) > 1 else name
        for name, files in named.items()
        for file in files
    }


def _clip(path: Path, file: str, name: str, argument: str) -> SourceClip:
    folder = spelled(os.path.dirname(file))
    labels = labels_in([os.path.basename(folder) if argument == LAST else folder.partition("/")[0]])
    problem = "" if labels else "it lies in no folder, so that there is no label"
    if not (path / file).exists():
        problem = "it is a link to a file that is not there"
    if unusable(file):
        problem = "its path is not UTF-8 or has a control character"
    whole = path / file
    return SourceClip(
        id=shown(name),
        path=whole,
        labels=tuple(map(shown, labels)),
        where=shown(str(whole)),
        problem=problem,
        extra={"folder": shown(folder)},
    )
