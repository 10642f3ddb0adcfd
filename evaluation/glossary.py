"""What the words of the field mean: one source for pages, reports and docs.

Each term has one meaning, of a sentence or two. Pages explain it where it stands, on hover, on
focus and on a tap (`evaluation.reports.explaining`); docs/reference/glossary.md lists all.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

from evaluation.every_measure import EVERY_MEASURE


class Term(NamedTuple):
    """A term of the field.

    Attributes
    ----------
    name : as it is written
    meaning : a sentence or two
    also : other ways in which it is written
    everyday : whether pages are full of it, so that it is explained in the glossary alone
    """

    name: str
    meaning: str
    also: tuple[str, ...] = ()
    everyday: bool = False

    @property
    def slug(self) -> str:
        """As an address and an id have it."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")


_STUDIES = (
    Term("query", "The sound that others are compared with.", everyday=True),
    Term("system", "What answers which sounds are like a query: a representation, how its vectors "
         "are processed, and how they are searched.", everyday=True),
    Term("rater", "A person who listens and judges in a study.", everyday=True),
    Term("grade", "One rater's number for one result, on the study's scale.", everyday=True),
    Term("pool", "All results of a query under all systems of a study, each sound once.",
         ("pools", "pooled")),
    Term("block", "A query with its whole pool, given to one rater.", ("blocks",)),
    Term("facet", "One of the things that raters are asked of each sound, such as what it is "
         "(semantic) and how it sounds (acoustic).", ("facets",)),
    Term("control", "A sound among the results that no system returned: the query itself, or one "
         "of a far class. It tells whether a rater listens.", ("controls", "hidden controls")),
    Term("identity", "The query itself, hidden among its results: who listens grades it high.",
         ("identity clip",)),
    Term("distractor", "A sound of a far class, hidden among the results: who listens grades it "
         "low.", ("distractors",)),
    Term("repeat", "A result that a rater is asked of again, to see how steady the grades are.",
         ("repeats",)),
    Term("screening rule", "What the protocol asks of a rater's hidden controls, for the grades to "
         "count.", ("screening", "screened")),
    Term("primary raters", "Those whose grades a study reports first, by its protocol: who passed "
         "the screening rule, or all."),
    Term("anchors", "Lists that mark the ends of the scale: the best that labels can make, and a "
         "random one."),
    Term("human reference", "What the favourites of one rater are worth to the others: a list that "
         "a person chose, to compare systems with. A system can pass it."),
    Term("exploratory", "Not fixed in the protocol before the study opened: to be taken as a hint, "
         "and tested again."),
    Term("simulated", "Made numbers that know nothing of the sounds: they show what a page looks "
         "like."),
)  # fmt: skip
_LABELS = (
    Term("relevant", "A result that the labels call right: it carries the class that the query "
         "stands for."),
    Term("AP", "Average precision: the mean, over the relevant results, of the share of relevant "
         "ones down to each. 1 is a perfect list.", ("AP@15", "AP@150", "AP@5", "AP@10")),
    Term("R1", "The rank of the first relevant result.", ()),
    Term("convention", "How scores against the labels are counted: as published (cbmi2024), or "
         "corrected. The numbers of one are not those of the other."),
    Term("qrels", "What each result of a query is worth, a line each, as trec_eval reads it."),
    Term("micro", "A mean over queries, each counted alike; class-wise means count classes alike."),
    Term("random ranking", "All clips in an order of chance: the floor that any system should "
         "pass."),
    Term("hubness", "That a few clips are among the neighbours of very many others."),
)  # fmt: skip
_STATISTICS = (
    Term("95 % interval", "Where the true value lies, by a method that is right in 95 of 100 "
         "studies. What it speaks for, other queries or other raters, is said with it.",
         ("95 % intervals",)),
    Term("p value", "How often chance alone would bring as large a difference, were there none.",
         ("p values",)),
    Term("Holm's rule", "p values are raised by how many comparisons are made, so that the risk "
         "that any of what is found is wrong stays at 5 %."),
    Term("told apart", "Two systems whose difference is too large for chance, by the adjusted p "
         "value and by sign tests over raters and over queries. Not told apart is not equal.",
         ("tell systems apart", "tells systems apart")),
    Term("critical difference", "How far the mean ranks of two systems must lie apart for a test "
         "to tell them apart."),
    Term("mean rank", "The mean over queries of a system's place among the systems.",
         ("mean ranks",)),
    Term("variance components", "How much of the differences between grades comes from systems, "
         "from queries, from raters, and from their interplay.", ("variance component",)),
    Term("G-study", "A generalizability study: it splits what scores vary by into variance "
         "components, and says what more raters or queries would bring."),
    Term("random weights", "A bootstrap: the result is computed again and again with queries and "
         "raters weighted by chance; how far it spreads is its error."),
    Term("mixed model", "A regression in which queries and raters have effects of their own."),
    Term("reliability", "Which share of the differences between grades would be seen again with "
         "other raters: 1 is all, 0 none."),
    Term("Spearman and Brown", "By their formula, the mean of k raters is as reliable as k times "
         "one rater's share of true differences says."),
    Term("alpha", "Krippendorff's alpha: how far raters agree beyond chance. 1 is full agreement, "
         "0 what chance gives.", ("Krippendorff's alpha",)),
    Term("AUC", "How often the query itself was graded above a distractor; one half is chance."),
    Term("log odds", "The logarithm of how often one list is preferred to the other: 0 is even."),
    Term("Bradley and Terry's model", "Gives each system a strength, so that the difference of two "
         "strengths says how often one is preferred to the other."),
)  # fmt: skip
_SOUNDS = (
    Term("representation", "What turns a sound into vectors, such as a trained network.",
         ("representations",), everyday=True),
    Term("embedding", "The vectors of a sound under a representation.", ("embeddings",)),
    Term("MCSS", "Maximum cosine similarity search: neighbours by the angle between vectors."),
    Term("MIPS", "Maximum inner product search: longer vectors come first more often."),
    Term("NNS", "Nearest neighbour search by Euclidean distance."),
    Term("PCA", "Principal components: fewer dimensions that keep most of the differences."),
    Term("L2", "Vectors are scaled to length 1."),
    Term("provenance", "Where vectors or lists come from: computed here, imported, or simulated."),
)  # fmt: skip


