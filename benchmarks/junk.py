"""What a post of junk costs after thousands of page loads: what no rater should notice.

Run it from the project's folder::

    python -m benchmarks.junk               # 10,000 page loads
    python -m benchmarks.junk --loads 1000

One rater's page is loaded so many times by browsers without a cookie; then names of sounds that
nobody gave out are posted, those of today's shape and those of 0.1.0's, of which a rater with as
many stored sittings is the worst. Times are of the app itself, without a network or a server: those
of the processor, which are the same on a machine that has more to do, and those of the clock.
"""

import argparse
import re
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import numpy as np
import sqlalchemy as sa
from flask.testing import FlaskClient

from benchmarks.rating_study import SLUG, make_study
from webapp import create_app
from webapp.core.database import db, now
from webapp.models import Rater, Sitting

POSTS = 300
SETTINGS = {"requests_per_rater": 0, "requests_per_address": 0}


def posts(client: FlaskClient, path: str, name: str) -> np.ndarray:
    """Post junk under a name of a sound; return each one's milliseconds of processor and clock."""
    page = client.get(path).text
    headers = {"X-CSRFToken": re.search(r'name="csrf-token" content="([^"]+)"', page)[1]}
    taken = []
    for _ in range(POSTS):
        body = {"sound": name, "grade": 60, "uuid": str(uuid4()), "heard": 1.0,
                "given_at": datetime.now(UTC).isoformat(), "listened_seconds": 0.4}  # fmt: skip
        began = time.process_time(), time.perf_counter()
        answer = client.post(f"{path}/grades", json=body, headers=headers)
        ended = time.process_time(), time.perf_counter()
        taken.append([1000 * (b - a) for a, b in zip(began, ended, strict=True)])
        assert answer.status_code == 404, answer.text
    return np.array(taken)


def show(what: str, taken: np.ndarray) -> None:
    """Print how long posts took."""
    for kind, column in zip(("processor", "clock"), taken.T, strict=True):
        middle, late = np.percentile(column, [50, 99])
        print(f"{what:48} {kind:10} median {middle:5.2f} ms, 99 % under {late:5.2f} ms")


def main() -> None:
    """Load, post, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--loads", type=int, default=10_000)
    loads = parser.parse_args().loads
    with tempfile.TemporaryDirectory(prefix="sounding-board-") as folder:
        data = Path(folder)
        link = make_study(data, 5)[0]
        app = create_app({"TESTING": True, "DATA": data})
        app.config["SETTINGS"] |= SETTINGS
        path, client = f"/rate/{SLUG}/{link}", app.test_client()
        show("before any page load", posts(client, path, "0" * 98))
        began = time.perf_counter()
        for _ in range(loads):
            assert app.test_client().get(path).status_code == 200
        print(f"{loads} page loads in {time.perf_counter() - began:.0f} s")
        show("after them", posts(client, path, "0" * 98))
        with app.app_context():
            rater = db.session.scalar(sa.select(Rater.id).where(Rater.token == link))
            db.session.execute(
                sa.insert(Sitting), [{"rater_id": rater, "started_at": now()}] * loads
            )
            db.session.commit()
        show(f"0.1.0's shape, after {loads} sittings of 0.1.0", posts(client, path, "0" * 50))


if __name__ == "__main__":
    main()
