"""Writing the folder of a paper: everything, or nothing."""

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from embeddings.errors import InputError
from embeddings.files import whole_folder
from evaluation.figures.figure import Figure
from evaluation.figures.shown import Section, Table
from evaluation.reports.paper.document import figure_tex, paper_tex, readme
from evaluation.reports.paper.latex import engine
from evaluation.reports.paper.paper_tables import table_tex
from evaluation.reports.paper.pictures import NoPictures, Picture, draw, picture

Named = tuple[str, Figure | Table]
_TAKEN = ("paper", "readme")
_NOT_ASKED = "The figures are left out, as was asked."


def to_stderr(sentence: str) -> None:
    """Say a sentence to whoever runs the command."""
    print(sentence, file=sys.stderr)


def write_paper(
    folder: Path,
    sections: Sequence[Section],
    about: Mapping[str, str],
    *,
    summary: str = "",
    columns: int = 2,
    pictures: Callable[[Sequence[Picture], Path], None] | None = draw,
    say: Callable[[str], None] = to_stderr,
) -> list[Path]:
    """Write what a page shows as LaTeX tables, vector figures and CSV files, and return the files.

    A table is NAME.tex and NAME.csv; a figure NAME.tex, NAME.csv, NAME.pdf and NAME.svg; paper.tex
    takes them all in, in their order, and README.txt says how they were made. The same sections
    give the same bytes in every .tex, .csv and .txt file.

    Parameters
    ----------
    folder : a new or an empty one
    sections : as a page shows them
    about : what README.txt says, line by line: the study, its protocol's hash, the seed, versions;
        "Study" is the title of paper.tex
    summary : what was found, in a few sentences: the abstract of paper.tex; "" for none
    columns : 2 for figures of seven inches; 1 for figures of 3.4 inches as far as they have room
    pictures : draws the figures into a folder; None for tables alone
    say : is told in one sentence where figures are left out, since nothing here can draw them

    Raises
    ------
    InputError
        The folder has something in it, or is none; or a figure cannot be drawn.
    """
    folder = folder.resolve()
    _check_free(folder)
    named = list(_named(sections))
    with whole_folder(folder) as new:
        drawings = {
            name: picture(part, name, columns) for name, part in named if isinstance(part, Figure)
        }
        left_out = _draw(list(drawings.values()), new, pictures)
        texts = dict(_texts(named, drawings, left_out))
        kept = {id(part): name for name, part in named if f"{name}.tex" in texts}
        document = paper_tex(sections, kept, about, left_out, summary)
        every = [document, *(text for name, text in texts.items() if name.endswith(".tex"))]
        texts["paper.tex"] = "\n".join([*engine("".join(every)), document])
        texts["README.txt"] = readme(about, named, left_out)
        for name, text in texts.items():
            (new / name).write_text(text, encoding="utf-8", newline="")
        written = sorted(one.name for one in new.iterdir())
        _check_free(folder)  # somebody may have put something there since
    if left_out and pictures:
        say(left_out)
    return [folder / name for name in written]


def _check_free(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is not empty: give a new folder, or an empty one.")


def _named(sections: Sequence[Section]) -> Iterator[Named]:
    """Yield each part with a name for its files that no other part has."""
    taken = set(_TAKEN)
    for section in sections:
        for part in section.parts:
            slug = re.sub("[^A-Za-z0-9-]+", "-", part.name).strip("-") or section.name
            kind = "figure" if isinstance(part, Figure) else "table"
            tries = (slug, f"{slug}-{kind}", *(f"{slug}-{kind}-{one}" for one in range(2, 1000)))
            name = next(one for one in tries if one.lower() not in taken)
            taken.add(name.lower())
            yield name, part


def _draw(
    drawings: Sequence[Picture],
    folder: Path,
    pictures: Callable[[Sequence[Picture], Path], None] | None,
) -> str:
    """Draw the pictures; return why there are none, "" where there are."""
    if pictures is None:
        return _NOT_ASKED
    try:
        pictures(drawings, folder)
    except NoPictures as missing:
        return str(missing)
    return ""


def _texts(
    named: Sequence[Named], drawings: Mapping[str, Picture], left_out: str
) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each file of the parts."""
    for name, part in named:
        yield f"{name}.csv", part.csv()
        if isinstance(part, Table):
            yield f"{name}.tex", table_tex(part, name)
        elif not left_out:
            yield f"{name}.tex", figure_tex(part, drawings[name])
