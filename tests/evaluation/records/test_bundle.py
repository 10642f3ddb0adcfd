"""A study as a bundle: out, in elsewhere, and out again with the same bytes."""

import csv
import hashlib
import io
import json
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from embeddings.collection.clips import open_collection, remove_collection
from embeddings.errors import InputError
from embeddings.systems.store import remove_ranking
from evaluation.objective.scoring import read_objective
from evaluation.protocol.reading import parse_protocol, read_protocol
from evaluation.records import bundle as bundles_file
from evaluation.records.bundle import read_bundle, write_bundle
from evaluation.records.codebook import FILES, TABLES
from evaluation.records.csv_tables import read_table, table_csv
from evaluation.records.events import WithdrawalRecord
from evaluation.records.facts import RaterRecord
from tests.support.studies.lab import GOOD, NOTE, OTHER, SLUGS, START, Lab, export, protocol, run
from webapp import create_app
from webapp.bundles import rater_records as records
from webapp.bundles.export_import import bundle_files, import_study, table_text
from webapp.bundles.raters_csv import rater_records
from webapp.core import database
from webapp.core.database import db
from webapp.models import (
    ExternalId,
    Rater,
    Study,
)
from webapp.rating import people
from webapp.study import lifecycle
from webapp.study.rater_lines import rater_lines


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Flask]:
    """An app with an empty data folder and database."""
    app = create_app({"TESTING": True, "DATA": tmp_path / "elsewhere"})
    with app.app_context():
        database.prepare()
        yield app


def tables(path: Path) -> dict[str, list[dict[str, str]]]:
    """Return the rows of each table of a bundle."""
    bundle = read_bundle(path)
    return {
        name: list(csv.DictReader(io.StringIO(bundle.text(f"{name}.csv"), newline="")))
        for name in TABLES
    }


@pytest.mark.parametrize("slug", SLUGS)
def test_out_in_elsewhere_and_out_again_is_the_same_bytes(
    lab: Lab, elsewhere: Flask, slug: str, tmp_path: Path
) -> None:
    first = lab.bundles[slug].read_bytes()
    assert export(lab.app, slug, tmp_path / "again.zip").read_bytes() == first
    result = run(elsewhere, "import", str(lab.bundles[slug]))
    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"Imported {slug}: ")
    assert export(elsewhere, slug, tmp_path / "there.zip").read_bytes() == first


@pytest.mark.parametrize("slug", SLUGS)
def test_every_number_of_an_imported_study_is_equal(lab: Lab, elsewhere: Flask, slug: str) -> None:
    def numbers() -> dict[str, object]:
        study = lifecycle.find_study(slug)
        made = (
            records.judgement_records, records.reused_records, records.preference_records,
            records.listen_records, records.flag_records, records.assignment_records,
            records.slot_records, records.pool_records, records.list_records,
            records.withdrawal_records, rater_records,
        )  # fmt: skip
        lines = [(one.report, one.verdict, one.heard, one.finished) for one in rater_lines(study)]
        tables = {one.__name__: list(one(study)) for one in made}
        return tables | {"lines": lines, "terms": study.terms, "dates": study.opened_at}

    with lab.app.app_context():
        here = numbers()
    import_study(lab.bundles[slug])
    db.session.expire_all()
    assert numbers() == here
    assert any(line[0] and line[0].identities for line in here["lines"]) == ("graded" in slug)


def test_an_imported_study_takes_no_answers_and_has_no_sounds(lab: Lab, elsewhere: Flask) -> None:
    slug = "a-rating-study"
    study = import_study(lab.bundles[slug])
    assert (study.state, study.imported) == ("closed", "open")
    assert json.loads(bundle_files(study)["study.json"])["state"] == "open"
    with pytest.raises(InputError, match="is closed; raters are invited to an open one"):
        people.invite(study, 1)
    with pytest.raises(InputError, match="only an open one is closed"):
        lifecycle.close_study(study)
    rater = study.raters[0]
    assert people.where(rater).name in ("closed", "done")
    with lab.app.app_context():
        known = set(db.session.scalars(sa.select(Rater.token)))
    assert known.isdisjoint(one.token for one in study.raters)
    assert {one.sound for query in study.queries for one in query.candidates} == {""}
    page = f"/r/{slug}/{rater.token}"
    assert elsewhere.test_client().get(f"{page}/sounds/{'0' * 32}").status_code == 404


