"""Which tables a study's bundle has, and the codebook that explains every file and column."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evaluation.protocol.terms import Protocol, Queries
from evaluation.records import events, facts
from evaluation.records.table_columns import Column, Names, columns_of


@dataclass(frozen=True, slots=True)
class Table:
    """One CSV file of a bundle: its records, and what a row is."""

    kind: type
    about: str


TABLES: dict[str, Table] = {
    "assignments": Table(
        events.AssignmentRecord,
        "One row a block that a rater was given, in the order in which they were given.",
    ),
    "cannot_say": Table(
        events.CannotSayRecord,
        "One row an answer “I can't say”, in the order in which they came: a grade that is "
        "missing, and why. There where the protocol allows that answer.",
    ),
    "clips": Table(
        facts.ClipRecord,
        "One row a clip that raters heard, practice included, as it was when the study opened.",
    ),
    "flags": Table(
        events.FlagRecord,
        "One row a report that a sound was broken, in the order in which they came.",
    ),
    "judgements": Table(
        events.JudgementRecord,
        "One row a grade, in the order in which they came; a change of mind is a row of its own. "
        "What is used again of a study that this one extends comes first.",
    ),
    "listens": Table(
        events.ListenRecord,
        "One row a stretch of listening, in the order in which they came.",
    ),
    "lists": Table(
        facts.ListRecord,
        "One row a list in a block, where lists are judged; none where candidates are.",
    ),
    "objective": Table(
        facts.ObjectiveRecord,
        "One row a score against the labels, as it was when the study opened.",
    ),
    "pools": Table(
        facts.PoolRecord,
        "One row a candidate of a query, as fixed when the study opened.",
    ),
    "preferences": Table(
        events.PreferenceRecord,
        "One row a choice between two lists, in the order in which they came; a change of mind is "
        "a row of its own.",
    ),
    "raters": Table(
        facts.RaterRecord,
        "One row a rater: the way, the answers, what the controls say (of the first facet), and "
        "the verdict. Nobody is left out for it.",
    ),
    "remarks": Table(
        events.RemarkRecord,
        "One row a remark on a sound, in the order in which they came; a change is a row of its "
        "own. There where the protocol asks for remarks.",
    ),
    "slots": Table(
        events.SlotRecord,
        "One row a place in what a rater was given, answered or not.",
    ),
    "withdrawals": Table(
        events.WithdrawalRecord,
        "One row a rater who withdrew.",
    ),
}
"""The tables of a bundle; the file of each is its name and ``.csv``."""
SOMETIMES = ("cannot_say", "remarks")
"""Those that a bundle has where the study's protocol has a use for them (`tables_of`)."""

FILES: dict[str, str] = {
    "CODEBOOK.md": "This file.",
    "SHA256SUMS": "The SHA-256 of every other file, as `sha256sum -c` reads it.",
    "protocol.json": "The protocol as it was frozen; its SHA-256 is the study's.",
    "protocol.toml": "The same protocol as TOML.",
    "qrels/FACET.txt": "TREC qrels: the mean of the grades that count, repeats left out, of every "
    "(query, result), over all raters, rounded to a whole number, a half upwards.",
    "qrels/FACET.screened.txt": "The same over the raters who passed the screening rule.",
    "runs/SYSTEM.txt": "TREC run: what the system returned for every query, to the depth that was "
    "judged; the score counts down from the first rank.",
    "study.json": "Slug, title, state, dates, version of the code, level in LUFS of the sounds, "
    "the study that it extends, its systems and anchors; simulated where nobody judged, and the "
    "raters are made (simulated-001, ...).",
    "systems.json": "The collection, and of every system how its ranking and its embedding were "
    "made, as it was when the study opened.",
}
"""What else a bundle has."""

RULES = """\
Tables are CSV in UTF-8, with a comma between cells. An empty cell is "none" or "unknown", never 0.
Moments are in UTC. Clips are named by their ids in the collection, raters by pseudonyms. What was
answered in practice is in no table, what a rater took along by withdrawing neither. TREC files
write white space and % in a clip's id as %20, %25, and so on.

In pandas, names such as NA, nan, None and 007 stay names where all cells are read as text; numbers
are made afterwards, of an empty cell NaN:

```python
import pandas as pd

table = pd.read_csv("judgements.csv", dtype=str, keep_default_na=False)
table["grade"] = pd.to_numeric(table["grade"])
```
"""


def names_of(protocol: Protocol, anchors: Sequence[str] = ()) -> dict[str, Names]:
    """Return for each table the names that have columns, as `columns_of` takes them."""
    questions = protocol.questionnaire
    lists = [*protocol.systems, *anchors]
    paced = ("pace",) if protocol.pace else ()
    return {
        "judgements": {
            "ranks": protocol.systems,
            "language": protocol.languages,
            "way": paced,
            "taken_back": paced,
        },
        "preferences": {"language": protocol.languages, "way": paced},
        "cannot_say": {"language": protocol.languages},
        "pools": {"ranks": lists, "scores": lists},
        "raters": {
            "before": [one.id for one in questions.before],
            "after": [one.id for one in questions.after],
            "hearing": ["hearing"] if protocol.listening.hearing else [],
        },
    }


def tables_of(protocol: Protocol) -> dict[str, Table]:
    """Return the tables that the bundle of a study has."""
    asked = protocol.answers
    unused = {name for name in SOMETIMES if not getattr(asked, name)}
    return {name: table for name, table in TABLES.items() if name not in unused}


def codebook(protocol: Protocol, names: Mapping[str, Names]) -> str:
    """Return the codebook of a study's bundle: every file, and every column in a line of its own.

    `names` are what `names_of` returned.
    """
    questionnaire = protocol.questionnaire
    asked = {one.id: one.text for one in (*questionnaire.before, *questionnaire.after)}
    parts = [f"# Codebook of the study {protocol.slug}\n", RULES, "## Other files\n"]
    parts.append("".join(f"- `{file}`: {about}\n" for file, about in FILES.items()))
    if protocol.queries.replaced:
        parts.append(f"## Replaced queries\n\n{_replaced(protocol.queries)}")
    for name, table in tables_of(protocol).items():
        lines = [
            f"- `{one.name}`: {_meaning(one, asked)}\n"
            for one in columns_of(table.kind, names.get(name))
        ]
        parts.append(f"## {name}.csv\n\n{table.about}\n\n{''.join(lines)}")
    return "\n".join(parts)


def _replaced(queries: Queries) -> str:
    """Return which queries were replaced, by what and why, a line each."""
    rule = "The seed drew them, and then the next ones of the same family or class instead:\n\n"
    return rule + "".join(
        f"- `{one.clip}` by `{one.by}`: {one.reason}\n" for one in queries.replaced
    )


def _meaning(column: Column, asked: Mapping[str, str]) -> str:
    """Return what a column means: an answer's by the question, which may have line breaks."""
    if not column.key:
        return column.about
    return column.about.format(" ".join(asked.get(column.key, column.key).split()))
