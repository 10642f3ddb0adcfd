"""A rater's way over HTTP: whole lists, extended studies, and who may still answer."""

import json
import re
from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from embeddings.errors import InputError
from tests.support.studies.full_study import FULL, form, judge_until_end
from tests.support.studies.rater import PROTOCOL, Page, join
from webapp.core.database import db, now
from webapp.models import (
    Assignment,
    Block,
    Candidate,
    Listen,
    Preference,
    Query,
    Rater,
    Study,
    System,
)
from webapp.rating import assigning, people
from webapp.study import lifecycle, opening
from webapp.study.extending import extend_study
from webapp.tables.study_tables import Tables

PREFERENCE = 'method = "preference"\nraters_per_query = 4\n' + re.sub(
    r"\[controls\][^\[]*", "", PROTOCOL
)


def lists(text: str) -> list[str]:
    """Return the tokens of the sounds on a page of lists."""
    return re.findall(r'/sounds/(\w+)"', text)


def test_two_lists_are_compared_with_sides_balanced(app: Flask, study) -> None:
    links = study(PREFERENCE, invited=4)
    for path in links:
        client = app.test_client()
        for _ in range(4):  # practice and three queries
            text = client.get(path).text
            block = re.search(r'name="block" value="(\w+)"', text).group(1)
            page = Page(client, path, practise=False)
            body = {
                "block": block,
                "choice": "A",
                "uuid": str(uuid4()),
                "given_at": now().isoformat(),
            }
            bad = page.post(body | {"choice": "both"}, "preferences")
            assert "must be one of A, B, none" in bad.json["refused"]
            assert page.post(body, "preferences").json == {"saved": body["uuid"]}
            assert page.next().status_code == 302
        assert "Thank you" in client.get(path).text
    with app.app_context():
        sides = Counter()
        for one in db.session.scalars(sa.select(Preference)):
            if not one.assignment.query.practice:
                left = next(slot for slot in one.assignment.slots if slot.position == 1)
                sides[one.assignment.query_id, left.system.ranking] += 1
        assert set(sides.values()) == {2}
        assert len(sides) == 6


def test_every_sound_of_two_lists_is_sent_and_heard(app: Flask, study, client) -> None:
    path = study(PREFERENCE)[0]
    page = Page(client, path, practise=False)
    sounds = sorted(set(lists(page.text)))
    assert len(sounds) > 3
    for sound in sounds:
        answer = client.get(f"{path}/sounds/{sound}")
        assert answer.status_code == 200
        assert answer.mimetype.startswith("audio/")
        answer.close()
        body = {"sound": sound, "uuid": str(uuid4()), "started_at": now().isoformat()}
        assert page.post(body | {"seconds": 0.5}, "listens").json == {"saved": body["uuid"]}
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(Listen.id))) == len(sounds)


def test_whole_lists_are_rated_with_two_anchors(app: Flask, study, client: FlaskClient) -> None:
    text = PREFERENCE.replace('"preference"', '"rating"')
    path = study(text)[0]
    for _ in range(4):
        page = Page(client, path, practise=False)
        names = re.findall(r'data-list="(\w+)"', page.text) or page.candidates
        for name in names:
            assert page.post(page.grade(name, 60, heard=None)).json["saved"]
        page.next()
    assert "Thank you" in client.get(path).text
    with app.app_context():
        found = list(Tables(lifecycle.find_study("way")).table("judgements").itertuples())
        assert Counter(one.list_of for one in found) == {
            "good.l2.mcss": 3, "random.l2.mcss": 3, opening.ORACLE: 3, opening.RANDOM: 3,
        }  # fmt: skip
        anchors = db.session.scalars(sa.select(System.ranking).where(System.anchor))
        assert set(anchors) == {opening.ORACLE, opening.RANDOM}