@pytest.mark.parametrize("slug", SLUGS)
def test_the_codebook_has_every_file_and_exactly_the_columns(lab: Lab, slug: str) -> None:
    bundle = read_bundle(lab.bundles[slug])
    parts = re.split(r"^## ", bundle.text("CODEBOOK.md"), flags=re.MULTILINE)[1:]
    named = {part.split("\n")[0]: re.findall(r"^- `(.+?)`: .+", part, re.M) for part in parts}
    assert named.pop("Other files") == list(FILES)
    for file, columns in named.items():
        assert bundle.text(file).split("\n")[0].split(",") == columns
    described = [re.escape(name) for name in [*named, *FILES]]
    pattern = "|".join(described).replace("FACET", r"\w+").replace("SYSTEM", r"[\w.-]+")
    assert [name for name in bundle.files if not re.fullmatch(pattern, name)] == []
    assert set(named) <= set(bundle.files)
    assert "- `before.age`: before: How old are you?\n" in bundle.text("CODEBOOK.md")


def test_a_bundle_says_what_happened(lab: Lab) -> None:
    found = tables(lab.bundles["a-graded-study"])
    judged = found["judgements"]
    assert {row["rater"] for row in judged} == {"rater-001", "rater-002", "rater-005"}
    assert {row["facet"] for row in judged} == {"semantic", "acoustic"}
    assert {"0", "1"} == {row["counts"] for row in judged} == {row["repeat"] for row in judged}
    assert {row["kind"] for row in judged} == {"result", "identity", "distractor"}
    asked = {row["query"] for row in found["pools"]}
    assert asked == {"hum-0", "hiss-1", "beep-2"} == {row["query"] for row in judged}
    assert {row["query"] for row in found["listens"]} == asked  # and nothing of practice
    assert {row["partial"] for row in found["pools"]} == {"1"}  # every pool is larger than a block
    assert ";" in "".join(row["block"] for row in found["pools"])
    assert [row["rater"] for row in found["raters"]] == [f"rater-00{n}" for n in (1, 2, 4, 5)]
    assert found["raters"][0]["after.note"] == NOTE
    assert found["raters"][0]["identity_share"] == "1.0"
    assert len(found["withdrawals"]) == 1
    assert int(found["withdrawals"][0]["judgements"]) > 20
    assert {row["query"] for row in found["flags"]} == {"hiss-1"}
    clips = {row["clip"]: row for row in found["clips"]}
    assert clips["hum-0"]["labels"] == "Hum,Machine"
    assert (clips["hum-0"]["leaf_labels"], clips["hum-0"]["families"]) == ("Hum", "Things")
    assert (clips["hum-0"]["licence"], clips["hum-0"]["author"]) == ("CC0", "somebody")


def test_objective_scores_are_those_of_the_collection(lab: Lab) -> None:
    small = open_collection(lab.app.config["DATA"], "small")
    known = read_objective(small, GOOD)["conventions"]["corrected"]
    rows = [
        row for row in tables(lab.bundles["a-rating-study"])["objective"]
        if (row["system"], row["convention"]) == (GOOD, "corrected")
    ]  # fmt: skip
    by_name = {(row["level"], row["query"], row["name"]): row for row in rows}
    assert float(by_name["macro", "", ""]["ap15"]) == known["macro"]["map@15"]
    assert float(by_name["micro", "", ""]["r1"]) == known["micro"]["mr1"]
    assert float(by_name["class", "", "Hum"]["ap150"]) == known["classes"]["Hum"]["map@150"]
    levels = [key for key in by_name if key[0] == "query"]
    wanted = {("hum-0", "Hum"), ("hum-0", "Machine"), ("hum-0", "")}
    assert {key[1:] for key in levels if key[1] == "hum-0"} == wanted
    assert {key[1] for key in levels} == {"hum-0", "hiss-1", "beep-2"}


