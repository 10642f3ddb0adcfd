"""The experimenter's pages: home, browse, the clips' audio."""

import errno
import io
import os
import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile
from flask import Flask
from flask.testing import FlaskClient

from embeddings.collection.clips import Collection
from embeddings.listening.playable import EDITION
from embeddings.search.processing import Recipe
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import Ranking, open_embedding
from evaluation.browsing.listing import listing
from evaluation.objective.per_query import CUTOFFS
from evaluation.objective.scoring import read_query_scores
from tests.support.scoreboard import edit
from webapp.core.envelopes import envelope_letters


def test_home_shows_collections_and_their_systems(
    experimenter: FlaskClient, small: Collection, ranked: list[Ranking]
) -> None:
    page = " ".join(experimenter.get("/").text.split())
    assert "18 clips" in page
    assert "2 systems: 1 <span" in page  # each kind by itself
    assert "imported" in page
    assert 'class="provenance provenance-simulated"' in page
    assert 'href="/scores/small"' in page
    assert 'href="/browse/small/map"' in page
    assert "not scored yet" not in page


def test_home_says_what_to_do_first(experimenter: FlaskClient) -> None:
    page = experimenter.get("/").text
    assert "No system ranks it yet" in page
    assert 'href="/prepare/small"' in page
    assert "There is no study yet" in page


def test_browsing_shows_what_each_system_returns(
    experimenter: FlaskClient, small: Collection, ranked: list[Ranking]
) -> None:
    page = experimenter.get("/browse/small?class=Hum&query=hum-2").text
    for ranking in ranked:
        for row in ranking.neighbours[small.index["hum-2"], :15]:
            assert small.clips[row].id in page
    assert page.count('class="result item') == 30
    assert page.count("data-envelope=") == 31
    assert "<dt>AP@15</dt><dd>1.000</dd>" in page
    assert '<span class="visually-hidden">asked about: </span>Hum' in page
    assert "A result is relevant when it carries the class Hum." in page
    assert "Scores by the convention corrected." in page
    assert "Hum 2 · somebody · CC0" in page


def test_a_class_that_the_clip_does_not_carry_is_not_asked_about(
    experimenter: FlaskClient, ranked: list[Ranking]
) -> None:
    page = experimenter.get("/browse/small?class=Hum&query=hiss-1").text
    assert "A result is relevant when it shares any label with the query." in page
    assert "not among the 6" in page
    page = experimenter.get("/browse/small?class=Hum&query=hum-1").text
    assert 'href="/browse/small?class=Hum&amp;query=hiss-' in page  # the walk stays what it was


def test_relevance_follows_the_class_that_is_asked(
    small: Collection, ranked: list[Ranking]
) -> None:
    query = small.index["hum-0"]
    scores = read_query_scores(small, ranked[0].system)
    by_class = listing(small, ranked[0], scores, query, "Hum")
    by_parent = listing(small, ranked[0], scores, query, "Machine")
    by_any = listing(small, ranked[0], scores, query, None)
    assert [result.relevant for result in by_class.results] == [True] * 5 + [False] * 10
    relevant = [result.relevant for result in by_parent.results]
    assert sum(relevant) == sum("Machine" in result.clip.labels for result in by_parent.results)
    assert [result.relevant for result in by_any.results] == relevant
    assert by_class.results[0].shared == {"Hum", "Machine"}
    assert by_class.average_precision == dict.fromkeys(CUTOFFS, 1.0)
    assert (by_class.first_relevant, by_class.censored, by_class.relevant) == (1.0, False, 5)
    assert listing(small, ranked[0], None, query, "Hum").average_precision is None
    assert listing(small, ranked[0], scores, query, "Hiss").first_relevant is None
    later = listing(small, ranked[0], scores, query, "Hum", 5, first=6)
    assert later.results == by_class.results[5:10]
    assert (later.kept, later.relevant) == (17, 0)
    assert listing(small, ranked[0], scores, query, "Hum", first=16).results[-1].rank == 17
    assert listing(small, ranked[0], scores, query, "Hum", first=31).results == ()


def test_a_random_query_is_of_the_class_and_its_address_draws_it_again(
    experimenter: FlaskClient, ranked: list[Ranking]
) -> None:
    for _ in range(5):
        answer = experimenter.get("/browse/small?class=Beep")
        assert answer.status_code == 302
        assert "query=beep-" in answer.location
        seed = re.search(r"seed=(\d+)", answer.location).group(1)
        again = experimenter.get(f"/browse/small?class=Beep&seed={seed}")
        assert again.location == answer.location
    assert "query=hiss-" in experimenter.get("/browse/small?family=Nature").location


