"""The tables that a script asks for first, to know what there is."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from embeddings.collection.clips import Collection
from embeddings.collection.label_cells import label_cell
from embeddings.errors import InputError
from embeddings.systems.store import PROVENANCES, Ranking
from evaluation.browsing.listing import listing
from evaluation.figures.figure import Figure
from webapp.core import catalogue
from webapp.core.clip_facts import families_of

if TYPE_CHECKING:
    import pandas as pd

    from evaluation.figures.shown import Section
    from webapp.study.lifecycle import Overview

MOST_CLIPS = 50_000
"""How many clips are sent at once."""


def collections_table(collections: Sequence[Collection]) -> "pd.DataFrame":
    """Return a row a collection."""
    import pandas as pd

    rows = []
    for one in collections:
        kinds = Counter(ranking.provenance for ranking in catalogue.rankings(one)[0])
        rows.append(
            {
                "collection": one.name,
                "title": one.info.get("title", ""),
                "licence": one.info.get("licence", ""),
                "convention": one.convention,
                "clips": len(one.clips),
                "classes": len(one.class_counts),
                "families": len(one.families),
                "imported_at": one.info["imported_at"],
            }
            | {f"systems_{kind}": kinds[kind] for kind in PROVENANCES}
        )
    return pd.DataFrame(rows, columns=list(_COLLECTIONS))


def clips_table(collection: Collection, first: int | None) -> "pd.DataFrame":
    """Return a row a clip, in the order of the collection: all, or `MOST_CLIPS` from the first.

    Raises InputError where that is no clip's place, or where there are more than are sent at once
    and no first one is asked for.
    """
    import pandas as pd

    many = len(collection.clips)
    if first is None and many > MOST_CLIPS:
        raise InputError(
            f"The collection {collection.name!r} has {many:,} clips, and {MOST_CLIPS:,} are sent "
            f"at once: ask with first=1, then with first={MOST_CLIPS + 1}, and so on."
        )
    if first is not None and not 1 <= first <= many:
        raise InputError(f"first must be the place of a clip, from 1 to {many:,}, not {first}.")
    begin = (first or 1) - 1
    rows = [
        {
            "clip": clip.id,
            "labels": label_cell(clip.labels),
            "families": label_cell(families_of(collection, clip)),
            "seconds": clip.seconds,
            "sample_rate": clip.sample_rate,
            "channels": clip.channels,
            "loudness_lufs": clip.loudness_lufs,
            "group": clip.group,
            "title": clip.title,
            "author": clip.author,
            "licence": clip.licence,
        }
        for clip in collection.clips[begin : begin + MOST_CLIPS]
    ]
    return pd.DataFrame(rows).astype({"loudness_lufs": float})


def rankings_table(
    collection: Collection, rankings: Sequence[Ranking], query: str, ranks: int
) -> "pd.DataFrame":
    """Return a row a result: the `ranks` best other clips of a query under each system."""
    import pandas as pd

    collection.clip(query)
    row = collection.index[query]
    found = [
        {
            "query": query,
            "system": ranking.system,
            "title": ranking.title,
            "provenance": ranking.provenance,
            "rank": one.rank,
            "clip": one.clip.id,
            "score": one.score,
            "shared": label_cell(sorted(one.shared)),
        }
        for ranking in rankings
        for one in listing(collection, ranking, None, row, None, ranks).results
    ]
    return pd.DataFrame(found, columns=list(_RANKINGS))


def studies_table(studies: "Sequence[Overview]") -> "pd.DataFrame":
    """Return a row a study."""
    import pandas as pd

    rows = [_study(one) for one in studies]
    table = pd.DataFrame(rows, columns=list(_STUDIES))
    for name in ("created_at", "opened_at", "closed_at"):
        table[name] = pd.to_datetime(table[name], utc=True)
    return table


def parts_table(sections: "Sequence[Section]") -> "pd.DataFrame":
    """Return a row a table or figure of a study's results."""
    import pandas as pd

    rows = [
        {
            "section": section.name,
            "kind": "figure" if isinstance(part, Figure) else "table",
            "name": part.name,
            "title": part.title,
        }
        for section in sections
        for part in section.parts
    ]
    return pd.DataFrame(rows, columns=list(_PARTS))


def _study(one: "Overview") -> dict[str, Any]:
    study, terms = one.study, one.study.terms
    return {
        "study": study.slug,
        "title": study.title,
        "state": study.imported or study.state,
        "method": terms.method,
        "collection": terms.collection,
        "queries": one.queries,
        "raters": one.raters,
        "blocks_finished": one.finished,
        "judgements": one.judgements,
        "simulated": study.simulated,
        "created_at": study.created_at,
        "opened_at": study.opened_at,
        "closed_at": study.closed_at,
        "protocol_sha256": study.protocol_sha256,
    }


_COLLECTIONS = {
    "collection": "its name, in addresses and commands",
    "title": "what people call it",
    "licence": "of its sounds; empty where each clip has its own, or none is known",
    "convention": "how its scores are counted unless told",
    "clips": "how many",
    "classes": "how many",
    "families": "how many",
    "imported_at": "when it was imported or made",
    **{f"systems_{kind}": f"how many systems of {kind} vectors" for kind in PROVENANCES},
}
_CLIPS = {
    "clip": "its id",
    "labels": "its classes, with commas between; a name with a comma stands in quotes",
    "families": "the families of these, likewise",
    "seconds": "its length",
    "sample_rate": "in Hz",
    "channels": "how many",
    "loudness_lufs": "integrated loudness; empty where it is too short or too quiet to have one",
    "group": "uploader, pack or source recording; empty where unknown",
    "title": "as the source has it; so are the next two",
    "author": "whose it is",
    "licence": "under which it may be used",
}
_RANKINGS = {
    "query": "clip id of the query",
    "system": "the system's name, in addresses and commands",
    "title": "what people call it",
    "provenance": "where its vectors come from: computed, imported or simulated",
    "rank": "from 1, the most similar",
    "clip": "clip id of the result",
    "score": "how similar by the system's search; higher is more",
    "shared": "the labels that it shares with the query, with commas between; empty for none",
}
_STUDIES = {
    "study": "its slug, in addresses and commands",
    "title": "what people call it",
    "state": "draft, open or closed; of an imported one, what it was when it was exported",
    "method": "graded, preference or rating",
    "collection": "whose clips it asks about",
    "queries": "how many",
    "raters": "how many were invited or came",
    "blocks_finished": "how many",
    "judgements": "how many grades and choices; practice counts nowhere",
    "simulated": "whether nobody judged",
    "created_at": "when it was made, in UTC",
    "opened_at": "when it was opened; empty of a draft",
    "closed_at": "when it was closed; empty until then",
    "protocol_sha256": "of its protocol",
}
_PARTS = {
    "section": "the part of the page that it is in",
    "kind": "table or figure",
    "name": "its name in addresses",
    "title": "what it shows",
}
COLUMNS = {
    "collections": _COLLECTIONS,
    "clips": _CLIPS,
    "rankings": _RANKINGS,
    "studies": _STUDIES,
    "parts": _PARTS,
}
"""Table -> column -> what it has."""
