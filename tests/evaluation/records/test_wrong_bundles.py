"""A wrong bundle is one sentence, and leaves nothing."""

import csv
import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from embeddings.errors import InputError
from evaluation.records import bundle as bundles_file
from evaluation.records.bundle import read_bundle, write_bundle
from evaluation.records.csv_tables import read_table
from evaluation.records.events import WithdrawalRecord
from evaluation.records.facts import RaterRecord
from evaluation.records.frames import table_csv
from tests.support.studies.changed_bundles import (
    Files,
    added,
    cell,
    changed,
    refused,
    repeated,
    without,
    written,
)
from tests.support.studies.lab import GOOD, NOTE, START, Lab, export, run
from webapp.bundles.export_import import import_study
from webapp.core.database import db
from webapp.models import (
    Rater,
    Study,
)

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
    of = "a-graded-study-2" if case == "state" else "a-graded-study"  # the first one is closed
    path = written(tmp_path / "wrong.zip", lab.bundles[of], change)
    refused(elsewhere, path, r"wrong\.zip: .*" + sentence)


def of_another(file: str, column: str, value: str, *, twice: bool = False):
    """Return what changes a cell of the first row of an earlier study, or has that row twice."""

    def change(files: Files) -> None:
        header, *rows = csv.reader(io.StringIO(files[file].decode(), newline=""))
        place = next(n for n, row in enumerate(rows) if "/" in row[header.index("rater")])
        if twice:
            rows.insert(place, rows[place])
        else:
            rows[place][header.index(column)] = value
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows([header, *rows])
        files[file] = text.getvalue().encode()

    return change


J, R = "judgements.csv", "raters.csv"
REUSED = {
    "grade": (of_another(J, "grade", "99999"), "the scale has no grade 99999 for 'semantic'"),
    "facet": (of_another(J, "facet", "x"), "the scale has no grade [0-9]+ for 'x'"),
    "query": (of_another(J, "query", "x"), "no result '.*' of 'x' is used again"),
    "kind": (of_another(J, "kind", "identity"), "no identity '.*' of '.*' is used again"),
    "rank": (of_another(J, "rank.good.l2.mcss", "77"), "pools.csv says otherwise of"),
    "rater": (of_another(J, "rater", "a-graded-study/rater-999"), "there is no rater 'a-graded-s"),
    "study": (of_another(J, "study", "another"), "there is no rater '.*' of the study 'another'"),
    "twice": (of_another(J, "", "", twice=True), "uuid must be there once"),
    "rater twice": (of_another(R, "", "", twice=True), "rater must be as SLUG/rater-001 and there"),
}


@pytest.mark.parametrize("case", list(REUSED))
def test_what_is_used_again_is_looked_at_as_the_studys_own_is(
    lab: Lab, elsewhere: Flask, case: str, tmp_path: Path
) -> None:
    change, sentence = REUSED[case]
    path = written(tmp_path / "wrong.zip", lab.bundles["a-graded-study-2"], change)
    refused(elsewhere, path, r"wrong\.zip: .*" + sentence)


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
