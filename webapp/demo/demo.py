"""The demo: a made collection, sixteen systems that rank it, and two studies of them.

One is open, to be judged. The other shows what results look like: its raters are simulated.
"""

from contextlib import suppress

import click
import sqlalchemy as sa
from flask import current_app

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.files import write_json
from embeddings.representations import CARDS, FOURTEEN
from embeddings.search.processing import Recipe
from embeddings.simulation import demo_collection
from embeddings.simulation.made_embeddings import RANDOM, simulated_name, write_random_embedding
from embeddings.systems.store import (
    Embedding,
    embedding_names,
    open_embedding,
    remove_embedding,
    remove_ranking,
    systems_on,
)
from evaluation.design.simulated_raters import Panel
from evaluation.objective.simulated_systems import ready_all_simulated, ready_system
from evaluation.protocol.reading import parse_protocol
from webapp.core.database import db, now
from webapp.demo.made_raters import simulate
from webapp.models import Rater, Study
from webapp.rating import people
from webapp.study import lifecycle, opening

SLUG, RESULTS = "demo", "demo-results"
_RATERS = 3

_COMPUTED = CARDS[demo_collection.SHIPPED_CARD].embedding
_COMPARED = (
    _COMPUTED,
    simulated_name(CARDS["LAION-CLAP"]),
    simulated_name(CARDS["VGGish"]),
    RANDOM,
)
"""The study's systems by their embeddings: one that heard the sounds, two whose published scores
are far apart, and the floor."""


def make_demo_once() -> None:
    """Make the demo at the first start. Whoever removes it afterwards does not get it again."""
    marker = current_app.config["DATA"] / "demo.json"
    if not marker.exists():
        click.echo("Making the demo (about 25 s, once): sounds, rankings, two studies.")
        make_demo()
        write_json(marker, {"made_at": now().isoformat(timespec="seconds")})


def make_demo() -> None:
    """Make what the demo lacks: sounds, vectors, rankings, scores, the studies, their raters."""
    data = current_app.config["DATA"]
    collection = demo_collection.open_demo_collection(data) or demo_collection.make_demo_collection(
        data
    )
    systems = make_systems(collection)
    study = db.session.scalar(sa.select(Study).where(Study.slug == SLUG))
    if study is None:
        protocol = {
            "slug": SLUG,
            "title": "Which sounds are like this one?",
            "collection": demo_collection.NAME,
            "systems": [systems[name] for name in _COMPARED if name in systems],
            "queries": {"per_family": 1, "seed": demo_collection.SEED},
            "depth": 5,
        }
        study = lifecycle.create_study(parse_protocol(protocol, "the demo's protocol"))
    if study.state == "draft":
        opening.open_study(study)
    if study.state == "open" and not study.raters:
        people.invite(study, _RATERS)
    make_results(systems)


def make_results(systems: dict[str, str]) -> None:
    """Make the study that simulated raters have judged, of the simulated systems that are there.

    `systems` is what `make_systems` returned.
    """
    study = db.session.scalar(sa.select(Study).where(Study.slug == RESULTS))
    compared = [name for card in FOURTEEN.values() if (name := systems.get(simulated_name(card)))]
    if study is None and len(compared) > 1:
        protocol = {
            "slug": RESULTS,
            "title": "Simulated: what results look like",
            "collection": demo_collection.NAME,
            "systems": compared,
            "scale": {"facets": ["semantic", "acoustic"]},
            "queries": {"per_family": 3, "seed": demo_collection.SEED},
            # of fourteen systems that know nothing of each other, one ranks every clip high
            "controls": {"distractors": 0},
            "depth": 5,
            "raters_per_query": 6,
            "largest_block": 100,
            "practice": False,
        }
        study = lifecycle.create_study(
            parse_protocol(protocol, "the protocol of the demo's results")
        )
    if study and study.state == "draft":
        opening.open_study(study, simulated=True)
    if study and study.state == "open":
        simulate(study, Panel(raters=8, careless=1, seed=demo_collection.SEED))


def make_systems(collection: Collection) -> dict[str, str]:
    """Make what the demo lacks of its systems, scores included; return embedding -> system.

    These are Freesound computed from the sounds, a random ranking as the floor, and all fourteen
    simulated, but for those that were computed since.
    """
    have = embedding_names(collection)
    if _COMPUTED not in have:
        demo_collection.install_vectors(collection)
    if RANDOM not in have:
        write_random_embedding(collection)
    floor = Recipe(normalise="l2", pca=None)
    replaced = _replaced(collection)
    cards = [card for card in FOURTEEN.values() if card.name not in replaced]
    return {
        _COMPUTED: ready_system(collection, open_embedding(collection, _COMPUTED)),
        RANDOM: ready_system(collection, open_embedding(collection, RANDOM), floor, "mcss"),
    } | ready_all_simulated(collection, cards, demo_collection.SEED)


def replace_simulated(collection: Collection, computed: Embedding) -> str:
    """Remove the simulated embedding and rankings of a representation that is computed now.

    Returns what was done, in a line, or "" where there was nothing to do. What a study uses stays,
    and so does the demo's simulated Freesound, which is there beside the computed one on purpose.
    """
    representation = computed.meta["representation"]
    card = CARDS.get(representation)
    name = simulated_name(card) if card else ""
    if name not in embedding_names(collection) or representation not in _replaced(collection):
        return ""
    systems = systems_on(collection, name)
    for system in systems:
        user = lifecycle.study_using(collection.name, system)
        if user:
            return f"{name} stays beside {computed.name}: the study {user!r} uses {system}."
    for system in systems:
        remove_ranking(collection, system)
    remove_embedding(collection, name)
    build = f"flask rankings build {collection.name} {computed.name}"
    return (
        f"{computed.name} replaces what was simulated; removed: {', '.join([name, *systems])}. "
        f"To rank and score by what was computed: {build} && flask evaluate {collection.name}"
    )


def demo_rater() -> Rater | None:
    """Return the first rater of the demo's study, or None where there is none."""
    return db.session.scalar(
        sa.select(Rater)
        .join(Rater.study)
        .where(Study.slug == SLUG, Study.state == "open")
        .order_by(Rater.number)
    )


def _replaced(collection: Collection) -> set[str]:
    """Return the representations whose computed vectors take the place of simulated ones."""
    computed = set()
    for name in embedding_names(collection):
        with suppress(InputError):  # a damaged one takes no other's place
            meta = open_embedding(collection, name).meta
            if meta["provenance"] == "computed":
                computed.add(meta["representation"])
    return computed - (
        {demo_collection.SHIPPED_CARD} if collection.info.get("synthesised") else set()
    )
