"""What a study keeps of its collection and systems, as they were when it opened.

Its folder has then ``clips.csv``, ``objective.csv`` and ``systems.json``, so that what is changed
or removed later changes no result. A study that was imported from a bundle has them from there,
and in two more tables what it uses again of the study that it extends.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.collection.clips import CONVENTIONS, Collection
from embeddings.collection.label_cells import label_cell
from embeddings.errors import InputError
from embeddings.files import write_text
from embeddings.systems.store import Ranking, embedding_names, open_embedding
from evaluation.objective.per_query import MICRO, QueryScores
from evaluation.objective.scoring import read_objective, read_query_scores, score_ranking
from evaluation.records.facts import ClipRecord, ObjectiveRecord
from evaluation.records.frames import table_csv
from webapp.models import Study
from webapp.study.lifecycle import study_folder

FROZEN = ("clips.csv", "objective.csv", "systems.json")
REUSED, REUSED_RATERS = "reused.csv", "reused_raters.csv"

_PLACE = "source"  # of a collection: where it lay on somebody's machine


def freeze(
    folder: Path,
    collection: Collection,
    rankings: Sequence[Ranking],
    heard: Sequence[int],
    queries: Sequence[int],
) -> None:
    """Write what is known of clips and systems into the folder of a study that opens.

    Parameters
    ----------
    heard : rows of the clips that raters hear
    queries : rows of the queries that raters are asked about
    """
    clips = (_clip(collection, row) for row in heard)
    scores = chain.from_iterable(_scores(collection, one, queries) for one in rankings)
    write_text(folder / "clips.csv", table_csv(ClipRecord, clips))
    write_text(folder / "objective.csv", table_csv(ObjectiveRecord, scores))
    write_text(folder / "systems.json", as_json(_provenance(collection, rankings)))


def read(study: Study, name: str) -> bytes:
    """Return one of the files that are kept for a study; empty where nothing is used again.

    Raises InputError where one is gone that every study has from its opening on.
    """
    path = study_folder(study.slug) / name
    if path.is_file():
        return path.read_bytes()
    if name in FROZEN:
        raise InputError(
            f"The study {study.slug!r} has lost {name}, which it has had since it opened: put "
            f"{path.parent} back as it was, from a copy."
        )
    return b""


def as_json(value: Any) -> str:
    """Return a value as JSON: the same value, the same text."""
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def _clip(collection: Collection, row: int) -> ClipRecord:
    clip = collection.clips[row]
    families = dict.fromkeys(collection.family_of.get(label, "") for label in clip.labels)
    return ClipRecord(
        clip=clip.id,
        labels=label_cell(clip.labels),
        leaf_labels=label_cell(label for label in clip.labels if label in collection.leaf_classes),
        families=label_cell(filter(None, families), ";"),
        group=clip.group,
        seconds=clip.seconds,
        licence=clip.licence,
        author=clip.author,
        title=clip.title,
    )


def _provenance(collection: Collection, rankings: Sequence[Ranking]) -> dict[str, Any]:
    stored = embedding_names(collection)
    systems = {}
    for one in rankings:
        name, embedding = one.meta["embedding"], None
        if name in stored:
            meta = open_embedding(collection, name).meta
            embedding = meta | {"failed": sorted(meta["failed"])}  # reasons can name files
        systems[one.system] = {"ranking": one.meta, "embedding": embedding}
    info = {key: value for key, value in collection.info.items() if key != _PLACE}
    return {"collection": info, "families": collection.families, "systems": systems}


def _scores(
    collection: Collection, ranking: Ranking, queries: Sequence[int]
) -> Iterator[ObjectiveRecord]:
    """Yield the stored scores of a system, which is scored now if it was not; it may not be."""
    system = ranking.system
    try:
        if read_query_scores(collection, system) is None:
            score_ranking(collection, ranking)
    except InputError:
        return
    facts, scores = read_objective(collection, system), read_query_scores(collection, system)
    if facts is None or scores is None:
        return
    for convention in CONVENTIONS:
        yield from _of_queries(collection, system, convention, scores, queries)
        yield from _means(system, convention, facts["conventions"][convention])


def _of_queries(
    collection: Collection,
    system: str,
    convention: str,
    scores: QueryScores,
    queries: Sequence[int],
) -> Iterator[ObjectiveRecord]:
    own = scores.only(queries)
    ap, r1 = own.average_precision(convention), own.first_relevant(convention)
    for place in np.lexsort((own.label, own.query)):
        label, query = own.label[place], int(own.query[place])
        values = dict(zip(own.cutoffs, ap[place].tolist(), strict=True))
        yield ObjectiveRecord(
            system=system,
            convention=convention,
            level="query",
            query=collection.clips[query].id,
            name="" if label == MICRO else own.classes[label],
            ap15=_known(values.get(15)),
            ap150=_known(values.get(150)),
            r1=_known(float(r1[place])),
            censored=int(own.censored[place]),
        )


def _means(system: str, convention: str, facts: dict[str, Any]) -> Iterator[ObjectiveRecord]:
    means = [("macro", "", facts["macro"]), ("micro", "", facts["micro"])]
    means += [("family", name, values) for name, values in facts["families"].items()]
    means += [("class", name, values) for name, values in facts["classes"].items()]
    for level, name, values in means:
        yield ObjectiveRecord(
            system=system,
            convention=convention,
            level=level,
            query="",
            name=name,
            ap15=values.get("map@15"),
            ap150=values.get("map@150"),
            r1=values["mr1"],
            censored=facts["censored"] if level == "macro" else None,
        )


def _known(value: float | None) -> float | None:
    return None if value is None or np.isnan(value) else value
