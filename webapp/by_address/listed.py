"""The list of the addresses that give data: what each has and asks for, said here and nowhere else.

Where an address lies and which tokens open it the routes say themselves; `described` and
docs/reference/data.md put both together.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from embeddings.collection.clips import CONVENTIONS
from embeddings.maps.layouts import METHODS
from evaluation.analysis.judgements import TIDY_COLUMNS
from evaluation.objective.definitions import AVERAGES, METRICS
from evaluation.protocol.terms import RATERS
from webapp.browse.state import RANKS
from webapp.by_address.first_tables import COLUMNS, MOST_CLIPS
from webapp.scores.csv_files import TABLES

COLLECTION, STUDY = "demo", "demo-results"
"""What examples are of: the collection and the study that the demo has."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something that an address is told, in its path or after the question mark.

    Attributes
    ----------
    about : what it is
    example : a value that the demo has; "" where `values` are enough, or none is needed
    values : all that are allowed; empty where others are, too
    needed, many : whether it must be there, and may be there several times
    whole : whether it is a whole number
    """

    name: str
    about: str
    example: str = ""
    values: tuple[str, ...] = ()
    needed: bool = False
    many: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """An address that gives data.

    Attributes
    ----------
    view : its endpoint; of a table, that of its CSV
    about : what is there
    path, query : what is told in it
    columns : of a table: column -> what it has; empty where the page's own headings say it
    kind : of what is no table: its media type
    """

    view: str
    about: str
    path: tuple[Parameter, ...] = ()
    query: tuple[Parameter, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    kind: str = ""


_NAME = Parameter("name", "a collection", COLLECTION)
_SLUG = Parameter("slug", "a study that is open or closed", STUDY)
_SORTED = (
    Parameter("convention", "how scores are counted; the collection's own unless told",
              "corrected", CONVENTIONS),
    Parameter("average", "what the table of systems averages", "micro", tuple(AVERAGES)),
    Parameter("measure", "what the tables of classes and of the comparison have", "mr1",
              tuple(METRICS)),
    Parameter("sort", "the column that systems are sorted by; - before it: descending", "title"),
    Parameter("order", "the same of the classes: a system's name, class, family or clips",
              "-clips"),
    Parameter("find", "text that a class's name or family must have", "a"),
    Parameter("a", "the first of the two systems that are compared; the best unless told"),
    Parameter("b", "the second; the next best unless told"),
)  # fmt: skip
_OF_FIGURES = tuple(one for one in _SORTED if one.name in ("convention", "measure", "a", "b"))
ASKED = (
    Parameter("facet", "one of the facets that the study asks about; the first unless told"),
    Parameter("raters", "whose grades: of those who passed the screening rule, or of all; the "
              "protocol's primary ones unless told", "all", RATERS),
    Parameter("speaks", "these: intervals speak for these raters alone, not for others like them",
              "these", ("these",)),
    Parameter("look", "yes: tests are shown although the study still runs", "yes", ("yes",)),
)  # fmt: skip
"""What all of a study's results are asked for."""

_SCORES = {
    "class": "whose row it is; so are system and family",
    "family": "of the class, empty for none; in the table of families the last is their mean",
    "system": "the system's name, in addresses and commands",
    "title": "what people call it",
    "provenance": "where its vectors come from: computed, imported or simulated",
    "representation, modality, parameters, dimensions": "of its card, and of its raw vectors",
    "convention, average, measure": "how scores are counted, averaged, and which stand in a and b",
    "classes": "how many have a value to average",
    "clips": "queries that were scored, or that carry the class or a class of the family",
    "failed": "clips without vectors",
    ", ".join(METRICS): "the scores; empty where undefined, or of another measure than asked",
    "undefined, censored": "(query, class) pairs without another relevant clip; and those whose "
    "first relevant result lies beyond the ranks that are kept: MR1 is then a lower bound",
    "known_ranks": "how many ranks an imported ranking keeps; empty where all was ranked",
    "comparison": "what may be compared with the paper",
    "published_MEASURE, difference_MEASURE": "what was published, and ours less that",
    "system_a, provenance_a, system_b, provenance_b": "the two systems of the comparison",
    "a, b, difference": "their scores of the class, and b less a",
}
_FIGURES = ("families", "families-published", "modalities", "dimensions", "parameters", "sweep",
            "classes")  # fmt: skip

