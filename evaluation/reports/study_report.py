"""A study's results as files: one HTML document, or JSON with every number and its definition."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from embeddings import __version__
from evaluation.figures.figure import Figure
from evaluation.figures.shown import Section
from evaluation.glossary import GLOSSARY
from evaluation.reports.scores_report import Assets, render

_LIBRARIES = ("numpy", "scipy", "pandas")


@dataclass(frozen=True, slots=True)
class About:
    """What results are made of.

    Attributes
    ----------
    slug, title, state : the study's
    file : what files of these results are called
    protocol_sha256, code_version : what was frozen when it opened
    asked : whose grades of what are shown, in words
    seed : of every random procedure
    simulated : whether nobody listened
    """

    slug: str
    title: str
    state: str
    protocol_sha256: str
    code_version: str
    asked: str
    seed: int
    simulated: bool
    file: str = ""

    def rows(self) -> list[tuple[str, str]]:
        """Return it in words, as names and values: the same study, the same rows."""
        libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
        return [
            ("Study", f"{self.slug} ({self.state})"),
            ("Judgements", "simulated: nobody listened" if self.simulated else "by raters"),
            ("Shown", self.asked),
            ("Protocol (SHA-256)", self.protocol_sha256),
            ("Opened by", f"Sounding Board {self.code_version}"),
            ("Analysed by", f"Sounding Board {__version__}, {libraries}"),
            ("Seed", str(self.seed)),
        ]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a report, as a page of results has it.

    Attributes
    ----------
    name, title : a slug, "" for the first part; what it is called
    question, answer : what it answers first, and how; "" for nothing
    sections : in their order
    """

    name: str
    title: str
    question: str
    answer: str
    sections: Sequence[Section]


def study_report(parts: Sequence[Part], about: About, assets: Assets) -> str:
    """Return results as an HTML document that needs neither a server nor a network.

    `parts` are the pages of the results, in their order; the last one is of the method.
    """
    return render(
        "study_report.html",
        assets,
        parts=parts,
        about=about,
        made_of=about.rows(),
        words=GLOSSARY,
        file_name=lambda name: f"{about.file or about.slug}-{name}.csv",
        about_simulated="",
    )


def results_json(sections: Sequence[Section], about: About, summary: str = "") -> dict[str, Any]:
    """Return results as JSON has them: every number with its caption; what is undefined is null.

    `summary` says in a few sentences what was found; "" for nothing.
    """
    return {
        "about": dict(about.rows()),
        "summary": summary,
        "sections": [
            {
                "name": one.name,
                "title": one.title,
                "words": [*one.notices, *one.words],
                "facts": [fact._asdict() for fact in one.facts],
                "parts": [_part(part) for part in one.parts],
            }
            for one in sections
        ],
    }


def _part(part: Any) -> dict[str, Any]:
    table = part.table if isinstance(part, Figure) else part.data
    plain = table.astype(object).where(table.notna(), None)
    rows: list[Mapping[str, Any]] = plain.to_dict("records")
    kind = "figure" if isinstance(part, Figure) else "table"
    return {"kind": kind, "name": part.name, "title": part.title, "caption": part.caption,
            "rows": [{key: _value(one) for key, one in row.items()} for row in rows]}  # fmt: skip


def _value(one: Any) -> Any:
    found = one.item() if hasattr(one, "item") else one
    return found + 0.0 if isinstance(found, float) else found  # zero has no sign
