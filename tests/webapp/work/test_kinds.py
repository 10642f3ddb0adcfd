"""What jobs do: the same as commands, from what a page sends."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from embeddings.collection.clips import Collection, open_collection
from embeddings.errors import InputError
from embeddings.extraction import weights
from embeddings.maps.stored_maps import open_map
from embeddings.representations import CARDS, Card
from embeddings.systems.store import embedding_names, open_embedding, system_names
from tests.support.own_representations import EXAMPLE, own_embedding
from tests.support.pages.signing import csrf
from webapp.models import Job
from webapp.work import board, uploads
from webapp.work.kinds import find_kind

Do = Callable[..., tuple[str, dict]]


@pytest.fixture
def do(app: Flask) -> Do:
    """Return what does a job of a kind here, from what a page sends."""

    def done(kind: str, **given: object) -> tuple[str, dict]:
        with app.app_context():
            found = find_kind(kind)
            arguments = json.loads(json.dumps(found.check(given)))
            return found.run(arguments)

    return done


@pytest.fixture
def other(small: Collection) -> Collection:
    """A copy of the small collection under another name."""
    folder = shutil.copytree(small.folder, small.folder.with_name("other"))
    info = json.loads((folder / "collection.json").read_text()) | {"name": "other"}
    (folder / "collection.json").write_text(json.dumps(info))
    return open_collection(small.data, "other")


def test_own_representations_are_those_that_the_command_line_knows(
    small: Collection, other: Collection, do: Do, experimenter: FlaskClient, tmp_path: Path
) -> None:
    source = Path(shutil.copy(EXAMPLE, tmp_path / "octaves.py"))
    assert "octaves" not in experimenter.get("/prepare/other").text
    own_embedding(small, source, "Octaves")
    page = experimenter.get("/prepare/other").text
    assert 'value="own:small/octaves"' in page
    message, result = do("compute", collection="other", representations=["own:small/octaves"])
    assert message == "Octaves of 18 clips."
    assert result == {"embeddings": ["octaves"]}
    vectors = [open_embedding(one, "octaves").vectors for one in (small, other)]
    assert (vectors[0] == vectors[1]).all()
    for wrong in ("own:small/none", "own:octaves.py", f"own:{source}", "own:../x/octaves"):
        with pytest.raises(InputError, match="no representation of your own"):
            do("compute", collection="other", representations=[wrong])
    source.write_text(source.read_text() + "\n# changed\n")
    with pytest.raises(InputError, match="is not what it was when it computed octaves"):
        do("compute", collection="other", representations=["own:small/octaves"])


def test_what_lacks_something_cannot_be_chosen(
    small: Collection, experimenter: FlaskClient, do: Do
) -> None:
    page = experimenter.get("/prepare/small").text
    assert 'value="VGGish"' not in page
    assert "its weights are not here" in page
    assert 'href="/weights#VGGish"' in page
    with pytest.raises(InputError, match="The weights of VGGish"):
        do("compute", collection="small", representations=["VGGish"])
    for chosen in ([], ["none"]):
        with pytest.raises(InputError):
            do("compute", collection="small", representations=chosen)


def test_a_sweep_is_chosen_from_and_built(
    good: Collection, do: Do, experimenter: FlaskClient, unstarted: list, app: Flask
) -> None:
    message, _ = do("sweep", collection="small", embeddings=["good"])
    assert message.endswith("cells of good.")
    page = experimenter.get("/prepare/small").text
    cell = page.split('name="cell" value="')[1].split('"')[0]
    form = csrf(experimenter) | {"embeddings": "good", "cell": cell}
    assert experimenter.post("/prepare/small/rank", data=form).status_code == 303
    with app.app_context():
        arguments = json.loads(board.find(1).arguments)
    _, result = do("rank", **arguments)
    assert result["systems"] == [f"good.{cell}"]
    assert system_names(good) == [f"good.{cell}"]
    assert "built already, and better" not in experimenter.get("/prepare/small?measure=mr1").text
    wrong = form | {"cell": "mean-l9.mcss"}
    assert experimenter.post("/prepare/small/rank", data=wrong).status_code == 404


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "Choose at least one embedding"),
        ({"embeddings": "none"}, "no embedding"),
        ({"embeddings": "good", "search": "best"}, "search must be one of"),
        ({"embeddings": "good", "aggregation": "median"}, "no frames to aggregate"),
        ({"embeddings": "good", "pca": "many"}, "PCA must be"),
        ({"embeddings": "good", "pca": "9" * 5000}, "PCA must be"),
    ],
)
def test_only_valid_choices_begin_a_ranking(
    good: Collection, experimenter: FlaskClient, unstarted: list, given: dict, sentence: str
) -> None:
    answer = experimenter.post("/prepare/small/rank", data=csrf(experimenter) | given)
    assert answer.status_code == 400
    assert sentence in answer.text
    assert unstarted == []


def test_what_a_card_asks_for_is_cut_to_what_a_small_collection_allows(
    good: Collection, do: Do, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command refuses it, and says what to ask for; on a page nobody should have to know."""
    _, result = do("rank", collection="small", embeddings=["good"])
    assert result["systems"] == ["good.l2-pca6.mcss"]
    assert "PCA 100 is cut to 6: the vectors are of 18 clips" in capsys.readouterr().out


