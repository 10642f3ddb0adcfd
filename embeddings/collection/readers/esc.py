"""ESC-50 and ESC-10, as published."""

from pathlib import Path

from embeddings.collection.clips import check_families
from embeddings.collection.sources import (
    Options,
    Reader,
    Source,
    source_clips,
    source_families,
)
from embeddings.collection.spreadsheets import read_rows
from embeddings.errors import InputError

_ESC50_GROUPS = (
    "Animals",
    "Natural soundscapes and water",
    "Human, non-speech",
    "Interior and domestic",
    "Exterior and urban",
)
"""ESC-50 numbers its 50 classes so that each ten are one of these, in this order."""


def read_esc(path: Path, options: Options) -> Source:
    """Read ESC-50 (or ESC-10) as published: ``audio/`` and ``meta/esc50.csv``.

    The class is the row's category; the family one of ESC-50's five groups of ten classes; the
    group the source recording (src_file).
    """
    table = path / "meta" / "esc50.csv"
    rows = read_rows(table, ("filename", "target", "category"))
    families: dict[str, tuple[str, ...]] = {}
    for line, row in rows:
        target = row["target"]
        known = target.isdecimal() and len(target) < 5
        if not known or int(target) >= 10 * len(_ESC50_GROUPS):
            raise InputError(
                f"{table}, line {line}: the target {target!r} must be a number from 0 to "
                f"{10 * len(_ESC50_GROUPS) - 1}."
            )
        family = _ESC50_GROUPS[int(target) // 10]
        families[family] = (*families.get(family, ()), row["category"])
        row |= {"fname": row["filename"], "labels": row["category"]}
    families = check_families(families, str(table))
    grouped = bool(rows) and "src_file" in rows[0][1]
    group = options.group_column or ("src_file" if grouped else None)
    options = Options(options.families, group, label_separator="none")
    clips = source_clips(table, rows, path / "audio", options)
    return Source(
        clips,
        source_families(clips, options, families),
        "ESC-50: environmental sound classification",
        licence="CC BY-NC 3.0 (ESC-10: CC BY 3.0)",
    )


READER = Reader("esc", "audio/ and meta/esc50.csv in PATH", read_esc)
