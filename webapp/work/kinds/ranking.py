"""Building rankings of a collection, and scoring what was not scored yet."""

from flask import current_app
from flask_babel import lazy_gettext

from embeddings.collection.clips import Collection, open_collection
from embeddings.errors import InputError
from embeddings.search.neighbours import SEARCHES
from embeddings.search.processing import AGGREGATIONS, NORMALISATIONS
from embeddings.systems.rankings import (
    EXCLUSIONS,
    check_aggregation,
    default_system,
    find_embedding,
    groups_of,
    rank,
)
from embeddings.systems.store import Embedding, system_names
from embeddings.tasks import Failure
from evaluation.objective.scoring import read_objective, score_systems
from webapp.work.kinds import Arguments, Kind, Lead, of_collection, several

WORDS = {
    "aggregation": (*AGGREGATIONS, "none"),
    "normalise": NORMALISATIONS,
    "search": tuple(SEARCHES),
    "exclude_same": EXCLUSIONS,
}
"""What can be chosen by a word."""


def _check(given: Arguments) -> Arguments:
    sounds = open_collection(current_app.config["DATA"], str(given.get("collection", "")))
    names = [find_embedding(sounds, one).name for one in several(given, "embeddings", "embedding")]
    chosen = {key: str(given.get(key) or "") or None for key in (*WORDS, "pca")}
    for key, words in WORDS.items():
        if chosen[key] is not None and chosen[key] not in words:
            raise InputError(f"{key} must be one of {', '.join(words)}, not {chosen[key]!r}.")
    for name in names:
        embedding = find_embedding(sounds, name)
        check_aggregation(embedding, chosen["aggregation"])
        default_system(embedding)[0].changed(pca=chosen["pca"])
        groups_of(sounds, embedding.rows[:], chosen["exclude_same"])
    return {"collection": sounds.name, "embeddings": names} | chosen


def _run(arguments: Arguments) -> tuple[str, Arguments]:
    sounds = open_collection(current_app.config["DATA"], arguments["collection"])
    how = {key: arguments[key] for key in WORDS}
    systems: dict[str, str] = {}
    before = set(system_names(sounds))
    for name in arguments["embeddings"]:
        pca = arguments["pca"] or _cut(find_embedding(sounds, name))
        made = rank(sounds, name, device="auto", pca=pca, **how)
        print(f"{made.system}: {made.title}, {made.meta['top']} neighbours of each clip")
        systems[made.system] = made.title
    unscored = _score(sounds)
    told = f" Not scored: {', '.join(unscored)}; the log says why." if unscored else ""
    there = len(system_names(sounds))
    if before.issuperset(systems):
        told += " Nothing new: choose another processing or search for another system."
    return f"{'; '.join(systems.values())}.{told}", {"systems": list(systems), "there": there}


def _cut(embedding: Embedding) -> str | None:
    """Return the most components of PCA where the card asks for more than the vectors allow."""
    usual = default_system(embedding)[0].pca
    most = min(len(embedding.rows) - 1, embedding.vectors.shape[1])
    if usual is None or usual <= most:
        return None
    print(
        f"{embedding.name}: PCA {usual} is cut to {most}: the vectors are of {len(embedding.rows)} "
        f"clips and {embedding.vectors.shape[1]} dimensions"
    )
    return str(most)


def _score(sounds: Collection) -> list[str]:
    """Score what was not scored yet; return the systems that cannot be."""
    names = [name for name in system_names(sounds) if read_objective(sounds, name) is None]
    unscored = []
    for name, found in score_systems(sounds, names, device="auto"):
        if isinstance(found, Failure):
            print(f"not scored: {name}: {found.reason}")
            unscored.append(name)
        else:
            print(f"scored: {name}")
    return unscored


def _about(arguments: Arguments) -> str:
    return f"{', '.join(arguments['embeddings'])} · {arguments['collection']}"


def _leads(arguments: Arguments, result: Arguments) -> list[Lead]:
    name = {"name": arguments["collection"]}
    browse = Lead(lazy_gettext("Browse and listen"), "browse.browse", name)
    scores = Lead(lazy_gettext("Scores"), "scores.scores", name)
    another = name | {"_anchor": "rankings"}
    if result["there"] < 2:  # a comparison takes two
        second = Lead(lazy_gettext("Build a second system to compare"), "prepare.page", another)
        return [second, browse, scores]
    study = Lead(lazy_gettext("New study"), "designing.new", {"collection": name["name"]})
    return [browse, scores, study, Lead(lazy_gettext("Another ranking"), "prepare.page", another)]


KIND = Kind(
    name="rank",
    words=lazy_gettext("Build rankings"),
    about=_about,
    place=of_collection,
    check=_check,
    run=_run,
    leads=_leads,
)