def test_a_study_is_extended_by_a_system(
    app: Flask, study, runner: FlaskCliRunner, client: FlaskClient
) -> None:
    one_system = PROTOCOL.replace(
        '["good.l2.mcss", "random.l2.mcss"]', '["good.l2.mcss", "good.raw.mips"]'
    )
    with app.app_context():
        from embeddings.collection.clips import open_collection
        from embeddings.search.processing import Recipe
        from embeddings.systems.rankings import build_ranking
        from embeddings.systems.store import open_embedding

        small = open_collection(app.config["DATA"], "small")
        good = open_embedding(small, "good")
        other = build_ranking(small, good, Recipe(normalise="none", pca=None), "mips")
    path = study("raters_per_query = 1\n" + one_system.replace("good.raw.mips", other.system))[0]
    judge_until_end(client, path)
    said = runner.invoke(args=["studies", "extend", "way", "--systems", "random.l2.mcss"])
    assert "Created way-2: 3 systems, 3 queries of way." in said.output
    with app.app_context():
        parent = lifecycle.find_study("way")
        asked = {
            (query.clip, one.clip) for query in parent.queries for one in query.candidates
        }  # fmt: skip
        child = lifecycle.find_study("way-2")
        assert (child.slug, child.parent, child.state) == ("way-2", "way", "draft")
        child = opening.open_study(child, workers=1)
        pairs = {
            (query.clip, one.clip): one.reused
            for query in child.queries
            for one in query.candidates
        }
        assert {pair for pair, reused in pairs.items() if reused} == asked
        sent = {
            (query.clip, item.candidate.clip)
            for query in child.queries
            for block in query.blocks
            for item in block.items
        }
        new = set(pairs) - asked
        assert new
        assert new <= sent
        assert len(sent - new) == -(-len(asked) // 10)  # the bridge: a tenth, rounded up
        with pytest.raises(Exception, match=r"compares 'good\.l2\.mcss' already"):
            extend_study(parent, ["good.l2.mcss"])


def test_the_loudness_of_all_sounds_is_one(app: Flask, study) -> None:
    from embeddings.audio.decoding import read_audio
    from embeddings.audio.meter import integrated_loudness

    study(PROTOCOL.replace("level = false", "level = true"))
    with app.app_context():
        row = lifecycle.find_study("way")
        found = []
        for name in set(db.session.scalars(sa.select(Candidate.sound))):
            samples, rate = read_audio(lifecycle.sounds_folder("way") / name)
            found.append(integrated_loudness(samples, rate)[0])
        assert row.level is not None
        assert all(abs(one - row.level) < 0.3 for one in found)
        assert (lifecycle.study_folder("way") / "levels.csv").is_file()


@pytest.mark.parametrize("shown", [False, True])
def test_waveforms_are_shown_only_where_the_protocol_says_so(
    study, client: FlaskClient, shown: bool
) -> None:
    text = PROTOCOL.replace("[listening]", f"[listening]\nshow_waveform = {str(shown).lower()}")
    page = Page(client, study(text)[0])
    envelopes = re.findall(r'data-envelope="([0-9a-z]+)"', page.text)
    assert len(envelopes) == (len(page.sounds) if shown else 0)


def test_sides_are_balanced_with_an_even_number_of_pairs(app: Flask, study) -> None:
    with app.app_context():
        from embeddings.collection.clips import open_collection
        from embeddings.search.processing import Recipe
        from embeddings.systems.rankings import build_ranking
        from embeddings.systems.store import open_embedding

        small = open_collection(app.config["DATA"], "small")
        systems = ["good.l2.mcss", "random.l2.mcss"]
        for name in ("good", "random"):
            vectors = open_embedding(small, name)
            recipe = Recipe(normalise="none", pca=None)
            systems.append(build_ranking(small, vectors, recipe, "mips").system)
    text = PREFERENCE.replace('["good.l2.mcss", "random.l2.mcss"]', json.dumps(systems))
    text = text.replace("raters_per_query = 4", "raters_per_query = 0")
    text = re.sub(r"clips = .*", 'clips = ["hum-0", "hiss-1", "beep-2", "hum-3"]', text)
    study(text, invited=0)
    with app.app_context():
        found = lifecycle.find_study("way")
        sides: Counter[tuple[str, str]] = Counter()
        for block in db.session.scalars(
            sa.select(Block).join(Block.query).where(Query.practice.is_(False))
        ):
            rater = people.invite(found, 1)[0]
            slots = assigning.assign(rater, block.id).slots
            sides[slots[0].system.ranking, slots[1].system.ranking] += 1
    assert set(sides.values()) == {2}  # of four queries: each pair twice this way, twice the other
    assert len(sides) == 12


def test_a_recalled_block_is_not_taken_back_while_somebody_else_has_it(app: Flask, study) -> None:
    text = PROTOCOL.replace('"hum-0", "hiss-1", "beep-2"', '"hum-0"')
    one, other = study("raters_per_query = 1\n" + text, 2)
    first = Page(app.test_client(), one)
    with app.app_context():
        for assignment in db.session.scalars(sa.select(Assignment)):
            if not assignment.query.practice:
                assigning.recall(assignment)
    second = Page(app.test_client(), other)
    assert second.candidates
    assert first.post(first.grade(first.candidates[0], 40)).json["saved"]  # kept, but no more
    assert not Page(first.client, one).candidates
    with app.app_context():
        assert [count for *_, count in assigning.loads(1, now())] == [1]


def test_a_pair_that_too_few_judged_is_asked_again_in_an_extended_study(
    app: Flask, study, client: FlaskClient
) -> None:
    path = study("raters_per_query = 3\n" + PROTOCOL.replace("depth = 3", "depth = 2"))[0]
    judge_until_end(client, path)
    with app.app_context():
        from embeddings.collection.clips import open_collection
        from embeddings.search.processing import Recipe
        from embeddings.systems.rankings import build_ranking
        from embeddings.systems.store import open_embedding

        small = open_collection(app.config["DATA"], "small")
        raw = Recipe(normalise="none", pca=None)
        other = build_ranking(small, open_embedding(small, "good"), raw, "mips").system
        parent = lifecycle.find_study("way")
        child = opening.open_study(extend_study(parent, [other]), workers=1)
        assert any(one.reused for query in child.queries for one in query.candidates)
        for query in child.queries:
            sent = {item.candidate_id for block in query.blocks for item in block.items}
            assert sent == {one.id for one in query.candidates}
        with pytest.raises(InputError, match="is extended by 'way-2' and stays"):
            lifecycle.remove_study(parent)


def test_what_was_given_before_the_study_closed_is_taken_for_a_day(app: Flask, study) -> None:
    page = Page(app.test_client(), study(PROTOCOL)[0])
    early = page.grade(page.candidates[0], 60)
    with app.app_context():
        lifecycle.close_study(lifecycle.find_study("way"))
    assert page.post(early).json["saved"]
    late = page.grade(page.candidates[1], 60)
    assert "closed" in page.post(late).json["refused"]
    with app.app_context():
        db.session.execute(sa.update(Study).values(closed_at=now() - timedelta(days=2)))
        db.session.commit()
    old = page.grade(page.candidates[1], 60, given_at=(now() - timedelta(days=3)).isoformat())
    assert "closed" in page.post(old).json["refused"]


def test_no_to_the_consent_counts_only_when_it_is_asked(app: Flask, study) -> None:
    client = app.test_client()
    path = study(FULL)[0]
    form(client, path, "consent", answer="yes")
    form(client, path, "consent", answer="no")  # the page of before, seen again
    with app.app_context():
        assert db.session.scalar(sa.select(Rater.declined_at)) is None


def test_a_broken_query_gives_the_block_back(app: Flask, study, client: FlaskClient) -> None:
    path = study(PROTOCOL)[0]
    page = Page(client, path)
    query = page.sounds[0].rpartition("/")[2]
    body = {"sound": query, "uuid": str(uuid4()), "given_at": now().isoformat()}
    assert page.post(body, "flags").json["saved"]
    page.next()
    again = Page(client, path)
    assert again.candidates
    assert "no grade yet.</p>" not in again.text
    with app.app_context():
        assert sum(count for *_, count in assigning.loads(1, now())) == 1  # the new one alone


def test_a_browser_is_let_in_by_its_secret_and_not_by_a_number(app: Flask, study) -> None:
    study(PROTOCOL + "[joining]\nopen = true\nids = []\n", invited=0)
    alice, bob = app.test_client(), app.test_client()
    first = join(alice, "/join/way").headers["Location"]
    assert alice.get("/join/way").headers["Location"] == first
    Page(alice, first)
    form(alice, first, "withdraw")
    second = join(bob, "/join/way").headers["Location"]
    assert join(alice, "/join/way").headers["Location"] not in (first, second)
    assert alice.head("/join/way").status_code == 200
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(Rater.id))) == 2
    unfilled = app.test_client().get("/join/way?PROLIFIC_PID={{%PROLIFIC_PID%}}")
    assert unfilled.status_code == 200  # no id is asked for here