def test_trec_files_hold_means_and_ranks(lab: Lab) -> None:
    slug = "a-graded-study"
    bundle, found = read_bundle(lab.bundles[slug]), tables(lab.bundles[slug])
    grades: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for row in found["judgements"]:
        what = (row["kind"], row["facet"], row["counts"], row["repeat"])
        if what == ("result", "acoustic", "1", "0"):
            place = grades.setdefault((row["query"], row["candidate"]), [])
            place.append((row["rater"], int(row["grade"])))
    passed = {row["rater"] for row in found["raters"] if row["passed"] == "1"}
    for file, kept in (("acoustic", set(map("rater-00{}".format, range(9)))),
                       ("acoustic.screened", passed)):  # fmt: skip
        lines = [line.split(" ") for line in bundle.text(f"qrels/{file}.txt").splitlines()]
        wanted = {}
        for key, given in grades.items():
            numbers = [grade for rater, grade in given if rater in kept]
            if numbers:
                wanted[key] = int(sum(numbers) / len(numbers) + 0.5)
        assert {(query, clip): int(grade) for query, _, clip, grade in lines} == wanted
    run = [line.split(" ") for line in bundle.text(f"runs/{GOOD}.txt").splitlines()]
    ranked = {(row["query"], row["candidate"]): row[f"rank.{GOOD}"] for row in found["pools"]}
    assert {(query, clip): rank for query, _, clip, rank, *_ in run} == {
        key: rank for key, rank in ranked.items() if rank
    }
    assert [line[4] for line in run[:6]] == ["6", "5", "4", "3", "2", "1"]
    assert {line[5] for line in run} == {GOOD}


def test_a_zip_is_sorted_dated_alike_and_has_its_checksums(lab: Lab, tmp_path: Path) -> None:
    path = lab.bundles["a-graded-study"]
    with zipfile.ZipFile(path) as bundle:
        entries = bundle.infolist()
        sums = bundle.read("SHA256SUMS").decode()
        contents = {one.filename: bundle.read(one) for one in entries}
    names = [one.filename for one in entries]
    assert names == sorted(names)
    assert {one.date_time for one in entries} == {(1980, 1, 1, 0, 0, 0)}
    listed = dict(reversed(line.split("  ")) for line in sums.splitlines())
    del contents["SHA256SUMS"]
    assert listed == {name: hashlib.sha256(one).hexdigest() for name, one in contents.items()}
    (tmp_path / "the.toml").write_bytes(contents["protocol.toml"])
    facts = json.loads(contents["study.json"])
    digest = hashlib.sha256(contents["protocol.json"]).hexdigest()
    assert read_protocol(tmp_path / "the.toml").sha256() == digest == facts["protocol_sha256"]


def test_what_ties_a_pseudonym_to_a_person_leaves_in_payments_alone(lab: Lab) -> None:
    whole = b"".join(path.read_bytes() for path in lab.bundles.values())
    with lab.app.app_context():
        tokens = list(db.session.scalars(sa.select(Rater.token)))
        ids = list(db.session.scalars(sa.select(ExternalId.value)))
    assert len(ids) == 8
    assert [secret for secret in tokens + ids if secret.encode() in whole] == []
    assert b"/audio/" not in whole  # nor where anything lies
    result = run(lab.app, "payments", "a-rating-study", "-o", "-")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [(row["rater"], row["stage"], row["code"], row["blocks"]) for row in rows] == [
        ("rater-001", "done", "C0DE", "3"),
        ("rater-002", "done", "C0DE", "3"),
        ("rater-004", "declined", "N0", "0"),
        ("rater-005", "judging", "", "0"),
    ]
    assert rows[1]["id.PROLIFIC_PID"] == "person-1-of-a-rating-study"


def test_a_child_has_the_judgements_that_it_uses_again(lab: Lab) -> None:
    parent, child = (tables(lab.bundles[slug]) for slug in ("a-graded-study", "a-graded-study-2"))
    reused = {
        (row["query"], row["candidate"]) for row in child["pools"] if row["reused"] == "1"
    }  # fmt: skip
    assert reused
    wanted = [
        (f"a-graded-study/{row['rater']}", row["uuid"], row["grade"], row["counts"])
        for row in parent["judgements"]
        if row["kind"] == "result" and row["repeat"] == "0"
        and (row["query"], row["candidate"]) in reused
    ]  # fmt: skip
    found = [row for row in child["judgements"] if row["study"] == "a-graded-study"]
    assert [(row["rater"], row["uuid"], row["grade"], row["counts"]) for row in found] == wanted
    assert any(row[f"rank.{OTHER}"] for row in found)  # credited to the new system, too
    verdicts = {row["rater"]: row["passed"] for row in parent["raters"]}
    others = {row["rater"]: row["passed"] for row in child["raters"] if "/" in row["rater"]}
    assert others == {name: verdicts[name.split("/")[1]] for name, *_ in wanted}