@pytest.mark.parametrize(
    ("choice", "sentence", "way_out"),
    [
        ("family=Nature&class=Hum", "No clip carries Hum in the family Nature.", "family=Nature"),
        (
            "family=Nature&class=Hum&class=Beep&exclude=Hiss",
            "No clip carries any of them in the family Nature: Hum, Beep.",
            "family=Nature&amp;exclude=Hiss",
        ),
        ("class=Hum&class=Hiss&match=all", "No clip carries all of them: Hum, Hiss.", ""),
        (
            "family=Nature&class=Hum&class=Machine&match=all",
            "No clip carries all of them in the family Nature: Hum, Machine.",
            "family=Nature&amp;match=all",
        ),
        (
            "family=Nature&exclude=Weather&exclude=Hum",
            "Every clip that fits otherwise carries what is excluded: Weather, Hum.",
            "",
        ),
    ],
)
def test_where_nothing_fits_the_page_says_what_does_not(
    experimenter: FlaskClient, ranked: list[Ranking], choice: str, sentence: str, way_out: str
) -> None:
    page = experimenter.get(f"/browse/small?{choice}").text
    notice = re.search(r'<p class="notice" role="status">No clip fits\. (.*?)</p>', page, re.DOTALL)
    assert notice is not None
    assert notice[1].startswith(sentence)
    links = re.findall(r'<a href="([^"]+)">Choose from the whole family Nature</a>', notice[1])
    assert [link.partition("?")[2].partition("&amp;seed")[0] for link in links] == (
        [way_out] if way_out else []
    )


@pytest.mark.parametrize(
    ("convention", "asked", "sentence"),
    [
        ("cbmi2024", "Hum", "or by the clips that carry the class, the query counted, if they are"),
        ("cbmi2024", "", " however few clips are relevant: the best possible can be far below 1"),
        ("corrected", "Hum", "or by the relevant clips other than the query, if they are fewer"),
        ("corrected", "", "or by the relevant clips other than the query, if they are fewer"),
    ],
)
def test_the_numbers_are_said_as_they_are_made(
    experimenter: FlaskClient, small: Collection, ranked: list[Ranking],
    convention: str, asked: str, sentence: str,
) -> None:  # fmt: skip
    edit(small.folder / "collection.json", lambda info: info.update(convention=convention))
    page = experimenter.get(f"/browse/small?query=hum-1&asked={asked}").text
    meaning = page[page.index("<dt>AP@15, AP@") : page.index("<dt>R1</dt><dd>The rank")]
    assert sentence in meaning
    assert ("the class asked about:" in meaning) == bool(asked)
    assert meaning.count("is divided by 15 or ") == 1


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/browse/nothing", 404, "There is nothing at this address"),
        ("/browse/small?query=nobody", 404, "has no clip nobody"),
        ("/browse/small?class=Nothing", 400, "has no class &#39;Nothing&#39;"),
        ("/browse/small?exclude=Nothing", 400, "has no class &#39;Nothing&#39;"),
        ("/browse/small?asked=Nothing", 400, "has no class &#39;Nothing&#39;"),
        ("/browse/small?family=Nothing", 400, "has no family &#39;Nothing&#39;"),
        ("/browse/small?match=some", 400, "match must be one of any, all, not &#39;some&#39;."),
        ("/browse/small?order=worst", 400, "order must be one of random, lowest, difference,"),
        (
            "/browse/small?system=none",
            400,
            "has no system &#39;none&#39; to show; it has: none yet.",
        ),
        ("/browse/small?order=hubs", 400, "needs 1 systems; the collection &#39;small&#39; has 0."),
        (
            "/browse/small?page=11",
            400,
            "page must be a whole number from 1 to 10, not &#39;11&#39;.",
        ),
        ("/browse/small?seed=-1", 400, "seed must be a whole number from 0 to 1000000000,"),
        ("/audio/small/nobody", 404, "There is nothing at this address"),
        ("/audio/small/../../secret_key", 404, "There is nothing at this address"),
        ("/audio/nothing/hum-0", 404, "There is nothing at this address"),
    ],
)
def test_what_is_not_there_is_said(
    experimenter: FlaskClient, path: str, status: int, sentence: str
) -> None:
    answer = experimenter.get(path)
    assert answer.status_code == status
    assert sentence in answer.text


def test_audio_is_sent_in_ranges_and_kept_long(
    experimenter: FlaskClient, small: Collection, ranked: list[Ranking]
) -> None:
    whole = experimenter.get("/audio/small/hum-1", buffered=True)
    file = small.audio_path(small.clip("hum-1")).read_bytes()
    assert whole.data == file
    assert "max-age=2592000" in whole.headers["Cache-Control"]
    assert "private" in whole.headers["Cache-Control"]
    page = experimenter.get("/browse/small?query=hum-1").text
    version = re.sub(r"\D", "", small.info["imported_at"])
    assert f'data-src="/audio/small/hum-1?v={version}.{EDITION}"' in page
    part = experimenter.get("/audio/small/hum-1", headers={"Range": "bytes=100-299"}, buffered=True)
    assert part.status_code == 206
    assert part.data == file[100:300]
    assert part.headers["Content-Range"] == f"bytes 100-299/{len(file)}"


