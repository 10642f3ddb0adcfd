"""Whatever is done to a table: it is imported whole or refused in words, and nothing is lost.

`make test` mutates 100 tables, `make test-long` 2,000.
"""

import csv
import io
import random
import resource
import time
from collections import Counter
from pathlib import Path
from typing import AnyStr

import pytest

from embeddings.audio.measuring import ENVELOPE_POINTS, Measurement
from embeddings.collection import importing
from embeddings.collection.clips import collection_names, open_collection, remove_collection
from embeddings.collection.importing import BrokenClips, import_collection
from embeddings.collection.label_cells import LABEL_SEPARATORS
from embeddings.collection.sources import Options
from embeddings.errors import InputError
from embeddings.tasks import Here
from tests.support.evidence import note

SEED = 18
ENOUGH = 100
MANY = 2_000
LONGEST = 10  # seconds
FILES = (
    "a.wav", "Gebru\u0308ll.WAV", "犬\u3000声.wav", "12:00.flac", "two.wav", "two.flac",
    "fold1/x.wav", "fold2/x.wav", "fold2/y.wav", "broken.wav",
)  # fmt: skip
ROWS = [
    ("fname", "labels", "title", "fold"),
    ("a.wav", "Dog,Animal", "A, the first", ""),
    ("Gebr\u00fcll.wav", '"Chuckle, chortle",Dog', "Gebrüll", ""),
    ("犬\u3000声", "['Dog', 'a, b']", "", ""),
    ("12:00.flac", '["Cat"]', 'so "called"', ""),
    ("two.wav", "Cat|Dog", "two\nlines", ""),
    ("two.flac", "Cat;Dog", "", ""),
    ("x.wav", "Dog", "", "1"),
    ("x.wav", "Dog", "", "2"),
    ("y", "Animal", "", ""),
    ("broken.wav", "Dog", "", ""),
]
SCRAPS = (
    ",", ";", "\t", "|", '"', '""', "'", "\n", "\r", "\r\n", "\0", "\ufeff", "\u2028", "\x1b",
    "sep=;\n", "sep=", "fname", "labels", "../", "/", "\\", "C:\\", ":", "[", "]", "['", "\\ud800",
    "\u0308", "\u200d", "\ufffe", " ", "\u3000", "\n,,,\n", "x" * 3000, "," * 500, "[" * 2000,
    "(" * 500, ".wav", "nan", "a.wav", ",Dog\n", "\U0001f469",
)  # fmt: skip


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of files that pass for sounds, all but one: it is tables that are tried here."""
    folder = tmp_path / "source"
    for name in FILES:
        (folder / "audio" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "audio" / name).touch()
    sound = Measurement(1.0, 8000, 1, None, "silent", [0.0] * ENVELOPE_POINTS)

    def measure(path: Path) -> Measurement:
        """Stand in for `measure`: nothing is decoded."""
        if path.name == "broken.wav":
            raise InputError("it is broken")
        return sound

    monkeypatch.setattr(importing, "measure", measure)
    monkeypatch.setattr(importing, "engine", lambda workers: Here())  # no process is begun
    return folder


def mutated(draw: random.Random) -> bytes:
    """Return a table in one of its dialects, with changes of its cells, its text or its bytes."""
    separator, end = draw.choice(",;\t"), draw.choice(("\n", "\r\n", "\r"))
    rows = [list(row[: draw.choice((2, 4))]) for row in ROWS] if draw.random() < 0.1 else [
        list(row) for row in ROWS
    ]  # fmt: skip
    for _ in range(draw.choice((0, 1, 2, 5))):
        row = draw.choice(rows[1:])
        place = draw.randrange(len(row))
        row[place] = _cut(draw, row[place], draw.choice(SCRAPS))
    written = io.StringIO()
    quoting = draw.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
    csv.writer(written, delimiter=separator, lineterminator=end, quoting=quoting).writerows(rows)
    text = draw.choice(("", "", f"sep={separator}{end}")) + written.getvalue()
    for _ in range(draw.choice((0, 0, 0, 1, 3))):
        text = _cut(draw, text, draw.choice(SCRAPS))
    encoding = draw.choice(("utf-8", "utf-8-sig", "utf-16", "utf-16-be"))
    raw = (b"\xfe\xff" if encoding == "utf-16-be" else b"") + text.encode(encoding)
    for _ in range(draw.choice((0, 0, 0, 0, 1, 3))):
        raw = _cut(draw, raw, bytes([draw.randrange(256)]))
    return raw


def _cut(draw: random.Random, whole: AnyStr, scrap: AnyStr) -> AnyStr:
    """Return a text or bytes with `scrap` put in, or a piece left out, doubled or moved."""
    begin = draw.randrange(len(whole) + 1)
    end = min(len(whole), begin + draw.choice((1, 1, 3, 20)))
    piece, rest = whole[begin:end], whole[:begin] + whole[end:]
    place = draw.randrange(len(rest) + 1)
    return draw.choice((
        whole[:begin] + scrap + whole[begin:],
        whole[:begin] + scrap + whole[end:],
        rest,
        whole[:end] + piece + whole[end:],
        rest[:place] + piece + rest[place:],
        whole[:begin] if draw.random() < 0.3 else rest,
    ))  # fmt: skip


def rows_by_any_separator(raw: bytes) -> set[int]:
    """Return how many rows below the first a table has, by each separator: our reader's no part."""
    wide = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
    text = raw.decode("utf-16" if wide else "utf-8-sig")
    counts = set()
    for separator in ",;\t|":
        table = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        rows = [row for row in table if "".join(row).strip(" ,;|\t\r\n\u3000\u2028")]
        rows = rows[1:] if rows and "sep=" in "".join(rows[0]).lower() else rows
        counts.add(len(rows) - 1)
    return counts


