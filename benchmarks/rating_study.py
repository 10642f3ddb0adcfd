"""The study that `benchmarks.rating` is about, and what its database has afterwards."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
import sqlalchemy as sa

OVERLAP = 5  # raters a query
SITTING = 9  # queries a rater
DEPTH = 6
SLUG = "load"


def make_study(
    data: Path,
    raters: int,
    sitting: int = SITTING,
    *,
    frames: int = 4000,
    rate: int = 8000,
    format: str = "flac",
) -> list[str]:
    """Make a collection, two systems and an open study; return the raters' secret tokens.

    It lies in the database that SOUNDING_BOARD_DATABASE_URL names, or in the folder. Its clips are
    noise of so many frames at `rate` in Hz, and raters are sent copies of `format`.
    """
    from embeddings.collection.clips import open_collection
    from embeddings.collection.importing import import_collection
    from embeddings.collection.sources import Options
    from embeddings.search.processing import Recipe
    from embeddings.systems.rankings import build_ranking
    from embeddings.systems.store import open_embedding, write_embedding
    from evaluation.protocol.reading import parse_protocol
    from webapp import create_app
    from webapp.core import database
    from webapp.rating.people import invite
    from webapp.study import lifecycle, opening

    queries = max(sitting, raters * sitting // OVERLAP)
    source = data / "source"
    (source / "audio").mkdir(parents=True)
    rng = np.random.default_rng(1)
    rows = ["fname,labels"]
    for number in range(queries + 20):
        sound = 0.1 * rng.standard_normal(frames)
        soundfile.write(source / "audio" / f"c{number}.wav", sound, rate)
        rows.append(f"c{number},class{number % 10}")
    (source / "clips.csv").write_text("\n".join(rows) + "\n")
    import_collection(data, "load", source, "csv", options=Options(), copy=True)
    collection = open_collection(data, "load")
    systems = []
    for name in ("one", "two"):
        meta = {"provenance": "imported", "representation": name.capitalize()}
        write_embedding(collection, name, rng.normal(size=(len(rows) - 1, 8)), meta)
        recipe = Recipe(pca=None)
        ranking = build_ranking(collection, open_embedding(collection, name), recipe, "mcss")
        systems.append(ranking.system)
    protocol = parse_protocol(
        {
            "slug": SLUG,
            "title": "Load",
            "collection": "load",
            "systems": systems,
            "depth": DEPTH,
            "page": 100,
            "raters_per_query": OVERLAP,
            "sitting": sitting,
            "practice": False,
            "queries": {"clips": [f"c{number}" for number in range(queries)]},
            "controls": {"repeats": 0},
            "listening": {"sound_check": False, "level": False, "format": format},
        },
        "the benchmark's protocol",
    )
    app = create_app({"DATA": data})
    with app.app_context():
        database.prepare()
        study = opening.open_study(lifecycle.create_study(protocol))
        tokens = [rater.token for rater in invite(study, raters)]
        database.db.session.remove()
        database.db.engine.dispose()
    return tokens


def check(url: sa.URL, acknowledged_ids: Sequence[str]) -> dict[str, int]:
    """Compare the ids of grades that were acknowledged with what is stored."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        stored = [
            row[0] for row in connection.execute(sa.text("SELECT client_uuid FROM judgement"))
        ]
        given = connection.execute(sa.text("SELECT rater_id, query_id FROM assignment")).all()
        unfinished = connection.scalar(
            sa.text("SELECT count(*) FROM assignment WHERE finished_at IS NULL")
        )
        queries = connection.scalar(sa.text("SELECT count(*) FROM query"))
    engine.dispose()
    counts = Counter(query for _, query in given)
    acknowledged = Counter(acknowledged_ids)
    return {
        "grades acknowledged": len(acknowledged_ids),
        "grades stored": len(stored),
        "lost": len(set(acknowledged) - set(stored)),
        "doubled": len(stored) - len(set(stored)),
        "stored but never acknowledged": len(set(stored) - set(acknowledged)),
        "blocks unfinished": int(unfinished or 0),
        "queries given twice to a rater": len(given) - len({tuple(one) for one in given}),
        f"queries without exactly {OVERLAP} raters": sum(
            1 for count in counts.values() if count != OVERLAP
        ) + int(queries or 0) - len(counts),
    }  # fmt: skip
