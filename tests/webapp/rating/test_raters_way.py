"""A rater's way over HTTP: in, consent, checks, blocks, repeats, out, and away again."""

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from embeddings.errors import InputError
from embeddings.systems.store import Ranking
from tests.support.places import BASE
from tests.support.studies.rater import PROTOCOL, Page
from webapp.bundles import rater_records
from webapp.core.database import db, now
from webapp.models import (
    Assignment,
    Block,
    Candidate,
    ExternalId,
    Judgement,
    Listen,
    Preference,
    Query,
    Rater,
    Slot,
    Study,
    System,
    Withdrawal,
)
from webapp.rating import assigning, people
from webapp.study import lifecycle, opening
from webapp.study.extending import extend_study

FULL = """
title = "All of it"
collection = "small"
systems = ["good.l2.mcss", "random.l2.mcss"]
depth = 3
page = 4
consent = "I **agree** to listen. <script>alert(1)</script>"
[queries]
clips = ["hum-0", "hiss-1"]
[controls]
repeats = 2
[listening]
level = true
[[questionnaire.before]]
id = "age"
text = "How old are you?"
kind = "number"
required = true
[[questionnaire.after]]
id = "device"
text = "What did you listen with?"
kind = "choice"
choices = ["headphones", "loudspeakers"]
[joining]
open = true
most = 2
completion_code = "DONE42"
no_consent_code = "NO42"
redirect = "https://example.org/back?cc={code}"
"""


@pytest.fixture
def study(app: Flask, runner: FlaskCliRunner, ranked: list[Ranking], tmp_path: Path):
    """Return a function that opens a study from TOML and gives the paths of some raters."""

    def start(text: str, invited: int = 1) -> list[str]:
        path = tmp_path / "way.toml"
        path.write_text(text)
        for command in (["create", str(path)], ["open", "way"]):
            result = runner.invoke(args=["studies", *command])
            assert result.exit_code == 0, result.output
        if not invited:
            return []
        output = runner.invoke(args=["studies", "invite", "way", "-n", str(invited)]).output
        return [line.split()[1].removeprefix(BASE) for line in output.splitlines()]

    return start


def form(client: FlaskClient, path: str, to: str, **fields: str):
    """Post a form of a rater's page, with its CSRF token."""
    text = client.get(path).text
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', text).group(1)
    hidden = dict(re.findall(r'name="(tries)" value="(\d+)"', text))
    return client.post(f"{path}/{to}", data=hidden | fields | {"csrf_token": token})


def judge_until_end(client: FlaskClient, path: str, pages: int = 40) -> list[str]:
    """Grade whatever comes; return the headings of the pages, and stop where nothing is graded."""
    seen = []
    for _ in range(pages):
        page = Page(client, path, practise=False)
        if not page.candidates:
            return seen
        line = re.search(r'class="progress-where">([^<]*)<', page.text).group(1)
        seen.append(line.partition(" ·")[0].strip())
        page.grade_all()
    raise AssertionError(f"no end after {pages} pages")


def test_the_whole_way(app: Flask, study, client: FlaskClient) -> None:
    study(FULL, invited=0)
    first = client.get("/join/way?PROLIFIC_PID=p1&STUDY_ID=s1&ignored=x")
    path = first.headers["Location"]
    assert re.fullmatch(r"/rate/way/[\w-]{24}", path)
    assert client.get("/join/way?PROLIFIC_PID=p1").headers["Location"] == path

    text = client.get(path).text
    assert "I <strong>agree</strong> to listen." in text
    assert "<script>alert" not in text
    form(client, path, "consent", answer="yes")
    answer = form(client, path, "questions/before", **{"q-age": "forty"})
    assert "This must be a number, not &#39;forty&#39;." in answer.text
    form(client, path, "questions/before", **{"q-age": "40"})
    assert "/sounds/" in client.get(path).text
    tone = re.search(r'data-src="([^"]+)"', client.get(path).text).group(1)
    assert client.get(tone, buffered=True).data.startswith(b"fLaC")
    form(client, path, "sound-check")
    practice = Page(client, path, practise=False)
    assert practice.is_practice
    headings = judge_until_end(client, path)
    assert headings[0] == "Practice"
    assert headings[-2:] == ["A few more sounds"] * 2  # the repeats of both blocks, at the end
    answer = form(client, path, "questions/after", **{"q-device": "the moon"})
    assert "Please choose one of the answers." in answer.text
    form(client, path, "questions/after", **{"q-device": "headphones"})
    end = client.get(path).text
    assert "DONE42" in end
    assert "https://example.org/back?cc=DONE42" in end
    with app.app_context():
        rater = db.session.scalar(sa.select(Rater))
        assert json.loads(rater.before) == {"age": "40"}
        assert json.loads(rater.after) == {"device": "headphones"}
        assert rater.finished_at
        ids = {
            one.name: (one.value, one.person) for one in db.session.scalars(sa.select(ExternalId))
        }
        assert ids == {"PROLIFIC_PID": ("p1", True), "STUDY_ID": ("s1", False)}
        study_row = db.session.scalar(sa.select(Study))
        found = list(rater_records.judgement_records(study_row))
        kinds = Counter((one.kind, one.repeat) for one in found)
        assert kinds["identity", False] == kinds["distractor", False] == 2
        assert kinds["result", True] == 4
        assert all(one.page <= 3 for one in found)


