"""Maps by the command, and on their page."""

import csv
import io
import re

import numpy as np
import pytest
from flask.testing import FlaskClient, FlaskCliRunner

from embeddings.collection.clips import Collection
from embeddings.files import write_json
from embeddings.maps import layouts, stored_maps
from embeddings.maps.stored_maps import make_map, open_map
from embeddings.search.processing import aggregate
from embeddings.systems.store import Ranking, open_embedding, write_embedding
from tests.support.pages.mapped import embed
from webapp.core.clip_facts import families_of
from webapp.core.figure_pages import MAP_POLICY
from webapp.maps import views as page_of_maps


def test_the_command_maps_and_says_how(runner: FlaskCliRunner, small: Collection) -> None:
    embedding = embed(small)
    command = ["embeddings", "map", "small"]
    done = runner.invoke(args=[*command, "MADE", "--seed", "4", "--perplexity", "5"])
    assert done.exit_code == 0, done.output
    said = r"made: t-SNE of 18 clips, cosine, perplexity 5, seed 4, computed vectors; [\d.]+ s\.\n"
    assert re.fullmatch(said, done.stdout)
    stored = open_map(small, embedding, "tsne")
    assert stored is not None
    assert stored.meta["parameters"] == {"perplexity": 5}
    done = runner.invoke(args=[*command, "made", "--method", "pca"])
    assert re.match(r"made: PCA of 18 clips, [\d.]+% of the variance, computed", done.stdout)
    for wrong, sentence in (
        (["nobody"], "has no embedding 'nobody'"),
        ([], "Name the embeddings to map, or give --all."),
        (["made", "--min-dist", "0.2"], "t-SNE has no parameter min_dist"),
    ):
        done = runner.invoke(args=[*command, *wrong])
        assert done.exit_code == 1
        assert sentence in done.output


def test_of_all_what_cannot_be_mapped_is_left_out(
    runner: FlaskCliRunner, small: Collection, ranked: list[Ranking]
) -> None:
    meta = {"provenance": "imported", "representation": "One"}
    write_embedding(small, "one", np.arange(1.0, 19)[:, None], meta)
    done = runner.invoke(args=["embeddings", "map", "small", "--all", "--method", "pca"])
    assert done.exit_code == 0, done.output
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["good", "random"]
    assert "left out: A map needs at least 4 clips with vectors of at least 2" in done.stderr


def test_the_page_shows_a_map_with_its_provenance(
    experimenter: FlaskClient, small: Collection, ranked: list[Ranking]
) -> None:
    answer = experimenter.get("/browse/small/map")
    assert answer.headers["Content-Security-Policy"] == MAP_POLICY
    page = answer.text
    assert page.count("<figure") == 1
    assert 'data-title="Good · PCA"' in page
    assert 'class="provenance provenance-imported"' in page
    assert "as the search of Good compares them (L2, PCA 6, L2; MCSS)" in page
    shares = open_map(small, open_embedding(small, "good"), "pca").meta["explained_variance"]
    assert f"with {100 * shares[0]:.1f} % and {100 * shares[1]:.1f} % of their variance" in page
    assert "Simulated: these vectors know nothing" not in page


def test_the_commands_for_more_maps_work_as_they_stand(
    experimenter: FlaskClient, runner: FlaskCliRunner, small: Collection, ranked: list[Ranking]
) -> None:
    page = experimenter.get("/browse/small/map").text
    commands = re.findall(r"flask (embeddings map small --all(?: --method \w+)?)", page)
    assert commands == ["embeddings map small --all", "embeddings map small --all --method umap"]
    assert runner.invoke(args=commands[0].split()).exit_code == 0
    for name in ("good", "random"):
        assert open_map(small, open_embedding(small, name), "tsne") is not None
    assert commands[1].split()[-1] in layouts.METHODS


def test_two_maps_keep_their_labels(
    experimenter: FlaskClient, small: Collection, ranked: list[Ranking]
) -> None:
    make_map(small, open_embedding(small, "random"), "tsne")
    page = experimenter.get("/browse/small/map?map=good.pca&map=random.tsne").text
    first, second = page.split("<figure")[1:]
    assert 'class="provenance provenance-imported"' in first
    assert "Simulated:" not in first
    assert 'class="provenance provenance-simulated"' in second
    assert "Simulated: these vectors know nothing of the sounds" in second
    assert "t-SNE: perplexity 5.66667, cosine distance, seed 1." in second
    assert '<option value="random.tsne" selected>' in page
    assert page.count("<figure") == 2
    assert (
        experimenter.get("/browse/small/map?map=good.pca&map=good.pca").text.count("<figure") == 1
    )
    assert experimenter.get("/browse/small/map?map=good.pca&map=").text.count("<figure") == 1


