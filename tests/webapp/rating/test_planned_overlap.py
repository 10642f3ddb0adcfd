"""Each query gets as many raters as were planned, however unevenly they come on."""

import random
from collections import Counter
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from benchmarks.rating_study import OVERLAP, make_study
from webapp import create_app
from webapp.core.database import db, now
from webapp.models import Assignment, Slot, Study
from webapp.rating import assigning

RATERS, SITTING = 10, 3
PACES = (1, 1, 1, 3, 10)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Study]:
    """A study whose raters' sittings are just enough for its queries."""
    data = tmp_path_factory.mktemp("planned")
    make_study(data, RATERS, SITTING)
    with create_app({"DATA": data, "TESTING": True}).app_context():
        yield db.session.scalars(sa.select(Study)).one()


@pytest.mark.parametrize("seed", range(16))
def test_nobody_is_left_with_queries_they_had(
    people: Study, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for table in (Slot, Assignment):
        db.session.execute(sa.delete(table))
    db.session.commit()
    rng, raters = random.Random(seed), list(people.raters)
    monkeypatch.setattr(assigning.secrets, "choice", rng.choice)
    paces = {rater.id: rng.choice(PACES) for rater in raters}
    while raters:
        rater = rng.choices(raters, [paces[one.id] for one in raters])[0]
        db.session.expire_all()
        given = assigning.next_assignment(rater)
        if given is None:
            raters.remove(rater)
            continue
        given.finished_at = now()
        db.session.commit()
    counts = Counter(db.session.scalars(sa.select(Assignment.query_id)))
    assert list(counts.values()) == [OVERLAP] * (RATERS * SITTING // OVERLAP)
