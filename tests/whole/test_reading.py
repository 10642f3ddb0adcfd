"""Whoever looks at a study changes nothing of it, and what it has lost is said."""

from pathlib import Path

import pytest

from tests.support.instance import INSTANCES, Instance, open_instance
from webapp.results.cache import forget


@pytest.fixture(params=INSTANCES, ids=lambda path: path.name)
def instance(request: pytest.FixtureRequest, tmp_path: Path) -> Instance:
    """An instance of the test's own."""
    forget()
    return open_instance(request.param, tmp_path)


def stored_files(instance: Instance) -> dict[Path, tuple[int, bytes]]:
    """Return every file of the studies' folders: when it was changed, and what is in it."""
    folder = instance.app.config["DATA"] / "studies"
    return {
        path: (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*") if path.is_file()
    }  # fmt: skip


def read_all(instance: Instance, slug: str) -> dict[str, int]:
    """Get all that there is to read of a study; return the status of each address."""
    client, routes = instance.signed_in(), instance.app.url_map
    addresses = [
        routes.bind("localhost").build(rule.endpoint, {"slug": slug})
        for rule in routes.iter_rules()
        if "GET" in rule.methods and rule.arguments == {"slug"}
        and rule.endpoint.partition(".")[0] in ("manage", "results")
    ]  # fmt: skip
    return {address: client.get(address, buffered=True).status_code for address in addresses}


def test_reading_writes_nothing_into_a_study(instance: Instance) -> None:
    before = stored_files(instance)
    assert len(before) > 20
    for slug in ("graded", "graded-2", "preferred", "listed", "made-up", "running"):
        answers = read_all(instance, slug)
        assert len(answers) >= 12
        assert set(answers.values()) <= {200, 302, 400, 404}, answers
        assert answers[f"/studies/{slug}/bundle.zip"] == 200
    assert stored_files(instance) == before


@pytest.mark.parametrize("lost", ["clips.csv", "objective.csv", "systems.json"])
def test_what_a_study_has_lost_is_said_and_not_made_anew(instance: Instance, lost: str) -> None:
    folder = instance.app.config["DATA"] / "studies" / "graded"
    (folder / lost).unlink()
    answer = instance.signed_in().get("/studies/graded/results.json")
    assert answer.status_code == 400
    assert f"has lost {lost}" in answer.text
    done = instance.app.test_cli_runner().invoke(args=["studies", "export", "graded"])
    assert done.exit_code == 1
    assert f"has lost {lost}" in done.output
    assert not (folder / lost).exists()
