"""What raters were given, and left without an answer.

Intervals hold where what is missing does not depend on the grades. What nobody was asked is missing
by design; what somebody was asked and did not answer may be missing because of the answer.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evaluation.protocol.terms import Facet
from evaluation.records.frames import StudyTables

if TYPE_CHECKING:
    import pandas as pd

MOST_LEFT = 0.05
"""Where more of the queries or of the items that were given out was left, it must be said."""
_BLOCK = ["query", "block"]
_PLACE = ["rater", *_BLOCK]


@dataclass(frozen=True, slots=True)
class Answered:
    """How much of what was given out was answered.

    Attributes
    ----------
    queries, queries_left : (rater, query) that were given out, and those of them with no answer
    items, items_left : the same of (rater, item): a result or a list of such a query; a choice
        between lists is one item
    """

    queries: int
    queries_left: int
    items: int
    items_left: int

    @property
    def shares(self) -> tuple[float, float]:
        """The shares [0, 1] of queries and of items that were left; 0 where nothing was given."""
        return (
            self.queries_left / self.queries if self.queries else 0.0,
            self.items_left / self.items if self.items else 0.0,
        )

    @property
    def much(self) -> bool:
        """Whether so much was left that it must be said."""
        return max(self.shares) > MOST_LEFT


def answered(
    tables: StudyTables, facet: Facet | None = None, raters: Collection[str] | None = None
) -> Answered:
    """Return how much of what a study gave out was answered.

    Controls and repeats are none of it, nor is what is used again of another study, nor the block
    that a rater of an open study has at the moment. A sound that was reported as broken and not
    graded was left.

    Parameters
    ----------
    facet : whose grades are answers; of choices there is none
    raters : only what these were given; all of them unless told
    """
    given = _given(tables)
    if raters is not None:
        given = given[given["rater"].isin(raters)]
    asked = given.merge(_sizes(tables), on=_BLOCK)
    found = asked.merge(_answers(tables, facet), on=_PLACE, how="left")
    count = found["answers"].fillna(0).clip(upper=found["items"])  # no more than there is
    return Answered(
        len(found), int((count == 0).sum()), int(found["items"].sum()),
        int((found["items"] - count).sum()),
    )  # fmt: skip


def _given(tables: StudyTables) -> "pd.DataFrame":
    """Return the rater, query and block of what was given out, each rater's query once."""
    own = tables.assignments
    if tables.state == "open":
        at_it = own["finished_at"].isna() & ~own.duplicated("rater", keep="last")
        own = own[~at_it]
    return own[_PLACE]


def _sizes(tables: StudyTables) -> "pd.DataFrame":
    """Return how many items there are in each block: the columns query, block, items."""
    import pandas as pd

    if tables.protocol.method == "graded":
        listed = tables.pools.loc[tables.pools["kind"] == "result", _BLOCK]
    else:
        listed = tables.lists[_BLOCK]
    if tables.protocol.method == "preference":
        listed = listed.drop_duplicates()
    sizes = pd.DataFrame(listed.groupby(_BLOCK).size().rename("items")).reset_index()
    if tables.protocol.method != "graded":
        return sizes
    # a result is in several parts of a pool, as in "1;2", or in none
    parts = sizes.assign(block=sizes["block"].str.split(";")).explode("block")
    parts = parts[parts["block"] != ""].astype({"block": "int64"})
    return parts.groupby(_BLOCK, as_index=False)["items"].sum()


def _answers(tables: StudyTables, facet: Facet | None) -> "pd.DataFrame":
    """Return how many items each rater answered of each block: `_PLACE` and answers."""
    import pandas as pd

    if tables.protocol.method == "preference":
        own = tables.preferences
        first = own["counts"] == 1
    else:
        own = tables.judgements
        first = (own["counts"] == 1) & (own["repeat"] == 0)
        first &= own["kind"] == ("result" if tables.protocol.method == "graded" else "list")
        if facet:
            first &= own["facet"] == facet.name
    answers = own.loc[first, _PLACE].groupby(_PLACE, sort=False).size()
    return pd.DataFrame(answers.rename("answers")).reset_index()