def test_who_does_not_agree_is_let_go(study, client: FlaskClient) -> None:
    path = study(FULL)[0]
    form(client, path, "consent", answer="no")
    assert "NO42" in client.get(path).text
    assert "You did not agree" in client.get(path).text


def test_joining_is_capped_and_asks_who_it_is(app: Flask, study) -> None:
    study(FULL, invited=0)
    for person in ("a", "b", "a"):
        answer = app.test_client().get(f"/join/way?PROLIFIC_PID={person}")
        assert answer.status_code == 302
    full = app.test_client().get("/join/way?PROLIFIC_PID=c")
    assert full.status_code == 200
    assert "There is nothing to do just now" in full.text
    nobody = app.test_client().get("/join/way")
    assert nobody.status_code == 400
    assert "The address lacks PROLIFIC_PID" in nobody.text
    long = app.test_client().get("/join/way?PROLIFIC_PID=" + 201 * "x")
    assert "must have at most 200 characters" in long.text
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(Rater.id))) == 2


def test_a_study_that_is_not_open_to_all_cannot_be_joined(study, client: FlaskClient) -> None:
    study(PROTOCOL, invited=0)
    assert client.get("/join/way").status_code == 400
    assert client.get("/join/nothing").status_code == 404


def test_without_ids_a_browser_is_a_rater(app: Flask, study) -> None:
    study(PROTOCOL + "[joining]\nopen = true\nids = []\n", invited=0)
    client = app.test_client()
    path = client.get("/join/way").headers["Location"]
    assert client.get("/join/way").headers["Location"] == path
    assert app.test_client().get("/join/way").headers["Location"] != path


def test_headphones_are_tested_twice_and_then_no_more(app: Flask, study) -> None:
    text = PROTOCOL.replace("sound_check = false", "sound_check = false\nheadphones = true")
    one, other = study(text, invited=2)
    with app.app_context():
        right = [quietest for _, quietest in json.loads(db.session.scalar(sa.select(Study.trials)))]
    answers = {f"trial-{number}": str(quietest) for number, quietest in enumerate(right, 1)}
    wrong = dict.fromkeys(answers, "9")
    client = app.test_client()
    assert len(re.findall(r'data-src="[^"]+/sounds/', client.get(one).text)) == 6
    form(client, one, "headphones", tries="1", **wrong)  # the page of a try that is over
    form(client, one, "headphones", **wrong)
    form(client, one, "headphones", **answers | {"trial-1": "9"})  # five of six will do
    assert Page(client, one, practise=False).is_practice
    for _ in range(2):
        form(client, other, "headphones", **wrong)
    assert "needs headphones" in client.get(other).text


def test_a_rater_who_withdraws_leaves_a_note_and_no_row(app: Flask, study) -> None:
    one, _ = study(PROTOCOL, invited=2)
    client = app.test_client()
    page = Page(client, one)
    page.grade_all()
    with app.app_context():
        loads = sum(count for *_, count in assigning.loads(1, now()))
    assert "cannot be undone" in client.get(f"{one}/withdraw").text
    answer = form(client, one, "withdraw")
    assert "You have withdrawn" in answer.text
    assert client.get(one).status_code == 404
    with app.app_context():
        gone = db.session.scalar(sa.select(Withdrawal))
        assert gone.judgements == len(page.candidates)
        assert [rater.number for rater in db.session.scalars(sa.select(Rater))] == [2]
        assert db.session.scalar(sa.select(sa.func.count(Judgement.id))) == 0
        assert db.session.scalar(sa.select(sa.func.count(Slot.id))) == 0
        assert sum(count for *_, count in assigning.loads(1, now())) == loads - 1
        new = people.invite(lifecycle.find_study("way"), 1)[0]
        assert new.number == 4  # never the number of somebody who left


