"""The demo as the first start makes it: what is simulated in it, and what takes its place."""

import re
import shutil
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from statistics import mean
from typing import Any

import pytest
from flask.testing import FlaskCliRunner

from embeddings.collection.clips import Collection, open_collection
from embeddings.extraction.extract import Task, plan_own
from embeddings.files import read_json, write_json
from embeddings.representations import FOURTEEN, Card
from embeddings.simulation import demo_collection
from embeddings.simulation.made_embeddings import simulated_name
from embeddings.systems.store import embedding_names, open_embedding, open_ranking, system_names
from evaluation.analysis.graded import Analysis
from evaluation.objective.published import convention, published
from evaluation.objective.scoring import read_objective
from tests.support.places import ROOT, flask
from tests.support.ports import Port
from webapp import create_app
from webapp.demo.demo import RESULTS, SLUG, make_demo
from webapp.signin.links import new_token
from webapp.study.lifecycle import find_study, study_using
from webapp.tables.study_tables import study_tables

NEAR = 0.03
COMPUTED = "freesound.minmax-pca100.nns"
FLOOR = "random.l2.mcss"
EXAMPLE = str(ROOT / "docs" / "examples" / "octave_energies.py")


@pytest.fixture(scope="module")
def made(first_start: tuple[Path, str]) -> Collection:
    """The demo's collection, not to be changed."""
    return open_collection(first_start[0], demo_collection.NAME)


@pytest.fixture(scope="module")
def measured(made: Collection) -> dict[str, dict[str, float]]:
    """Each representation's family MAP@15 as it is stored of its simulated system."""
    result = {}
    for name, card in FOURTEEN.items():
        facts = read_objective(made, system_of(made, card))
        assert facts is not None
        families = facts["conventions"][convention()]["families"]
        result[name] = {family: row["map@15"] for family, row in families.items()}
    return result


@pytest.fixture
def own(first_start: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy of the data folder, to be changed."""
    return shutil.copytree(first_start[0], tmp_path / "own")


@pytest.fixture
def commands(own: Path) -> FlaskCliRunner:
    """Runs commands on the copy."""
    return create_app({"TESTING": True, "DATA": own}).test_cli_runner()


@pytest.fixture
def setup() -> Iterator[list[str]]:
    """The command that `make run` calls first, at a port that is free."""
    with Port() as port:
        yield ["setup", "--port", str(port.number)]


@pytest.fixture
def computable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every representation be computed, by a few numbers a clip, without its weights."""

    def planned(data: Path, card: Card, *_: Any, **__: Any) -> Task:
        task = plan_own(EXAMPLE, "Octaves")
        return Task(card.name, card.embedding, task.dim, task.embedder, {})

    monkeypatch.setattr("webapp.cli.embeddings.plan", planned)


def system_of(collection: Collection, card: Card) -> str:
    """Return the only system of a representation's simulated embedding."""
    prefix = f"{simulated_name(card)}."
    (system,) = [name for name in system_names(collection) if name.startswith(prefix)]
    return system


def tau(one: list[float], other: list[float]) -> float:
    """Return Kendall's tau of two rows of numbers, by counting pairs; a tie counts as a swap."""
    pairs = list(combinations(range(len(one)), 2))
    same = sum((one[a] - one[b]) * (other[a] - other[b]) > 0 for a, b in pairs)
    return 2 * same / len(pairs) - 1


def test_it_is_made_once_and_is_complete(first_start: tuple[Path, str], made: Collection) -> None:
    """`flask setup` twice, as `make run` calls it: nothing is missing or made again."""
    _, said = first_start
    assert "Making the demo" in said
    (served,) = set(re.findall(r"http://[^/]+", said))
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", served)
    assert f"{served}/signin/" in said
    assert f"{served}/rate/demo/" in said
    names = system_names(made)
    assert set(names) == {COMPUTED, FLOOR, *(system_of(made, card) for card in FOURTEEN.values())}
    assert [name for name in names if open_ranking(made, name).provenance == "computed"] == [
        COMPUTED
    ]
    assert all(read_objective(made, name) for name in names)
    assert len(list((made.folder / "audio").glob("*.flac"))) == 248


def test_again_changes_nothing(own: Path, setup: list[str]) -> None:
    def stamps() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in own.glob("collections/**/*")}

    before = stamps()
    assert len(before) > 300
    assert "demo" not in flask(own, *setup).partition("sign in")[0].lower()
    assert flask(own, "demo") == "The demo is ready.\n"
    assert stamps() == before