def test_the_csv_has_what_is_drawn(
    experimenter: FlaskClient, small: Collection, ranked: list[Ranking]
) -> None:
    embedding = embed(small, failed={"hum-1": "silent"}, provenance="simulated")
    make_map(small, embedding, "tsne", seed=9)
    sent = np.frombuffer(experimenter.get("/browse/small/map/points/made/tsne").data, dtype="<f4")
    points = sent.reshape(-1, 2)
    answer = experimenter.get("/browse/small/map/points/made/tsne.csv")
    assert 'filename="map-small-made-tsne.csv"' in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert list(rows[0]) == [
        "clip", "x", "y", "family", "labels", "embedding", "method", "seed", "provenance",
    ]  # fmt: skip
    assert [row["clip"] for row in rows] == [clip.id for clip in small.clips if clip.id != "hum-1"]
    for row in rows:
        drawn = points[small.index[row["clip"]]]
        assert np.float32(row["x"]) == drawn[0]
        assert np.float32(row["y"]) == drawn[1]
        assert row["labels"] == ",".join(small.clip(row["clip"]).labels)
        assert row["family"] == ("Nature" if row["clip"].startswith("hiss") else "Things")
        assert [row["embedding"], row["method"], row["seed"]] == ["made", "tsne", "9"]
        assert row["provenance"] == "simulated"
    assert np.isnan(points[small.index["hum-1"]]).all()


def test_clips_are_told_once(
    experimenter: FlaskClient, small: Collection, ranked: list[Ranking]
) -> None:
    answer = experimenter.get("/browse/small/map/clips.json")
    facts = answer.get_json()
    assert facts["ids"] == [clip.id for clip in small.clips]
    assert facts["titles"] == [clip.title for clip in small.clips]
    for clip, labels, family in zip(small.clips, facts["labels"], facts["family"], strict=True):
        assert tuple(facts["classes"][label] for label in labels) == clip.labels
        assert facts["families"][family] == small.family_of[clip.labels[0]]
    again = experimenter.get(
        "/browse/small/map/clips.json", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert again.status_code == 304


def test_a_clip_may_have_no_family_or_several(small: Collection) -> None:
    small.families = {"Loud": ("Hum",), "Soft": ("Machine",)}
    small.__dict__.pop("family_of", None)
    of = {clip.id: families_of(small, clip) for clip in small.clips}
    assert of["hum-0"] == ("Loud", "Soft")
    assert of["beep-0"] == ("Soft",)
    assert of["hiss-0"] == ()


def test_list_items_have_players_and_labels(
    experimenter: FlaskClient, small: Collection, ranked: list[Ranking]
) -> None:
    text = experimenter.get("/browse/small/map/clips?row=4&row=0").text
    ids = [small.clips[4].id, small.clips[0].id]
    assert re.findall(r'class="clip-id"[^>]*>([^<]+)<', text) == ids
    assert text.count("<sound-player") == 2
    assert f"query={ids[0]}" in text
    assert 'data-row="4"' in text
    for query in ("", "row=18", "row=-1", "row=x", "&".join(["row=1"] * 51)):
        assert experimenter.get(f"/browse/small/map/clips?{query}").status_code == 404


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("map=nobody.pca", "has no embedding &#39;nobody&#39; to map; it has: good, random."),
        ("map=good.som", "The map&#39;s method must be one of pca, umap, tsne, not &#39;som&#39;."),
        ("map=good.umap", "flask embeddings map small good --method umap"),
        ("colour=taste", "The colour must be by family or class, not &#39;taste&#39;."),
        ("colour=class&class=Quack", "has no class &#39;Quack&#39;"),
    ],
)
def test_what_is_not_there_is_said(
    experimenter: FlaskClient, ranked: list[Ranking], query: str, sentence: str
) -> None:
    answer = experimenter.get(f"/browse/small/map?{query}")
    assert answer.status_code == 400
    assert sentence in answer.text