def test_withdrawal_ends_by_the_protocols_date(study, client: FlaskClient) -> None:
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    path = study(f'withdrawal_until = "{yesterday}"\n' + PROTOCOL)[0]
    page = Page(client, path)
    assert "/withdraw" not in page.text
    answer = client.post(f"{path}/withdraw", data={"csrf_token": page.csrf})
    assert answer.status_code == 400
    assert f"Withdrawal was possible until {yesterday}" in answer.text


def test_a_study_that_has_ended_takes_no_one(app: Flask, study, client: FlaskClient) -> None:
    path = study('ends = "2099-01-01"\n' + PROTOCOL)[0]
    assert "This study is closed" not in client.get(path).text
    with app.app_context():
        found = lifecycle.find_study("way")
        found.protocol = found.protocol.replace("2099-01-01", "2020-01-01")
        db.session.commit()
        with pytest.raises(InputError, match="ends must be today or later, not 2020-01-01"):
            lifecycle.subject(found.terms)
    assert "This study is closed" in client.get(path).text


def test_overlap_is_as_planned(app: Flask, study) -> None:
    links = study("raters_per_query = 2\n" + PROTOCOL, invited=4)
    for path in links:
        judge_until_end(app.test_client(), path)
    with app.app_context():
        given = db.session.scalars(
            sa.select(Assignment.query_id).join(Assignment.query).where(Query.practice.is_(False))
        )
        assert set(Counter(given).values()) == {2}
    assert "There is nothing to do just now" in app.test_client().get(links[3]).text


def test_a_sitting_is_as_long_as_planned(app: Flask, study) -> None:
    path = study("sitting = 2\n" + PROTOCOL)[0]
    seen = judge_until_end(app.test_client(), path)
    assert [one for one in seen if one.startswith("Query")] == ["Query 1 of 2", "Query 2 of 2"]


def test_a_lease_that_expires_returns_the_block(app: Flask, study) -> None:
    one, other = study(
        "raters_per_query = 1\n" + PROTOCOL.replace('"hum-0", "hiss-1", "beep-2"', '"hum-0"'), 2
    )
    first = Page(app.test_client(), one)
    first.post(first.grade(first.candidates[0], 40))
    waiting = Page(app.test_client(), other)
    assert not waiting.candidates
    with app.app_context():
        for assignment in db.session.scalars(sa.select(Assignment)):
            if not assignment.query.practice and assignment.rater.number == 1:
                assigning.recall(assignment)
    second = Page(app.test_client(), other)
    assert sorted(second.candidates) != sorted(first.candidates)
    assert len(second.candidates) == len(first.candidates)
    assert not Page(first.client, one).candidates  # it is another's now; the grade given stays
    with app.app_context():
        assert len(list(rater_records.judgement_records(lifecycle.find_study("way")))) == 1


def test_an_expired_lease_that_nobody_took_is_still_the_raters(app: Flask, study) -> None:
    path = study(PROTOCOL)[0]
    page = Page(app.test_client(), path)
    with app.app_context():
        db.session.execute(sa.update(Assignment).values(lease_until=now() - timedelta(days=1)))
        db.session.commit()
    assert Page(page.client, path).candidates == page.candidates


def test_repeats_come_ten_minutes_later_between_blocks(app: Flask, study) -> None:
    text = PROTOCOL.replace("repeats = 0", "repeats = 1\nrepeat_minutes = 10")
    path = study(text)[0]
    client = app.test_client()
    page = Page(client, path)
    page.grade_all(40)
    assert "Query 2 of 3" in client.get(path).text
    with app.app_context():
        done = db.session.scalars(sa.select(Assignment).where(Assignment.finished_at.is_not(None)))
        for one in done:
            one.finished_at -= timedelta(minutes=11)
        db.session.commit()
    Page(client, path).grade_all()  # the second block, which was begun before
    short = Page(client, path)
    assert "A few more sounds" in short.text
    assert len(short.candidates) == 1
    assert short.candidates[0] not in page.candidates
    short.grade_all(80)
    assert "Query 3 of 3" in client.get(path).text
    with app.app_context():
        found = list(rater_records.judgement_records(lifecycle.find_study("way")))
        again = next(one for one in found if one.repeat)
        before = next(
            one for one in found
            if not one.repeat and (one.query, one.candidate) == (again.query, again.candidate)
        )  # fmt: skip
        assert (before.grade, again.grade) == (40, 80)
        assert (before.counts, again.counts) == (True, True)


