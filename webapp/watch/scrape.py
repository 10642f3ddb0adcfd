"""Numbers that are looked up when somebody asks for them: of the disk, and of open studies."""

from collections.abc import Iterator

import sqlalchemy as sa
from flask import current_app
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from embeddings import __version__
from webapp.core.database import db, is_ready
from webapp.core.health import readiness
from webapp.models import Assignment, Query, Rater, Study

_NAME = "sounding_board"


class _Looked(Collector):
    """Looks things up, in this process, for all of the server's."""

    def collect(self) -> Iterator[Metric]:
        """Yield the numbers; those of studies only where the database answers."""
        app = current_app._get_current_object()  # type: ignore[attr-defined]
        yield _one("info", "The version that serves.", {"version": __version__}, 1)
        yield _one(
            "disk_free_bytes", "Free bytes at the data folder.", {}, readiness.free_bytes(app)
        )
        ready = GaugeMetricFamily(
            f"{_NAME}_ready", "Whether a check of /readyz passes.", labels=["check"]
        )
        checks = readiness.checks(app)
        for check in checks:
            ready.add_metric([check.name], check.ok)
        yield ready
        if all(check.ok for check in checks[:2]) and is_ready():
            yield _blocks()

    def describe(self) -> list[Metric]:
        """Return nothing: what there is, is known when it is looked up."""
        return []


def collected() -> CollectorRegistry:
    """Return what these numbers are collected from."""
    found = CollectorRegistry()
    found.register(_Looked())
    return found


def _one(name: str, help: str, labels: dict[str, str], value: float) -> Metric:
    metric = GaugeMetricFamily(f"{_NAME}_{name}", help, labels=list(labels))
    metric.add_metric(list(labels.values()), value)
    return metric


def _blocks() -> Metric:
    """Return how many blocks of each open study are done, and how many are being judged."""
    done = Assignment.finished_at.is_not(None)
    rows = db.session.execute(
        sa.select(Study.slug, done, sa.func.count(Assignment.id))
        .join(Assignment.rater)
        .join(Rater.study)
        .join(Assignment.query)
        .where(Study.state == "open", Query.practice.is_(False))
        .group_by(Study.slug, done)
    ).all()
    db.session.rollback()
    metric = GaugeMetricFamily(
        f"{_NAME}_blocks",
        "Blocks of open studies that raters were given.",
        labels=["study", "state"],
    )
    for slug, finished, count in rows:
        metric.add_metric([slug, "done" if finished else "begun"], count)
    return metric
