"""What a draft asks about is heard before it opens, and changed by the draw alone."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
from flask import Flask
from flask.testing import FlaskClient

from embeddings.collection.clips import open_collection
from embeddings.listening.reachable import Reachable, reachable_level
from evaluation.records.bundle import read_bundle
from tests.support.pages.manage_pages import Writing, post
from webapp import create_app
from webapp.study.lifecycle import find_study
from webapp.study.preview import preview

TEXT = """
title = "Which one is it?"
collection = "small"
systems = ["good.l2.mcss", "random.l2.mcss"]
depth = 3
[queries]
per_class = 1
seed = 4
[controls]
distractors = 0
[listening]
sound_check = false
loudness = -3
"""
PAGE = "/studies/which/draft"


@pytest.fixture
def draft(app: Flask, path: Path, run: Callable[..., str]) -> Callable[[], list[str]]:
    """Returns the queries of a draft, in the order of the draw."""
    path.write_text(TEXT)
    run("create", path)

    def queries() -> list[str]:
        with app.app_context():
            return [query.clip for query in find_study("which").queries]

    return queries


def test_queries_and_pools_are_heard_and_nothing_is_said_of_them(
    experimenter: FlaskClient, draft: Callable[[], list[str]]
) -> None:
    assert f'href="{PAGE}"' in experimenter.get("/studies/which").text
    text = experimenter.get(PAGE).text
    sounds = re.findall(r'data-src="/audio/small/([^"?]+)', text)
    assert sounds == draft()
    pool = experimenter.get(f"{PAGE}?query=1").text
    heard = re.findall(r'data-src="/audio/small/([^"?]+)', pool)
    assert heard[0] == sounds[0]
    assert len(set(heard[1:])) == len(heard[1:])
    assert (
        pool == experimenter.get(f"{PAGE}?query=1").text
    )  # in an order of its own, and that stays
    assert len(heard) > 3
    names = re.findall(r'data-name="([^"]+)"', pool)
    assert names == ["query 1", *[f"result {place}" for place in range(1, len(heard))]]
    for page in (text, pool):
        main = re.sub(r'data-src="[^"]*"|name="clip" value="[^"]*"', "", page)
        assert not re.search("mcss|good|random|hum|beep|hiss|machine|weather", main, re.I)
    assert experimenter.get(f"{PAGE}?query=4").status_code == 404


def test_a_query_is_replaced_by_the_draw_and_it_stays_with_the_study(
    experimenter: FlaskClient,
    draft: Callable[[], list[str]],
    run: Callable[..., str],
    tmp_path: Path,
    imported: Path,
) -> None:
    first = draft()
    fields = {"clip": first[1], "number": "2", "reason": " the wind \n in it "}
    answer = post(experimenter, f"{PAGE}/replace", fields)
    assert answer.location == f"{PAGE}?page=1#query-2"
    second = draft()
    assert [second[0], second[2]] == [first[0], first[2]]
    assert second[1] != first[1]
    page = experimenter.get(PAGE).text
    assert "1 of 3 queries replaced" in page
    assert "the wind in it" in page
    for wrong, sentence in (
        ({"reason": "  "}, "from 1 to 300 characters, not 0"),
        ({"clip": "nobody"}, "none of the queries that the seed draws"),
    ):
        post(experimenter, f"{PAGE}/replace", fields | wrong)
        assert sentence in experimenter.get(PAGE).text
    written = Writing(experimenter, "/studies/new?edit=which")
    written.post("compare", "save", {"depth": "2"})  # which has the queries of now
    post(experimenter, f"{PAGE}/replace", fields | {"clip": second[2]})
    assert "Changes of this draft are begun" in experimenter.get(PAGE).text
    post(experimenter, f"{written.base}/remove")
    assert draft() == second
    replaced = {"clip": first[1], "by": second[1], "reason": "the wind in it"}
    run("open", "which")
    assert f"Replaced: the query {first[1]} by {second[1]}" in run("status", "which")
    assert experimenter.get(PAGE).status_code == 404
    assert post(experimenter, f"{PAGE}/replace", fields).status_code == 404
    run("close", "which")
    run("export", "which", "-o", tmp_path / "one.zip")
    shutil.copytree(imported, tmp_path / "other")
    other = create_app({"TESTING": True, "DATA": tmp_path / "other"}).test_cli_runner()
    for command in (
        ["import", tmp_path / "one.zip"],
        ["export", "which", "-o", tmp_path / "2.zip"],
    ):
        done = other.invoke(args=["studies", *map(str, command)])
        assert done.exit_code == 0, done.output
    assert (tmp_path / "2.zip").read_bytes() == (tmp_path / "one.zip").read_bytes()
    files = read_bundle(tmp_path / "one.zip").files
    assert json.loads(files["protocol.json"])["queries"]["replaced"] == [replaced]
    assert "[[queries.replaced]]" in files["protocol.toml"].decode()
    assert f"`{first[1]}` by `{second[1]}`: the wind in it" in files["CODEBOOK.md"].decode()
    said = f"1 of 3 queries replaced by the next that the seed draws: {first[1]} by {second[1]}"
    assert said in experimenter.get("/studies/which/results/rated").text


def test_a_loud_click_lowers_all_until_it_is_left_out(
    experimenter: FlaskClient,
    draft: Callable[[], list[str]],
    run: Callable[..., str],
    data: Path,
    app: Flask,
) -> None:
    small = open_collection(data, "small")
    assert "All sounds will be brought to" in experimenter.get("/studies/which").text
    with app.app_context():
        found = preview(find_study("which").terms).reachable
    assert found is not None
    peakiest = found.lowering[0][0]
    post(experimenter, f"{PAGE}/leave-out", {})
    assert "Choose at least one clip" in experimenter.get("/studies/which").text
    answer = post(experimenter, f"{PAGE}/leave-out", {"clip": peakiest})
    assert answer.location == "/studies/which#loudness"
    text = experimenter.get("/studies/which").text
    assert f"Left out: {peakiest}" in text
    with app.app_context():
        terms = find_study("which").terms
        after = preview(terms)
    assert terms.listening.leave_out == (peakiest,)
    assert after.reachable is not None
    assert peakiest not in dict(after.reachable.lowering)
    gone = small.index[peakiest]
    assert all(gone != query and gone not in pool for query, pool in after.asked)
    run("open", "which")
    with app.app_context():
        level = find_study("which").level
    assert level == pytest.approx(after.reachable.common_level, abs=0.01)  # what was said before
    page = experimenter.get("/studies/which/results/rated").text
    assert f"1 clip left out of queries and of every list before anybody judged: {peakiest}" in page


def test_sounds_that_would_be_coded_twice_are_counted(
    experimenter: FlaskClient, path: Path, run: Callable[..., str], data: Path
) -> None:
    small = open_collection(data, "small")
    source = small.audio_path(small.clips[0])
    samples, rate = soundfile.read(source)
    for number, clip in enumerate(small.clips):  # by the header, whatever the file's name
        if number % 2:
            soundfile.write(small.audio_path(clip), samples, rate, format="OGG", subtype="VORBIS")
    path.write_text(TEXT + 'format = "opus"\n')
    run("create", path)
    text = experimenter.get("/studies/which").text
    assert re.search(r"\d+ of these sounds are of lossy files, and raters are sent OPUS", text)


def test_no_more_than_12_db_are_lost_and_what_stays_softer_is_counted() -> None:
    loudness, peaks = np.array([-20.0, -23.0, -40.0, np.nan]), np.array([0.1, 0.9, 0.9, 0.0])
    collection: Any = SimpleNamespace(
        columns=SimpleNamespace(loudness=loudness, channels=np.array([1, 1, 1, 1])),
        clips=[SimpleNamespace(id=name) for name in "abcd"],
        loudest=lambda: peaks,
        audio_path=lambda clip: Path("/nowhere") / clip.id,  # what cannot be read is as stored
    )
    found = reachable_level(collection, [0, 1, 2, 3], -23.0)
    assert found is not None
    assert [clip for clip, _ in found.lowering] == ["c", "b"]
    assert [level for _, level in found.lowering] == pytest.approx([-40.09, -23.09], abs=0.01)
    assert (found.common_level, found.lowest, found.short) == (-35.0, -35.0, 1)
    assert found.lost_db == 12.0
    assert reachable_level(collection, [0], -23.0) == Reachable(-23.0, -23.0, [])
    assert reachable_level(collection, [3], -23.0) is None