def test_the_address_holds_the_colours(
    experimenter: FlaskClient, ranked: list[Ranking], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = experimenter.get("/browse/small/map?colour=class&class=Hum&class=Beep&hide=Hum").text
    assert 'name="colour" value="class" checked' in page
    assert 'data-classes="[&#34;Hum&#34;, &#34;Beep&#34;]"' in page
    assert re.findall(r'name="class" value="(\w+)" checked', page) == ["Beep", "Hum"]
    assert '<input type="hidden" name="hide" value="Hum">' in page
    monkeypatch.setattr(page_of_maps, "MOST_CLASSES", 1)
    answer = experimenter.get("/browse/small/map?colour=class&class=Hum&class=Beep")
    assert "At most 1 classes have a colour, not 2." in answer.text


def test_without_families_the_largest_classes_are_coloured(
    experimenter: FlaskClient, small: Collection, ranked: list[Ranking]
) -> None:
    write_json(small.folder / "families.json", {})
    (small.folder / "collection.json").touch()
    page = experimenter.get("/browse/small/map").text
    assert 'value="family"' not in page
    assert re.findall(r'name="class" value="(\w+)" checked', page) == ["Beep", "Hiss", "Hum"]


def test_a_large_embedding_is_not_mapped_while_a_page_waits(
    experimenter: FlaskClient, small: Collection, ranked: list[Ranking],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(stored_maps, "LIGHT", 50)
    answer = experimenter.get("/browse/small/map?map=good.pca")
    assert answer.status_code == 400
    assert "flask embeddings map small good --method pca" in answer.text
    make_map(small, open_embedding(small, "good"))
    assert experimenter.get("/browse/small/map?map=good.pca").status_code == 200
    assert "random.pca" not in experimenter.get("/browse/small/map").text


def test_nothing_to_map_is_said(experimenter: FlaskClient, small: Collection) -> None:
    page = experimenter.get("/browse/small/map").text
    assert "There is nothing to map yet: compute a representation first." in page


def test_a_map_that_is_made_while_the_app_runs_is_seen(
    experimenter: FlaskClient, small: Collection, ranked: list[Ranking]
) -> None:
    assert "good.tsne" not in experimenter.get("/browse/small/map").text
    make_map(small, open_embedding(small, "good"), "tsne")
    assert "good.tsne" in experimenter.get("/browse/small/map").text


def test_a_map_of_many_clips_shows_a_sample_and_says_so(
    experimenter: FlaskClient, small: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the page knows, the points and the list items all count by places in the sample."""
    monkeypatch.setattr(stored_maps, "MOST", 12)
    embedding = embed(small)
    rows = stored_maps.mapped_rows(len(small.clips))
    assert len(set(rows.tolist())) == 12
    made = make_map(small, embedding)
    assert np.flatnonzero(~np.isnan(made.points[:, 0])).tolist() == rows.tolist()
    assert made.meta["clips"] == 12
    page = experimenter.get("/browse/small/map").text
    assert "A sample, drawn at random from all 18 clips" in page
    assert "It finds the 12 clips of the sample alone; Browse finds any of all 18." in page
    assert 'data-none="No clip of the sample has' in page
    assert "no vector" not in page
    facts = experimenter.get("/browse/small/map/clips.json").get_json()
    assert facts["ids"] == [small.clips[row].id for row in rows]
    body = experimenter.get("/browse/small/map/points/made/pca").data
    np.testing.assert_array_equal(np.frombuffer(body, "<f4").reshape(-1, 2), made.points[rows])
    item = experimenter.get("/browse/small/map/clips?row=11").text
    assert 'data-row="11"' in item
    assert f">{small.clips[rows[11]].id}<" in item
    assert experimenter.get("/browse/small/map/clips?row=12").status_code == 404


def test_a_sample_of_frames_is_aggregated_as_the_whole_is(small: Collection) -> None:
    frames = np.append(0, np.cumsum(np.arange(18) % 3 + 1))
    vectors = np.random.default_rng(2).normal(size=(frames[-1], 6))
    meta = {"provenance": "imported", "representation": "OpenL3"}
    write_embedding(small, "framed", vectors, meta, frames=frames)
    embedding = open_embedding(small, "framed")
    places = np.array([0, 4, 5, 17])
    some = aggregate(*embedding.only(places), "mean")
    whole = aggregate(embedding.vectors, embedding.frames, "mean")
    np.testing.assert_array_equal(some, whole[places])