ADDRESSES = (
    Address("by_address.collections", "The collections.", columns=COLUMNS["collections"]),
    Address(
        "by_address.clips", "A collection's clips, in its order.", (_NAME,),
        (Parameter("first", f"from which clip on, from 1; {MOST_CLIPS:,} are sent at once, and "
                   "where there are more it must be told", "2", whole=True),),
        COLUMNS["clips"],
    ),
    Address(
        "by_address.rankings", "What systems find for a query, best first.", (_NAME,),
        (Parameter("query", "the id of a clip", "bark-1", needed=True),
         Parameter("system", "a system's name; all unless told",
                   "freesound.minmax-pca100.nns", many=True),
         Parameter("ranks", f"how many results of each, up to {RANKS}; 15 unless told", "3",
                   whole=True)),
        COLUMNS["rankings"],
    ),
    Address(
        "scores.table_csv",
        "A table of the scores page, sorted and searched as it is there: systems, families, "
        "classes (a row a class and system), comparison (a row a class).",
        (_NAME, Parameter("table", "which", values=TABLES)), _SORTED, _SCORES,
    ),
    Address(
        "scores.figure_csv",
        "The numbers of a figure of the scores page; one that would be empty is not there.",
        (_NAME, Parameter("figure", "which", "families", _FIGURES)), _OF_FIGURES,
    ),
    Address(
        "maps.table", "A map of a collection: two numbers a clip, and its labels.",
        (_NAME, Parameter("embedding", "an embedding's name", "freesound"),
         Parameter("method", "how it was laid out", "pca", tuple(METHODS))),
        columns={
            "clip": "its id", "x": "its place", "y": "its place",
            "family": "the families of its classes, with commas between",
            "labels": "its classes, likewise", "embedding": "of which the map is",
            "method": "how it was laid out", "seed": "of what is random; empty for none",
            "provenance": "where the vectors come from",
        },
    ),
    Address("by_address.studies", "The studies, the newest first.", columns=COLUMNS["studies"]),
    Address(
        "by_address.parts",
        "The tables and figures that a study's results have, under the names of the next two.",
        (_SLUG,), ASKED, COLUMNS["parts"],
    ),
    Address(
        "results.table", "A table of a study's results.",
        (_SLUG, Parameter("name", "which; .../parts has the names", "mean-grades")), ASKED,
    ),
    Address(
        "results.figure", "The numbers of a figure of a study's results.",
        (_SLUG, Parameter("name", "which; .../parts has the names", "means")), ASKED,
    ),
    Address(
        "results.judgements",
        "Every judgement of a study that asks for grades, with what is done with it; rank.SYSTEM "
        "is the candidate's rank under each system. Raters have pseudonyms.",
        (_SLUG,), ASKED,
        TIDY_COLUMNS | {"judgements": "simulated: nobody judged; without this column raters did"},
    ),
    Address(
        "results.numbers",
        "A study's results as one document: sentences, facts, tables, figures, the seed, the "
        "versions.",
        (_SLUG,), ASKED, kind="application/json",
    ),
    Address(
        "results.qrels", "Mean grades of every judged result, as TREC's tools read them.",
        (_SLUG,), ASKED, kind="text/plain",
    ),
    Address(
        "results.disagreements", "Those of which labels and ears say the opposite, likewise.",
        (_SLUG,), ASKED, kind="text/plain",
    ),
    Address(
        "by_address.openapi", "This description, as OpenAPI.", kind="application/json",
    ),
    Address(
        "by_address.client", "The Python module that reads all this: one file, to be copied.",
        kind="text/x-python",
    ),
)  # fmt: skip
"""In the order of docs/reference/data.md."""