def test_pages_hold_as_many_as_planned_and_can_be_looked_back_at(app: Flask, study) -> None:
    path = study("page = 2\n" + PROTOCOL)[0]
    client = app.test_client()
    first = Page(client, path)
    assert len(first.candidates) == 2
    first.grade_all(20)
    second = Page(client, path)
    assert set(second.candidates).isdisjoint(first.candidates)
    back = client.get(f"{path}?page=1").text
    assert all(sound in back for sound in first.candidates)
    ahead = client.get(f"{path}?page=3").text
    assert all(sound in ahead for sound in second.candidates)  # not before its time


def test_a_large_pool_is_split_into_parts_that_share_three(
    app: Flask, study, client: FlaskClient
) -> None:
    text = PROTOCOL.replace("depth = 3", "depth = 9\nlargest_block = 10").replace(
        '"hum-0", "hiss-1", "beep-2"', '"hum-0"'
    )
    study(text)
    with app.app_context():
        blocks = list(
            db.session.scalars(sa.select(Block).join(Block.query).where(Query.practice.is_(False)))
        )
        parts = [{item.candidate_id for item in block.items} for block in blocks]
        pool = {one.id for one in blocks[0].query.candidates}
        assert len(parts) >= 2
        assert set.union(*parts) == pool
        assert len(set.intersection(*parts)) == 3
        assert all(len(part) <= 10 for part in parts)
        assert all(block.partial for block in blocks)


def test_sounds_that_are_reported_need_no_grade(app: Flask, study, client: FlaskClient) -> None:
    path = study(PROTOCOL)[0]
    page = Page(client, path)
    for sound in page.candidates[1:]:
        page.post(page.grade(sound, 60))
    body = {"sound": page.candidates[0], "uuid": str(uuid4()), "given_at": now().isoformat()}
    for _ in range(2):
        assert page.post(body, "flags").json == {"saved": body["uuid"]}
    page.next()
    assert "Query 2 of 3" in client.get(path).text


def test_listening_is_stored_once(app: Flask, study, client: FlaskClient) -> None:
    path = study(PROTOCOL)[0]
    page = Page(client, path)
    query = page.sounds[0].rpartition("/")[2]
    for sound in (query, page.candidates[0]):
        body = {"sound": sound, "uuid": str(uuid4()), "started_at": now().isoformat()}
        for _ in range(2):
            answer = page.post(body | {"seconds": 0.5}, "listens")
            assert answer.json == {"saved": body["uuid"]}
    bad = page.post(body | {"uuid": str(uuid4()), "seconds": -1}, "listens")
    assert "seconds must be from 0 to 1000000, not -1.0" in bad.json["refused"]
    with app.app_context():
        rows = list(db.session.scalars(sa.select(Listen).order_by(Listen.id)))
        assert [(row.slot_id is None, row.seconds) for row in rows] == [(True, 0.5), (False, 0.5)]


def test_must_listen_is_asked_of_the_server_too(study, client: FlaskClient) -> None:
    text = PROTOCOL.replace("[listening]", "[listening]\nmust_listen = 0.5")
    page = Page(client, study(text)[0])
    answer = page.post(page.grade(page.candidates[0], 60, heard=0.3))
    assert answer.json == {"refused": "50% of a sound must be heard first, not 30%."}
    assert page.post(page.grade(page.candidates[0], 60, heard=0.5)).json["saved"]


def test_two_facets_are_both_asked(app: Flask, study, client: FlaskClient) -> None:
    path = study(PROTOCOL + '[scale]\nfacets = ["semantic", "acoustic"]\n')[0]
    page = Page(client, path, practise=False)
    for facet in ("semantic", "acoustic"):
        for sound in page.candidates:
            assert page.post(page.grade(sound, 60, facet=facet)).json["saved"]
    page.next()
    page = Page(client, path)
    for sound in page.candidates:
        page.post(page.grade(sound, 60, facet="semantic"))
    page.next()
    assert "sounds have no grade yet" in client.get(path).text
    bad = page.post(page.grade(page.candidates[0], 60, facet="relevance"))
    assert "must be one of semantic, acoustic, not 'relevance'" in bad.json["refused"]


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
        found = list(rater_records.judgement_records(lifecycle.find_study("way")))
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
    from embeddings.audio import integrated_loudness, read_audio

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
    first = alice.get("/join/way").headers["Location"]
    Page(alice, first)
    form(alice, first, "withdraw")
    second = bob.get("/join/way").headers["Location"]
    assert alice.get("/join/way").headers["Location"] not in (first, second)
    assert alice.head("/join/way").status_code == 200
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(Rater.id))) == 2
    unfilled = app.test_client().get("/join/way?PROLIFIC_PID={{%PROLIFIC_PID%}}")
    assert unfilled.status_code == 302  # no id is asked for here
