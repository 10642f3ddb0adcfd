"""Where soundata's data sets have their files, for when its own index is not on the machine.

soundata downloads an index of each data set, and puts it beside its own code. Whoever has the data
set from elsewhere, or soundata in another environment, has none. Paths and ids here are those of
the indexes of soundata 1.0.1.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from embeddings.errors import InputError


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of a data set.

    Attributes
    ----------
    audio : the pattern of its sounds' paths
    id : a clip's id, made of the parts of such a path
    others : the further files of a clip by soundata's name for them, made of the same parts
    """

    audio: str
    id: str = "{stem}"
    others: dict[str, str] = field(default_factory=dict)


_TAU = "TAU-urban-acoustic-scenes-*/audio/*.wav"

LAYOUTS = {
    "dcase23_task4b": Layout(
        "development_audio/*/*.wav",
        others={"annotations": "development_annotation/soft_labels_{folder}/{stem}.txt"},
    ),
    "dcase23_task6a": Layout("*/*.wav", "{folder}/{stem}"),
    "dcase23_task6b": Layout("*/*.wav", "{folder}/{stem}"),
    "dcase_bioacoustic": Layout("Development_Set/*/*/*.wav", others={"csv": "{parent}/{stem}.csv"}),
    "dcase_birdVox20k": Layout("*.wav"),
    "eigenscape": Layout("*.wav"),
    "eigenscape_raw": Layout("*-Raw.wav"),
    "freefield1010": Layout("*.wav"),
    "fsdnoisy18k": Layout("FSDnoisy18k.audio_*/*.wav"),
    "singapura": Layout("labelled/*/*.flac", others={"annotation": "labels_public/{stem}.csv"}),
    "tau2019uas": Layout(_TAU, "{part}/{stem}"),
    "tau2020uas_mobile": Layout(_TAU),
    "tau2022uas_mobile": Layout(_TAU),
    "tut2017se": Layout(
        "TUT-sound-events-2017-*/audio/street/*.wav",
        others={
            "annotations": "{top}/meta/street/{stem}.ann",
            "non_verified_annotations": "{top}/non_verified/meta/street/{stem}.ann",
        },
    ),
    "urbansed": Layout(
        "audio/*/*.wav",
        others={
            "jams": "annotations/{folder}/{stem}.jams",
            "txt": "annotations/{folder}/{stem}.txt",
        },
    ),
    "urbansound8k": Layout("audio/fold*/*.wav"),
    "warblrb10k": Layout("wav/*.wav"),
}


@contextmanager
def indexed(path: Path, name: str, data_set: Any) -> Iterator[bool]:
    """See to it that soundata's `data_set` has an index while the block lasts; True for its own.

    Raises
    ------
    InputError
        soundata has not downloaded it, and none can be made of the files at `path`.
    """
    if Path(data_set.index_path).is_file():
        yield True
        return
    if name not in LAYOUTS:
        raise InputError(
            f"{path}: which files {name} has says an index that soundata downloads, and it is not "
            'here; this fetches it, and nothing else: python -c "import soundata; '
            f"soundata.initialize('{name}').download(['index'])\"."
        )
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index.json"
        index.write_text(json.dumps(_made(path, name)), encoding="utf-8")
        data_set.index_path = str(index)
        yield False


def _made(path: Path, name: str) -> dict[str, Any]:
    """Return an index of the files at `path`, as soundata's are made, but without checksums."""
    layout = LAYOUTS[name]
    clips = {}
    for file in sorted(path.glob(layout.audio)):
        inside = file.relative_to(path)
        parts = {
            "stem": file.stem,
            "folder": inside.parent.name,
            "parent": inside.parent.as_posix(),
            "top": inside.parts[0],
            "part": inside.parts[0].rpartition("-")[2],
        }
        entry = {"audio": [inside.as_posix(), None]}
        for key, template in layout.others.items():
            other = template.format(**parts)
            entry[key] = [other if (path / other).is_file() else None, None]
        clips[layout.id.format(**parts)] = entry
    if not clips:
        raise InputError(f"{path}: {name} has its sounds in {layout.audio}, and there is none.")
    return {"version": "local", "clips": clips}