@pytest.mark.parametrize("name", FOURTEEN)
def test_every_family_scores_near_the_published_value(
    name: str, measured: dict[str, dict[str, float]]
) -> None:
    wanted = published()[name]
    assert measured[name] == pytest.approx(wanted.families, abs=NEAR)
    assert mean(measured[name].values()) == pytest.approx(mean(wanted.families.values()), abs=NEAR)


def test_the_order_of_the_fourteen_is_kept(measured: dict[str, dict[str, float]]) -> None:
    wanted = [mean(figure.families.values()) for figure in published().values()]
    assert tau(wanted, [mean(measured[name].values()) for name in published()]) >= 0.95
    for family in next(iter(published().values())).families:
        wanted = [figure.families[family] for figure in published().values()]
        found = [measured[name][family] for name in published()]
        assert tau(wanted, found) >= 0.95


def test_what_they_say_they_reached_is_what_the_pipeline_measures(
    made: Collection, measured: dict[str, dict[str, float]]
) -> None:
    for name, card in FOURTEEN.items():
        meta = open_embedding(made, simulated_name(card)).meta
        assert meta["provenance"] == "simulated"
        assert meta["title"] == f"{name} (simulated)"
        assert measured[name] == pytest.approx(meta["simulation"]["reached"], abs=1e-4)


def test_the_computed_freesound_stands_apart(made: Collection) -> None:
    meta = open_embedding(made, "freesound").meta
    assert (meta["provenance"], meta["representation"]) == ("computed", "Freesound")
    ranking = open_ranking(made, COMPUTED)
    assert (ranking.provenance, "simulated" in ranking.title) == ("computed", False)
    heard, floor = (read_objective(made, name) for name in (COMPUTED, FLOOR))
    assert heard is not None
    assert floor is not None
    assert heard["conventions"]["corrected"]["macro"]["map@15"] > 0.5
    assert floor["conventions"]["corrected"]["macro"]["map@15"] < 0.05


def test_the_first_line_says_what_is_simulated(made: Collection) -> None:
    assert made.convention == convention()
    first = made.info["description"].partition(". ")[0]
    for part in ("“(simulated)” have made vectors", "know nothing of these sounds", "Freesound"):
        assert part in first


def test_the_study_compares_what_heard_what_did_not_and_the_floor(
    first_start: tuple[Path, str],
) -> None:
    with create_app({"DATA": first_start[0]}).app_context():
        study = find_study(SLUG)
        assert study.state == "open"
        assert {system.ranking: system.provenance for system in study.systems} == {
            COMPUTED: "computed",
            "simulated-laion-clap.l2-pca100.mcss": "simulated",
            "simulated-vggish.l2-pca100.mcss": "simulated",
            FLOOR: "simulated",
        }


def test_the_other_study_shows_results_and_says_that_nobody_judged(
    first_start: tuple[Path, str],
) -> None:
    with create_app({"DATA": first_start[0]}).app_context():
        assert study_using(demo_collection.NAME, "simulated-beats.l2-pca100.mcss") is None
        study = find_study(RESULTS)
        assert (study.state, study.simulated, study.title.split(":")[0]) == (
            "closed", True, "Simulated",
        )  # fmt: skip
        assert [one.provenance for one in study.systems] == ["simulated"] * 14
        assert {rater.pseudonym for rater in study.raters} == {
            f"simulated-00{number}" for number in range(1, 9)
        }
        told = study_tables(study)
        found = Analysis(told, screened=True)
        assert told.simulated
        assert len(found.ratings.raters) == 7  # one did not listen
        assert found.ranks.p < 0.01
        assert found.orders["collection", "ap15"].tau > 0.5


