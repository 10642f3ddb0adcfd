"""What was given out and left without an answer, and what that can do: in words."""

from evaluation.analysis.answered import Answered
from evaluation.figures.charts import counted
from evaluation.figures.shown import Fact
from evaluation.findings.words import percent


def left_fact(one: Answered, item: str) -> Fact:
    """Return how much was left without an answer, of queries and of items.

    Parameters
    ----------
    item : what is answered: "result", "list" or "choice"
    """
    name = "Given out and not answered"
    if not one.items:
        return Fact(name, "–", "nothing was given out")
    of_queries, of_items = (percent(share, 1) for share in one.shares)
    if item == "choice":
        return Fact(name, of_items, f"{one.items_left:,} of {one.items:,} choices")
    return Fact(
        name,
        f"{of_items} of {item}s",
        f"and {of_queries} of queries: {one.items_left:,} of {counted(one.items, item, f'{item}s')}"
        f" and {one.queries_left:,} of {counted(one.queries, 'query', 'queries')}, each as often as"
        " a rater was given it",
    )


def left_notice(one: Answered, item: str) -> tuple[str, ...]:
    """Return what such a share can do, where it is large; `item` is as in `left_fact`."""
    of_queries, of_items = one.shares
    if not one.much:
        return ()
    parts = [f"{percent(of_queries, 1)} of the queries"] if item != "choice" else []
    parts.append(f"{percent(of_items, 1)} of the {item}s")
    return (
        f"Raters left {' and '.join(parts)} that they were given without an answer. Means and "
        "intervals hold only where what is missing does not depend on the grades: whoever leaves, "
        "or leaves out what is bad, or hard, moves them, and no bound here says how far.",
    )