def _measures() -> Iterator[Term]:
    for kind in EVERY_MEASURE.values():
        for one in kind:
            spoken = (one.spoken,) if one.spoken and len(one.spoken) > 4 else ()
            better = {True: " Higher is better.", False: " Lower is better.", None: ""}[one.higher]
            yield Term(one.title, f"{one.says}{better}", spoken, everyday=one.title == "Strength")


GLOSSARY: Mapping[str, tuple[Term, ...]] = {
    "Studies": _STUDIES,
    "Scores against labels": _LABELS,
    "Statistics": _STATISTICS,
    "Sounds and systems": _SOUNDS,
    "Measures": tuple(_measures()),
}
"""Kind -> its terms. A measure says what it is itself (`evaluation.every_measure`)."""
TERMS: Mapping[str, Term] = {one.slug: one for kind in GLOSSARY.values() for one in kind}


@cache
def _spelled() -> dict[str, str]:
    """Return each way to write a term that pages explain -> its slug."""
    return {
        word: slug
        for slug, one in TERMS.items()
        if not one.everyday
        for word in (one.name, *one.also)
    }


@cache
def _pattern() -> re.Pattern[str]:
    """Return what finds terms, the longest first; what is all small may begin a sentence."""
    words = sorted(_spelled(), key=len, reverse=True)
    found = "|".join(
        f"[{word[0]}{word[0].upper()}]{re.escape(word[1:])}" if word[0].islower()
        else re.escape(word) for word in words
    )  # fmt: skip
    return re.compile(rf"(?<![\w@#/-])(?:{found})(?![\w@-])")


def terms_in(text: str) -> Iterator[tuple[str, str]]:
    """Yield a text in pieces, each with the slug of its term; "" where it is none.

    A term is found where it stands first: later ones are plain text.
    """
    seen, done = set(), 0
    for one in _pattern().finditer(text):
        word = one.group()
        slug = _spelled().get(word) or _spelled()[word[0].lower() + word[1:]]
        if slug in seen:
            continue
        seen.add(slug)
        if one.start() > done:
            yield text[done : one.start()], ""
        yield word, slug
        done = one.end()
    if done < len(text):
        yield text[done:], ""