def test_whoever_removed_the_demo_does_not_get_it_again(
    own: Path, commands: FlaskCliRunner, setup: list[str]
) -> None:
    write_json(own / "demo.json", {"made_at": "2026-01-01T00:00:00+00:00"})
    shutil.rmtree(own / "collections" / demo_collection.NAME)
    said = commands.invoke(args=setup)
    assert said.exit_code == 0
    assert "Making the demo" not in said.output
    assert not (own / "collections" / demo_collection.NAME).exists()


@pytest.mark.usefixtures("computable")
def test_what_is_computed_takes_the_place_of_what_was_simulated(
    own: Path, commands: FlaskCliRunner
) -> None:
    """But for what a study uses, and Freesound, which the demo shows both ways."""
    names = ("BEATs", "VGGish", "Freesound")
    done = commands.invoke(args=["embeddings", "extract", "demo", *names, "--workers", "1"])
    assert done.exit_code == 0, done.output
    gone = "removed: simulated-beats, simulated-beats.l2-pca100.mcss."
    assert f"beats replaces what was simulated; {gone}" in done.output
    assert "flask rankings build demo beats && flask evaluate demo" in done.output
    assert "simulated-vggish stays beside vggish: the study 'demo' uses" in done.output
    assert "simulated-freesound" not in done.output
    collection = open_collection(own, demo_collection.NAME)
    left = {simulated_name(card) for card in FOURTEEN.values()} - {"simulated-beats"}
    assert set(embedding_names(collection)) == left | {"beats", "vggish", "freesound", "random"}
    assert [name for name in system_names(collection) if "beats" in name] == []
    with create_app({"DATA": own}).app_context():
        make_demo()  # and it does not come back
    assert "simulated-beats" not in embedding_names(open_collection(own, demo_collection.NAME))


@pytest.mark.usefixtures("computable")
def test_a_replacement_that_was_stopped_is_finished_by_the_same_command(
    own: Path, commands: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: Any) -> None:
        raise KeyboardInterrupt

    extract = ["embeddings", "extract", "demo", "BEATs", "--workers", "1"]
    with monkeypatch.context() as patched:
        patched.setattr("webapp.demo.demo.remove_embedding", stopped)
        assert commands.invoke(args=extract).exit_code == 130
    said = commands.invoke(args=extract).output
    assert "was there already" in said
    assert "beats replaces what was simulated; removed: simulated-beats." in said
    assert "simulated-beats" not in embedding_names(open_collection(own, demo_collection.NAME))


def test_somebody_elses_collection_of_that_name_is_left_alone(
    data: Path, runner: FlaskCliRunner, setup: list[str]
) -> None:
    folder = shutil.copytree(
        data / "collections" / "small", data / "collections" / demo_collection.NAME
    )
    info = read_json(folder / "collection.json")
    write_json(folder / "collection.json", info | {"name": demo_collection.NAME})
    said = runner.invoke(args=["demo"])
    assert said.exit_code == 1
    assert "The collection 'demo' is not the demo's; the demo needs that name." in said.output
    write_json(data / "demo.json", {"made_at": "2026-01-01T00:00:00+00:00"})
    said = runner.invoke(args=setup)
    assert said.exit_code == 0, said.output
    assert embedding_names(open_collection(data, demo_collection.NAME)) == []


def test_simulated_judgements_are_marked_wherever_they_are_counted(own: Path) -> None:
    app = create_app({"TESTING": True, "DATA": own})
    with app.app_context():
        token = new_token()
    client = app.test_client()
    client.get(f"/signin/{token}")
    for address in ("/", "/studies"):
        rows = re.findall(r"<tr>.*?</tr>", client.get(address).text, re.DOTALL)
        marked = {("provenance-simulated" in row) for row in rows if f"/studies/{RESULTS}" in row}
        plain = {("provenance-simulated" in row) for row in rows if f'/studies/{SLUG}"' in row}
        assert (marked, plain) == ({True}, {False}), address