def import_mutated(tmp_path: Path, source: Path, count: int) -> Counter[str]:
    """Import `count` mutated tables; return how often which end came."""
    ends: Counter[str] = Counter()
    table, data = source / "clips.csv", tmp_path / "data"
    for number in range(count):
        draw = random.Random(f"{SEED}-{number}")
        table.write_bytes(mutated(draw))
        began = time.monotonic()
        try:
            ends[imported(data, table, draw)] += 1
        except Exception as error:
            error.add_note(f"table {number}")
            raise
        assert time.monotonic() - began < LONGEST, number
        assert collection_names(data) == [], number
        kept = {path.name for path in (data / "collections").glob("*")}
        assert kept <= {".any.importing"}, number
    return ends


def imported(data: Path, table: Path, draw: random.Random) -> str:
    """Import a table, hold what comes of it to the rules, and remove it; return which end came."""
    options = Options(label_separator=draw.choice(LABEL_SEPARATORS))
    skip = draw.random() < 0.7
    said: InputError | None = None
    try:
        collection, left_out = import_collection(
            data, "any", table.parent, "csv", options=options, skip_broken=skip
        )
    except InputError as error:
        said = error
    if isinstance(said, BrokenClips):
        assert not skip or len(said.lines) in rows_by_any_separator(table.read_bytes())
        return "clips that cannot be used"
    if said:
        assert "\n" not in str(said), str(said)
        assert len(str(said)) < 1000, str(said)
        return "refused in one sentence"
    assert skip or not left_out
    assert len(collection.clips) + len(left_out) in rows_by_any_separator(table.read_bytes())
    assert all(clip.labels for clip in collection.clips)
    assert open_collection(data, "any").clips == collection.clips
    remove_collection(data, "any")
    return "imported, some left out" if left_out else "imported"


def test_100_mutated_tables(tmp_path: Path, source: Path) -> None:
    ends = import_mutated(tmp_path, source, ENOUGH)
    assert len(ends) >= 3  # neither a wall nor an open door
    assert min(ends.values()) >= 5


@pytest.mark.long
def test_2000_mutated_tables(tmp_path: Path, source: Path) -> None:
    began = time.monotonic()
    ends = import_mutated(tmp_path, source, MANY)
    seconds = round(time.monotonic() - began)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    assert most < 1024
    told = {"seed": SEED, "tables": MANY, "seconds": seconds, "megabytes": most, **ends}
    note("tables", "mutated", told)