def test_groups_can_be_left_out(good: Collection, do: Do) -> None:
    how = {"collection": "small", "embeddings": ["good"], "exclude_same": "group"}
    message, result = do("rank", **how, normalise="l2", pca="none", aggregation="none")
    assert message == "Good · L2 · MCSS · same group excluded."
    assert result == {"systems": ["good.l2.mcss.exclude-group"], "there": 1}
    message, _ = do("sweep", **how)
    assert message.endswith("of good.")


def test_maps_are_made(good: Collection, do: Do, experimenter: FlaskClient) -> None:
    message, _ = do("map", collection="small", embeddings=["good", "random"], method="pca")
    assert message == "PCA of good, random."
    assert open_map(good, open_embedding(good, "good"), "pca")
    assert "PCA" in experimenter.get("/prepare/small").text
    with pytest.raises(InputError, match="method must be one of"):
        do("map", collection="small", embeddings=["good"], method="spiral")


CONTENT = b"as it was published"


@pytest.fixture
def vggish(monkeypatch: pytest.MonkeyPatch) -> Card:
    """The card of VGGish, whose checkpoint has a SHA-256."""
    card = CARDS["VGGish"]
    known = replace(card.variations[0], sha256=hashlib.sha256(CONTENT).hexdigest())
    known_card = replace(card, variations=(known, *card.variations[1:]))
    monkeypatch.setitem(CARDS, "VGGish", known_card)
    return known_card


def sent(app: Flask, name: str, content: bytes) -> str:
    with app.app_context():
        upload = uploads.begin(name, len(content))
        uploads.take(upload, 0, content)
        return upload.key


def test_weights_are_those_of_a_card_or_refused(
    app: Flask, data: Path, do: Do, vggish: Card, experimenter: FlaskClient
) -> None:
    name = vggish.variations[0].file
    with pytest.raises(InputError, match=r"not what was published.*Nothing was kept"):
        do("deposit", upload=sent(app, name, b"something else"), file=name)
    assert not list((data / "weights").glob("*"))
    assert list((data / "uploads").iterdir()) == []
    with pytest.raises(InputError, match=r"evil.pb is no checkpoint of a card"):
        do("deposit", upload=sent(app, "evil.pb", CONTENT))
    with pytest.raises(InputError, match="has no SHA-256 of"):
        do("deposit", upload=sent(app, "x", CONTENT), file=CARDS["YAMNet"].variations[0].file)
    assert f'<option value="{name}"' in experimenter.get("/weights").text
    do("deposit", upload=sent(app, "renamed", CONTENT), file=name)
    assert (data / "weights" / name).read_bytes() == CONTENT
    page = experimenter.get("/weights").text
    assert f'<option value="{name}"' not in page
    assert ">here</span>" in page


def test_what_is_fetched_must_be_what_was_published(
    data: Path, do: Do, vggish: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    came = [b"something else", CONTENT]
    monkeypatch.setattr(
        weights, "_download", lambda address, partial, name: partial.write_bytes(came.pop(0))
    )
    with pytest.raises(InputError, match="not what was published"):
        do("fetch", representation="vggish")
    assert not list((data / "weights").glob("*"))
    message, _ = do("fetch", representation="vggish")
    assert message.startswith(vggish.variations[0].file)
    with pytest.raises(InputError, match="no representation"):
        do("fetch", representation="none")


def test_a_button_begins_to_fetch(
    app: Flask, experimenter: FlaskClient, unstarted: list, data: Path
) -> None:
    form = csrf(experimenter) | {"representation": "VGGish", "variation": ""}
    assert experimenter.post("/weights/fetch", data=form).status_code == 303
    with app.app_context():
        job: Job = board.find(1)
        assert (job.kind, job.place) == ("fetch", "weights")
    wrong = form | {"representation": "none"}
    assert experimenter.post("/weights/fetch", data=wrong).status_code == 400


def test_embeddings_are_listed_with_what_is_made_of_them(
    good: Collection, experimenter: FlaskClient
) -> None:
    page = experimenter.get("/prepare/small").text
    for name in embedding_names(good):
        assert f'name="embeddings" value="{name}"' in page
    assert experimenter.get("/prepare/none").status_code == 404
