"""A study as a bundle: out, in elsewhere, and out again with the same bytes."""

import csv
import hashlib
import io
import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from embeddings.collection.clips import open_collection, remove_collection
from embeddings.errors import InputError
from embeddings.systems.store import remove_ranking
from evaluation.objective.scoring import read_objective
from evaluation.protocol.reading import parse_protocol, read_protocol
from evaluation.records.bundle import read_bundle, write_bundle
from evaluation.records.codebook import FILES, TABLES
from tests.support.studies.lab import GOOD, NOTE, OTHER, SLUGS, Lab, export, protocol, run
from webapp import create_app
from webapp.bundles.export_import import bundle_files, import_study, table_text
from webapp.core.database import db
from webapp.models import (
    ExternalId,
    Rater,
    Study,
)
from webapp.rating import people
from webapp.study import lifecycle
from webapp.study.rater_lines import rater_lines
from webapp.tables.selects import SELECTS
from webapp.tables.study_tables import Tables


def tables(path: Path) -> dict[str, list[dict[str, str]]]:
    """Return the rows of each table of a bundle."""
    bundle = read_bundle(path)
    return {
        name: list(csv.DictReader(io.StringIO(bundle.text(f"{name}.csv"), newline="")))
        for name in TABLES
        if f"{name}.csv" in bundle.files
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
        made = Tables(study)
        lines = [(one.report, one.verdict, one.heard, one.finished) for one in rater_lines(study)]
        told = {name: made.table(name).to_csv() for name in SELECTS}
        return told | {"lines": lines, "terms": study.terms, "dates": study.opened_at}

    with lab.app.app_context():
        here = numbers()
    import_study(lab.bundles[slug])
    db.session.expire_all()
    assert numbers() == here
    assert any(line[0] and line[0].identities for line in here["lines"]) == ("graded" in slug)


@pytest.mark.parametrize("slug", SLUGS)
def test_a_query_of_which_nothing_was_pooled_comes_back_alone(
    lab: Lab, elsewhere: Flask, slug: str, tmp_path: Path
) -> None:
    files = dict(read_bundle(lab.bundles[slug]).files)
    del files["SHA256SUMS"]
    for name in (one for one in SELECTS if f"{one}.csv" in files):
        files[f"{name}.csv"] = files[f"{name}.csv"].split(b"\n")[0] + b"\n"
    told = {"query": "hum-0", "query_class": "Hum", "weight": "0.5", "block": "1;2", "partial": "1"}
    header = files["pools.csv"].decode().strip().split(",")
    row = ",".join((told | {"reused": "0"}).get(name, "") for name in header)
    files["pools.csv"] += f"{row}\n".encode()
    with (tmp_path / "alone.zip").open("wb") as file:
        write_bundle(file, files)
    found = bundle_files(import_study(tmp_path / "alone.zip"))
    assert {name: found[name] for name in found if name.endswith(".csv")} == {
        name: files[name] for name in files if name.endswith(".csv")
    }


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
        remove_ranking(small, GOOD)
        remove_collection(copy, "small")
        assert export(app, "a-rating-study", tmp_path / "later.zip")
        shutil.rmtree(copy / "studies" / "a-preference-study")
        with pytest.raises(InputError, match=r"'a-preference-study' has lost clips\.csv"):
            bundle_files(lifecycle.find_study("a-preference-study"))
    assert (
        read_bundle(tmp_path / "later.zip").files
        == read_bundle(lab.bundles["a-rating-study"]).files
    )


def test_a_draft_has_nothing_to_export(elsewhere: Flask) -> None:
    terms = parse_protocol(protocol("graded"), "the test")
    study = Study(slug="x", title="x", protocol=terms.as_json(), state="draft")
    with pytest.raises(InputError, match="The study 'x' is a draft"):
        bundle_files(study)
    with pytest.raises(InputError, match="The study 'x' is a draft"):
        table_text(study, "clips")
    assert not (elsewhere.config["DATA"] / "studies").exists()
