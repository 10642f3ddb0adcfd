"""A data folder may be called anything: its database lies in it, and all that is done works."""

import shutil
import sqlite3
from pathlib import Path
from zipfile import ZipFile

import pytest
from click import ClickException
from flask import Flask

from tests.support.places import BASE
from tests.support.studies.rater import PROTOCOL, Page
from tests.support.waiting import wait_for
from webapp import create_app
from webapp.core import database
from webapp.core.config import DATABASE
from webapp.core.jobs import opening, start_opening

NAMES = (
    "inst?x", "inst?y", "inst?uri=true&mode=memory", "100%41 50%", "inst#x",
    " ü 犬 👩\u200d🚀 \u3000", "u\u0308 ",
    "q'uo\"te \\ [a]*{b}$c;d", ":memory:", "file:x", "~", "a+b@c:d",
)  # fmt: skip
WALKED = ("inst?x %41 #ü", "100% 犬 q'uo\"te", "back\\slash [a]*&=;")


def made(imported: Path, ranked_made: Path, folder: Path) -> Flask:
    """Return the app on a data folder of this name, with the small collection and its systems."""
    shutil.copytree(imported, folder)
    for part in ("embeddings", "rankings"):
        shutil.copytree(ranked_made / part, folder / "collections" / "small" / part)
    return create_app({"TESTING": True, "DATA": folder})


def test_each_folder_has_a_database_of_its_own(tmp_path: Path) -> None:
    for name in NAMES:
        app = create_app({"TESTING": True, "DATA": tmp_path / name})
        with app.app_context():
            engine = database.db.engine
            with engine.begin() as connection:
                connection.exec_driver_sql("CREATE TABLE mine (name TEXT)")
                connection.exec_driver_sql("INSERT INTO mine VALUES (?)", (name,))
            engine.dispose()
    assert {path.name for path in tmp_path.iterdir()} == set(NAMES)
    for name in NAMES:
        with sqlite3.connect(tmp_path / name / DATABASE) as own:
            assert own.execute("SELECT name FROM mine").fetchall() == [(name,)]
        own.close()


@pytest.mark.parametrize("name", WALKED)
def test_a_rater_judges_and_the_study_leaves(
    imported: Path, ranked_made: Path, tmp_path: Path, name: str
) -> None:
    place, bundle = tmp_path / "place", tmp_path / "which.zip"
    app = made(imported, ranked_made, place / name)
    (tmp_path / "which.toml").write_text(PROTOCOL)
    runner, said = app.test_cli_runner(), ""
    for command in (
        ["create", str(tmp_path / "which.toml")], ["open", "which"], ["invite", "which"],
    ):  # fmt: skip
        result = runner.invoke(args=["studies", *command])
        assert result.exit_code == 0, result.output
        said = result.output
    page = Page(app.test_client(), said.split()[1].removeprefix(BASE))
    with page.client.get(page.sounds[0]) as sound:
        assert sound.status_code == 200
        assert len(sound.data) > 1000
    page.grade_all()
    result = runner.invoke(args=["studies", "export", "which", "-o", str(bundle)])
    assert result.exit_code == 0, result.output
    with ZipFile(bundle) as zipped:
        assert zipped.read("judgements.csv").count(b"\n") == 1 + len(page.candidates)
    served, copy = sqlite3.connect(place / name / DATABASE), sqlite3.connect(tmp_path / "copy")
    served.backup(copy)
    found = copy.execute("SELECT count(*) FROM judgement").fetchone()[0]  # with those of practice
    assert found >= len(page.candidates)
    served.close()
    copy.close()
    assert [path.name for path in place.iterdir()] == [name]


def test_a_process_of_its_own_finds_the_folder(
    imported: Path, ranked_made: Path, tmp_path: Path
) -> None:
    place = tmp_path / "place"
    app = made(imported, ranked_made, place / WALKED[0])
    (tmp_path / "which.toml").write_text(PROTOCOL)
    created = app.test_cli_runner().invoke(args=["studies", "create", str(tmp_path / "which.toml")])
    assert created.exit_code == 0, created.output
    with app.app_context():
        start_opening("which", "somebody")
        wait_for(lambda: not opening("which").running)
    with sqlite3.connect(place / WALKED[0] / DATABASE) as own:
        assert own.execute("SELECT state FROM study").fetchall() == [("open",)]
    own.close()
    assert [path.name for path in place.iterdir()] == [WALKED[0]]


def test_tables_are_made_where_the_code_lies_in_a_folder_with_a_percent_sign(
    tmp_path: Path,
) -> None:
    app = create_app({"TESTING": True, "DATA": tmp_path / "data %s"})
    copy = tmp_path / "100%(here)s" / "webapp"
    shutil.copytree(Path(app.root_path) / "migrations", copy / "migrations")
    app.root_path = str(copy)
    database.prepare(app)
    with sqlite3.connect(tmp_path / "data %s" / DATABASE) as own:
        assert own.execute("SELECT count(*) FROM study").fetchall() == [(0,)]
    own.close()


@pytest.mark.parametrize(("name", "wrong"), [("inst?x", "inst"), ("i%41", f"iA/{DATABASE}")])
def test_a_database_that_lies_elsewhere_is_not_forgotten(
    tmp_path: Path, name: str, wrong: str
) -> None:
    """0.1.0 kept it there; a folder that is new is served, whatever lies beside it."""
    data, other = tmp_path / name, tmp_path / wrong
    other.parent.mkdir(exist_ok=True)
    with sqlite3.connect(other) as stored:
        stored.execute("CREATE TABLE study (name TEXT)")
    stored.close()
    data.mkdir()
    (data / "secret_key").write_text("x" * 64)
    for _ in range(2):
        with pytest.raises(ClickException, match=r"The database of .* is not in it but at"):
            create_app({"TESTING": True, "DATA": data})
    shutil.move(other, data / DATABASE)
    app = create_app({"TESTING": True, "DATA": data})
    with app.app_context(), database.db.engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM study").scalar() == 0
    other.write_bytes(b"another folder's")
    create_app({"TESTING": True, "DATA": data})
    create_app({"TESTING": True, "DATA": tmp_path / name.replace("i", "j")})
