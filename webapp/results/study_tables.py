"""A study's tables from the database, as `evaluation.records.frames` has them from its bundle.

They are read as columns of numbers and put together by pandas: a page of results cannot wait for
what `webapp.bundles.rater_records` tells row by row for a bundle.
"""

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa

from embeddings.errors import InputError
from evaluation.records.codebook import TABLES
from evaluation.records.events import JudgementRecord
from evaluation.records.facts import RaterRecord
from evaluation.records.frames import StudyTables, as_frame, column_kinds, read_frame, systems_of
from webapp.core.database import db
from webapp.models import Study, System
from webapp.results.answer_tables import flags_frame, judgements_frame, preferences_frame
from webapp.results.pool_tables import Pools, read_pools
from webapp.results.rater_tables import raters_frame
from webapp.study import frozen

if TYPE_CHECKING:
    import pandas as pd

_TOLD = ("rater", "identities", "distractors", "repeats", "identity_share", "auc",
         "distractor_below_median", "retest_close", "retest_difference", "retest_noise", "passed",
         "reasons")  # fmt: skip
"""What is told of a rater of an earlier study."""


def study_tables(study: Study, *, whole: bool = True) -> StudyTables:
    """Return what is known of an open or closed study, equal to what its bundle says.

    Raises InputError for a draft.
    """
    if study.state == "draft":
        raise InputError(f"The study {study.slug!r} is a draft; it has results once it is open.")
    with uncollected():
        return _tables(study, whole)


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep Python from looking for garbage among rows that all stay: it takes as long as they do.

    What is still running may be inside another such part, so that only the outermost turns it on.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _tables(study: Study, whole: bool) -> StudyTables:
    import pandas as pd

    pools = read_pools(study)
    own = judgements_frame(study, pools, whole=whole)
    raters = raters_frame(study, own, pools.names["raters"])
    reused, others = _reused(study, pools)
    known = json.loads(frozen.read(study, "systems.json") or b"{}")
    systems = sa.select(System.ranking, System.title, System.provenance, System.anchor)
    systems = systems.where(System.study_id == study.id).order_by(System.id)
    listed = [row._mapping for row in db.session.execute(systems)]
    return StudyTables(
        protocol=study.terms,
        judgements=pd.concat([reused[own.columns], own], ignore_index=True),
        pools=pools.frame,
        flags=flags_frame(study),
        raters=pd.concat([others, raters], ignore_index=True),
        clips=read_frame(TABLES["clips"].kind, frozen.read(study, "clips.csv")),
        objective=read_frame(TABLES["objective"].kind, frozen.read(study, "objective.csv")),
        preferences=preferences_frame(study),
        systems=systems_of(listed, known),
        collection=known.get("collection", {}),
        state=study.imported or study.state,
        simulated=study.simulated,
    )


def _reused(study: Study, pools: Pools) -> tuple["pd.DataFrame", "pd.DataFrame"]:
    """Return the judgements of earlier studies that a study uses again, and who gave them.

    See `webapp.bundles.rater_records.reused_records` and `webapp.bundles.raters_csv.reused_raters`.
    """
    import pandas as pd

    names = pools.names
    parent = None
    if study.parent and not study.imported:
        parent = db.session.scalar(sa.select(Study).where(Study.slug == study.parent))
    if parent is None:
        files = (JudgementRecord, frozen.REUSED), (RaterRecord, frozen.REUSED_RATERS)
        contents = [frozen.read(study, file) if study.imported else b"" for _, file in files]
        return (
            read_frame(JudgementRecord, contents[0], names["judgements"]),
            read_frame(RaterRecord, contents[1], names["raters"]),
        )
    theirs = read_pools(parent)
    given = judgements_frame(parent, theirs)
    raters = raters_frame(parent, given, theirs.names["raters"])
    before, earlier = _reused(parent, theirs)
    given["rater"], raters["rater"] = (
        f"{parent.slug}/" + table["rater"] for table in (given, raters)
    )
    again = _again(pd.concat([before, given], ignore_index=True), pools)
    told = pd.concat([earlier, raters], ignore_index=True)
    told = told[told["rater"].isin(again["rater"])]
    untold = {name: [None] * len(told) for name in column_kinds(RaterRecord, names["raters"])}
    untold["joined"] = [False] * len(told)
    return again, as_frame(
        RaterRecord, untold | {name: told[name] for name in _TOLD}, names["raters"]
    )


def _again(given: "pd.DataFrame", pools: Pools) -> "pd.DataFrame":
    """Return the first grades of what a study uses again, with the ranks of its own systems."""
    import pandas as pd

    pair = ["query", "candidate"]
    given = given[(given["kind"] == "result") & (given["repeat"] == 0)]
    reused = pd.MultiIndex.from_frame(pools.frame.loc[pools.frame["reused"] == 1, pair])
    given = given[pd.MultiIndex.from_frame(given[pair]).isin(reused)].reset_index(drop=True)
    ranks = pools.ranks(given["query"], given["candidate"])
    plain = list(column_kinds(JudgementRecord))
    return pd.concat([given[plain], ranks], axis=1)
