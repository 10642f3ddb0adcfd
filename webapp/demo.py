"""The demo: a made collection, four systems that rank it, and an open study of them."""

import click
import sqlalchemy as sa
from flask import current_app

from embeddings import demo
from embeddings.collection import Collection, collection_names, open_collection
from embeddings.errors import InputError
from embeddings.files import write_json
from embeddings.processing import Recipe
from embeddings.rankings import build_ranking
from embeddings.simulate import RANDOM, write_random_embedding
from embeddings.store import embedding_names, open_embedding, open_ranking, system_names
from evaluation.protocol_toml import parse_protocol
from evaluation.scoring import read_objective, score_ranking
from webapp import opening, raters, studies
from webapp.database import db, now
from webapp.models import Rater, Study

SLUG = "demo"
_RATERS = 3

_SYSTEMS = (
    ("freesound", Recipe(normalise="minmax", pca=100), "nns"),
    ("freesound", Recipe(normalise="minmax", pca=100), "mcss"),
    ("freesound", Recipe(normalise="l2", pca=100), "mcss"),
    (RANDOM, Recipe(normalise="l2", pca=None), "mcss"),
)
"""Until the other representations are there: Freesound's vectors under three processings (the
first is its own), and a random ranking as the floor."""


def make_demo_once() -> None:
    """Make the demo at the first start. Whoever removes it afterwards does not get it again."""
    marker = current_app.config["DATA"] / "demo.json"
    if not marker.exists():
        click.echo("Making the demo (about 15 s, once): sounds, rankings, a study.")
        make_demo()
        write_json(marker, {"made_at": now().isoformat(timespec="seconds")})


def make_demo() -> None:
    """Make what the demo lacks: sounds, vectors, rankings, scores, the study and its raters."""
    collection = _collection()
    systems = _systems(collection)
    study = db.session.scalar(sa.select(Study).where(Study.slug == SLUG))
    if study is None:
        protocol = {
            "slug": SLUG,
            "title": "Which sounds are like this one?",
            "collection": demo.NAME,
            "systems": systems,
            "queries": {"per_family": 1, "seed": demo.SEED},
            "depth": 5,
        }
        study = studies.create_study(parse_protocol(protocol, "the demo's protocol"))
    if study.state == "draft":
        opening.open_study(study)
    if study.state == "open" and not study.raters:
        raters.invite(study, _RATERS)


def demo_rater() -> Rater | None:
    """Return the first rater of the demo's study, or None where there is none."""
    return db.session.scalar(
        sa.select(Rater)
        .join(Rater.study)
        .where(Study.slug == SLUG, Study.state == "open")
        .order_by(Rater.number)
    )


def _collection() -> Collection:
    data = current_app.config["DATA"]
    if demo.NAME in collection_names(data):
        collection = open_collection(data, demo.NAME)
        if not collection.info.get("synthesised"):
            raise InputError(
                f"The collection {demo.NAME!r} is not the demo's; the demo needs that name."
            )
        return collection
    return demo.make_demo_collection(data)


def _systems(collection: Collection) -> list[str]:
    have = embedding_names(collection)
    if "freesound" not in have:
        demo.install_vectors(collection)
    if RANDOM not in have:
        write_random_embedding(collection)
    built = set(system_names(collection))
    systems = []
    for embedding, recipe, search in _SYSTEMS:
        system = f"{embedding}.{recipe.slug(frame_level=False)}.{search}"
        if system not in built:
            build_ranking(collection, open_embedding(collection, embedding), recipe, search)
        if read_objective(collection, system) is None:
            score_ranking(collection, open_ranking(collection, system))
        systems.append(system)
    return systems