def test_what_was_frozen_outlives_the_collection(lab: Lab, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(lab.app.config["DATA"], copy)
    app = create_app({"TESTING": True, "DATA": copy})
    small = open_collection(copy, "small")
    with app.app_context():
        shutil.rmtree(copy / "studies" / "a-rating-study")  # as of a time when nothing was kept
        assert bundle_files(lifecycle.find_study("a-rating-study"))["clips.csv"]
        db.session.rollback()
        remove_ranking(small, GOOD)
        remove_collection(copy, "small")
        assert export(app, "a-rating-study", tmp_path / "later.zip")
        shutil.rmtree(copy / "studies" / "a-preference-study")
        with pytest.raises(InputError, match="There is no collection 'small'"):
            bundle_files(lifecycle.find_study("a-preference-study"))
    late = read_bundle(tmp_path / "later.zip").files
    first = read_bundle(lab.bundles["a-rating-study"]).files
    practised = set(first["clips.csv"].splitlines()) - set(late["clips.csv"].splitlines())
    assert {name for name in first if first[name] != late[name]} <= {"SHA256SUMS", "clips.csv"}
    assert bool(practised) == (first["clips.csv"] != late["clips.csv"])


def test_a_draft_has_nothing_to_export(elsewhere: Flask) -> None:
    terms = parse_protocol(protocol("graded"), "the test")
    study = Study(slug="x", title="x", protocol=terms.as_json(), state="draft")
    with pytest.raises(InputError, match="The study 'x' is a draft"):
        bundle_files(study)
    with pytest.raises(InputError, match="The study 'x' is a draft"):
        table_text(study, "clips")
    assert not (elsewhere.config["DATA"] / "studies").exists()


Files = dict[str, bytes]


def changed(file: str, old: str, new: str) -> Callable[[Files], None]:
    """Return what replaces the first `old` in a file by `new`, its checksum following."""

    def change(files: Files) -> None:
        text = files[file].decode()
        assert old in text
        files[file] = text.replace(old, new, 1).encode()

    return change


def cell(file: str, column: str, value: str, *, kind: str = "") -> Callable[[Files], None]:
    """Return what changes a cell of the first row (of a kind) of a table."""

    def change(files: Files) -> None:
        rows = list(csv.reader(io.StringIO(files[file].decode(), newline="")))
        header = rows[0]
        row = next(one for one in rows[1:] if not kind or one[header.index("kind")] == kind)
        row[header.index(column)] = value
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
        files[file] = text.getvalue().encode()

    return change


def repeated(file: str) -> Callable[[Files], None]:
    """Return what puts the first row of a table there twice."""

    def change(files: Files) -> None:
        header, row, *rest = files[file].splitlines(keepends=True)
        files[file] = b"".join([header, row, row, *rest])

    return change


def without(name: str) -> Callable[[Files], None]:
    """Return what takes a file out."""
    return lambda files: files.pop(name) and None


def added(name: str) -> Callable[[Files], None]:
    """Return what puts a file in."""
    return lambda files: files.update({name: b"x"})


WRONG = {
    "missing": (without("pools.csv"), "the file pools.csv is missing"),
    "traversal": (added("../../evil.csv"), r"holds '../../evil.csv', which is no part"),
    "unknown": (added("notes.txt"), r"holds 'notes.txt', which is no part"),
    "form": (
        changed("study.json", '"bundle": 1', '"bundle": 2'),
        r"study.json: bundle must be 1, the form that is read here, not 2",
    ),
    "json": (changed("study.json", "{", "{,"), r"study.json, line 1: not valid JSON"),
    "key": (changed("study.json", '"slug"', '"slag"'), r"study.json: slug is missing; is slag mea"),
    "state": (changed("study.json", '"open"', '"draft"'), "state must be one of open, closed, not"),
    "date": (changed("study.json", '"opened_at": "2', '"opened_at": "x'), "opened_at must be a mo"),
    "level": (changed("study.json", '"level": -', '"level": "x", "y": -'), "level must be a numb"),
    "protocol": (
        changed("protocol.json", '"depth": 6', '"depth": 4'),
        r"protocol.json: the SHA-256 is \w{64}, not \w{64} as study.json says",
    ),
    "slug": (
        changed("study.json", "a-graded-study", "another"),
        "slug must be 'a-graded-study', the protocol's, not 'another'",
    ),
    "systems": (
        changed("study.json", GOOD, "better.l2.mcss"),
        "systems must be good.l2.mcss, random.l2.mcss, the protocol's, not",
    ),
    "column": (
        changed("judgements.csv", ",grade,", ",score,"),
        "judgements.csv, line 1: the column grade is missing",
    ),
    "more columns": (
        changed("listens.csv", "uuid\n", "uuid,more\n"),
        "listens.csv, line 1: the column 'more' is not known",
    ),
    "order of columns": (
        changed("flags.csv", "rater,query", "query,rater"),
        "flags.csv, line 1: the columns must be rater, query",
    ),
    "cells": (repeated("withdrawals.csv"), ""),
    "too few cells": (
        changed("withdrawals.csv", "Z,", "Z"),
        "withdrawals.csv, line 2: it must have 2 cells, not 1",
    ),
    "csv": (changed("clips.csv", "\n", '\n"'), r"clips.csv, line \d+: not valid CSV"),
    "utf-8": (
        lambda files: files.update({"raters.csv": b"\xff"}),
        r"raters.csv: the text is not UTF-8 \(byte 0\)",
    ),
    "number": (
        cell("judgements.csv", "grade", "many"),
        "judgements.csv, line 2: grade must be a whole number, not 'many'",
    ),
    "moment": (
        cell("judgements.csv", "given_at", "2026-02-31T00:00:00.000000Z"),
        "line 2: given_at must be a moment such as",
    ),
    "grade": (
        cell("judgements.csv", "grade", "7"),
        "judgements.csv, line 2: the scale has no grade 7 for 'semantic'",
    ),
    "candidate": (
        cell("judgements.csv", "candidate", "nobody", kind="result"),
        r"judgements.csv, line \d+: there is no result 'nobody' in the pool of ",
    ),
    "another place": (
        cell("judgements.csv", "position", "99"),
        r"judgements.csv, line 2: slots.csv says otherwise of rater-001, '[\w-]+', 99",
    ),
    "another block": (
        cell("listens.csv", "block", "9"),
        "listens.csv, line 2: rater-001 was not given block 9 of ",
    ),
    "id": (cell("judgements.csv", "uuid", "x"), "line 2: uuid must be one, and there once, not "),
    "twice": (repeated("judgements.csv"), "judgements.csv, line 3: uuid must be one"),
    "pool twice": (repeated("pools.csv"), "pools.csv, line 3: the candidate .* is there twice"),
    "kind": (cell("pools.csv", "kind", "x"), "kind must be one of result, identity, distractor"),
    "blocks": (cell("pools.csv", "block", "1,2"), "block must be as in 1;2, not '1,2'"),
    "score": (
        cell("pools.csv", f"score.{GOOD}", "", kind="result"),
        "",
    ),
    "rater": (cell("raters.csv", "rater", "Eve"), "rater must be as rater-001 and there once"),
    "rater twice": (
        cell("raters.csv", "rater", "rater-002"), "rater must be as rater-001 and there once"
    ),
    "invited": (cell("raters.csv", "invited_at", ""), "line 2: invited_at is missing"),
    "headphones": (cell("raters.csv", "headphones", "six"), "headphones must be as 3;6, not 'six'"),
    "flag": (cell("raters.csv", "joined", "yes"), "line 2: joined must be 0 or 1, not 'yes'"),
    "no rater": (cell("assignments.csv", "rater", "rater-009"), "there is no rater 'rater-009'"),
    "no block": (cell("assignments.csv", "block", "9"), "has no block 9"),
    "query twice": (repeated("assignments.csv"), "line 3: the query .* is there twice"),
    "slot twice": (repeated("slots.csv"), "slots.csv, line 3: the position 1 is there twice"),
    "clip": (
        changed("clips.csv", "\nhum-0,", "\nhum-zero,"),
        "clips.csv: the clip 'hum-0' in the pool of 'hum-0' is missing",
    ),
    "provenance": (changed("systems.json", "{", "["), "systems.json, line 2: not valid JSON"),
    "list": (changed("lists.csv", "list_of\n", "list_of\nx,1,y\n"), "there is no query 'x'"),
}  # fmt: skip
WRONG = {name: case for name, case in WRONG.items() if case[1]}


@pytest.mark.parametrize("case", list(WRONG))
def test_a_wrong_bundle_is_one_sentence_and_leaves_nothing(
    lab: Lab, elsewhere: Flask, case: str, tmp_path: Path
) -> None:
    change, sentence = WRONG[case]
    files = read_bundle(lab.bundles["a-graded-study"]).files
    del files["SHA256SUMS"]
    if case == "state":  # the first study is closed
        files = read_bundle(lab.bundles["a-graded-study-2"]).files
        del files["SHA256SUMS"]
    change(files)
    path = tmp_path / "wrong.zip"
    with path.open("wb") as file:
        write_bundle(file, files)
    refused(elsewhere, path, r"wrong\.zip: .*" + sentence)


def refused(app: Flask, path: Path, sentence: str) -> None:
    """Import a bundle that must be refused in one sentence, and leave no trace."""
    result = run(app, "import", str(path))
    assert result.exit_code == 1, result.output
    assert re.search(sentence, result.stderr), result.stderr
    assert result.stderr.count("\n") == 1
    assert db.session.scalar(sa.select(sa.func.count(Study.id))) == 0
    db.session.rollback()
    assert not (app.config["DATA"] / "studies").exists()


def test_a_bundle_that_is_none(lab: Lab, elsewhere: Flask, tmp_path: Path) -> None:
    whole = lab.bundles["a-graded-study"].read_bytes()
    path = tmp_path / "b.zip"
    refused(elsewhere, path, "there is no such file")
    path.write_bytes(b"PK is not enough")
    refused(elsewhere, path, r"b\.zip: it cannot be read as a zip: File is not a zip file\.")
    path.write_bytes(whole[: len(whole) // 2])
    refused(elsewhere, path, r"b\.zip: it cannot be read as a zip")
    place = whole.index(b"rater-001")
    path.write_bytes(whole[:place] + b"R" + whole[place + 1 :])
    refused(elsewhere, path, r"b\.zip: it cannot be read as a zip: Bad CRC-32 for file")


def test_checksums_are_looked_at(lab: Lab, elsewhere: Flask, tmp_path: Path) -> None:
    files = read_bundle(lab.bundles["a-graded-study"]).files
    path = tmp_path / "b.zip"

    def write(change: Files) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
            for name, content in (files | change).items():
                bundle.writestr(name, content)

    write({"judgements.csv": files["judgements.csv"] + b"\n"})
    refused(elsewhere, path, r"judgements\.csv: the SHA-256 is \w{64}, not \w{64}\.")
    write({"SHA256SUMS": b"what?"})
    refused(elsewhere, path, r"SHA256SUMS, line 1: it must be a SHA-256 and a name, not 'what\?'")
    write({"SHA256SUMS": files["SHA256SUMS"] + b"0" * 64 + b"  more.csv\n"})
    refused(elsewhere, path, r"the file 'more\.csv' is missing")
    write({"SHA256SUMS": b""})
    refused(elsewhere, path, r"SHA256SUMS: it does not name \S+\.")
    write({})  # compressed by others, and right
    assert import_study(path).slug == "a-graded-study"


def test_what_is_too_large_is_not_read(
    lab: Lab, elsewhere: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundles_file, "LARGEST_FILE", 2**20)
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("judgements.csv", bytes(2**21))
    assert path.stat().st_size < 2**14
    refused(elsewhere, path, "judgements.csv is too large: a file may have 1 MiB")


def test_a_study_of_the_name_stays(lab: Lab, elsewhere: Flask, tmp_path: Path) -> None:
    path = lab.bundles["a-rating-study"]
    import_study(path)
    before = (elsewhere.config["DATA"] / "studies" / "a-rating-study").stat().st_mtime_ns
    with pytest.raises(InputError, match="There is a study 'a-rating-study' already"):
        import_study(path)
    db.session.rollback()
    assert (elsewhere.config["DATA"] / "studies" / "a-rating-study").stat().st_mtime_ns == before
    assert export(elsewhere, "a-rating-study", tmp_path / "x.zip").read_bytes() == path.read_bytes()


def test_what_cannot_be_stored_leaves_nothing(
    lab: Lab, elsewhere: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(db.session, "commit", fail)
    with pytest.raises(OSError, match="disk is full"):
        import_study(lab.bundles["a-rating-study"])
    assert list((elsewhere.config["DATA"] / "studies").iterdir()) == []
    assert db.session.scalar(sa.select(sa.func.count(Rater.id))) == 0


def test_answers_that_are_here_already_are_not_stored_twice(
    lab: Lab, elsewhere: Flask, tmp_path: Path
) -> None:
    import_study(lab.bundles["a-rating-study"])
    files = read_bundle(lab.bundles["a-rating-study"]).files
    del files["SHA256SUMS"]
    terms = files["protocol.json"].replace(b"a-rating-study", b"a-copy")
    facts = json.loads(files["study.json"]) | {"slug": "a-copy"}
    facts["protocol_sha256"] = hashlib.sha256(terms).hexdigest()
    files |= {"protocol.json": terms, "study.json": json.dumps(facts).encode()}
    for name in ("judgements.csv",):
        files[name] = files[name].replace(b"a-rating-study,", b"a-copy,")
    with (tmp_path / "copy.zip").open("wb") as file:
        write_bundle(file, files)
    with pytest.raises(InputError, match=r"something in it is stored here already: .*client_uuid"):
        import_study(tmp_path / "copy.zip")
    assert list(db.session.scalars(sa.select(Study.slug))) == ["a-rating-study"]
    assert [one.name for one in (elsewhere.config["DATA"] / "studies").iterdir()] == [
        "a-rating-study"
    ]


def test_one_table_alone(lab: Lab, tmp_path: Path) -> None:
    bundle = read_bundle(lab.bundles["a-graded-study"])
    out = ["export", "a-graded-study", "-o"]
    assert run(lab.app, *out, "-").stdout == bundle.text("judgements.csv")
    clips = run(lab.app, *out, "-", "--table", "clips").stdout
    assert clips == bundle.text("clips.csv")
    result = run(lab.app, *out, str(tmp_path / "r.csv"), "--table", "raters")
    assert result.exit_code == 0
    assert (tmp_path / "r.csv").read_bytes() == bundle.files["raters.csv"]
    for path, sentence in ((tmp_path, "is a folder"), (tmp_path / "a" / "b", "no such folder")):
        result = run(lab.app, *out, str(path))
        assert result.exit_code == 1
        assert sentence in result.stderr


def test_a_table_reads_back_as_it_was_written() -> None:
    answers = {"a": NOTE, "b": "\r", "c": '"', "d": " x ", "e": "\n"}
    numbers = {"identity_share": 1 / 3, "auc": 1e-7, "retest_noise": None}
    moments = {"invited_at": START, "declined_at": START.replace(microsecond=0)}
    rest = dict.fromkeys(("consented_at", "checked_at", "screened_at", "finished_at"))
    more = ("distractor_below_median", "retest_close", "retest_difference")
    record = RaterRecord(
        rater="r", joined=True, headphones="", identities=-3, distractors=10**17, repeats=0,
        passed=False, reasons="a, b", before=answers, after={}, **numbers, **moments, **rest,
        **dict.fromkeys(more, 2.0),
    )  # fmt: skip
    text = table_csv(RaterRecord, [record, record], {"before": list(answers)})
    assert [one for _, one in read_table(RaterRecord, text, "t")] == [record, record]
    lines = [line for line, _ in read_table(RaterRecord, text, "t")]
    assert text.split("\n")[lines[1] - 1].startswith("r,1,2026-05-01T12:00:00.123456Z,")
    assert read_table(WithdrawalRecord, "withdrawn_at,judgements\n", "t") == []
    with pytest.raises(InputError, match="t, line 1: the column withdrawn_at is missing"):
        read_table(WithdrawalRecord, "", "t")