def test_what_browsers_do_not_play_is_sent_as_a_copy(
    experimenter: FlaskClient, small: Collection, app: Flask
) -> None:
    path = small.audio_path(small.clip("hum-1"))
    samples, rate = soundfile.read(path)
    soundfile.write(path, samples, rate, subtype="MS_ADPCM")
    whole = experimenter.get("/audio/small/hum-1", buffered=True)
    assert (whole.status_code, whole.mimetype) == (200, "audio/flac")
    heard, heard_rate = soundfile.read(io.BytesIO(whole.data))
    assert heard_rate == rate
    assert np.abs(heard[: len(samples)] - samples).max() < 0.02
    part = experimenter.get("/audio/small/hum-1", headers={"Range": "bytes=4-99"}, buffered=True)
    assert (part.status_code, part.data) == (206, whole.data[4:100])
    assert "private" in part.headers["Cache-Control"]
    (copy,) = (small.folder / "playing").iterdir()
    assert experimenter.get("/audio/small/hum-2", buffered=True).mimetype == "audio/wav"
    assert list((small.folder / "playing").iterdir()) == [copy]
    copy.unlink()  # as whoever wants the room may
    assert experimenter.get("/audio/small/hum-1", buffered=True).data == whole.data
    app.config["SETTINGS"]["playing_copies_mb"] = 0
    path.write_bytes(b"RIFF and then nothing")
    assert "the audio cannot be read" in experimenter.get("/audio/small/hum-1").text


def test_a_copy_is_the_same_to_browsers_each_time_they_ask(
    experimenter: FlaskClient, small: Collection
) -> None:
    """Else a range that goes on from another one comes as the whole, and nothing is kept."""
    path = small.audio_path(small.clip("hum-1"))
    samples, rate = soundfile.read(path)
    soundfile.write(path, samples, rate, subtype="MS_ADPCM")
    whole = experimenter.get("/audio/small/hum-1", buffered=True)
    (copy,) = (small.folder / "playing").iterdir()
    os.utime(copy, (1, 1))
    going_on = {"Range": "bytes=100-299", "If-Range": whole.headers["ETag"]}
    part = experimenter.get("/audio/small/hum-1", headers=going_on, buffered=True)
    assert (part.status_code, part.data) == (206, whole.data[100:300])
    assert part.headers["Last-Modified"] == whole.headers["Last-Modified"]
    known = {"If-None-Match": whole.headers["ETag"]}
    unchanged = experimenter.get("/audio/small/hum-1", headers=known, buffered=True)
    unchanged.close()
    assert unchanged.status_code == 304


def test_a_full_disk_and_a_collection_that_goes_are_told(
    experimenter: FlaskClient, small: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = small.audio_path(small.clip("hum-1"))
    samples, rate = soundfile.read(path)
    soundfile.write(path, samples, rate, subtype="MS_ADPCM")

    def fails(_file: int, error: OSError) -> None:
        raise error

    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    monkeypatch.setattr(os, "fsync", partial(fails, error=full))
    answer = experimenter.get("/audio/small/hum-1")
    assert answer.status_code == 400
    assert "for playing can be written (No space left on device)" in answer.text
    assert list((small.folder / "playing").iterdir()) == []
    monkeypatch.setattr(os, "fsync", partial(fails, error=FileNotFoundError()))
    assert experimenter.get("/audio/small/hum-1").status_code == 404


def test_a_ranking_that_is_built_while_the_app_runs_is_seen(
    experimenter: FlaskClient, small: Collection, ranked: list[Ranking], app: Flask
) -> None:
    assert "3 systems" not in experimenter.get("/").text
    build_ranking(small, open_embedding(small, "random"), Recipe(pca=3), "mcss")
    page = experimenter.get("/").text
    assert "3 systems" in page
    assert "1 not scored yet: flask evaluate small" in page


def test_the_envelope_travels_as_letters() -> None:
    assert envelope_letters(np.array([0.0, 0.25, 0.5])) == "0iz"
    assert envelope_letters(np.zeros(3)) == "000"


def test_names_that_look_like_html_are_harmless(
    experimenter: FlaskClient, data: Path, ranked: list[Ranking]
) -> None:
    table = data / "collections" / "small" / "clips.csv"
    table.write_text(table.read_text().replace("Hum 2", "<script>alert(1)</script>"))
    (data / "collections" / "small" / "collection.json").touch()
    page = experimenter.get("/browse/small?query=hum-2").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
