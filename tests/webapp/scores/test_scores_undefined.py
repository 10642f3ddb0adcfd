"""Collections of which little can be scored: each gets its table, "–" and the reason."""

import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient, FlaskCliRunner

from embeddings.systems.imported import import_ranking
from embeddings.systems.store import open_embedding
from evaluation.objective.scoring import read_objective
from evaluation.objective.sweep import sweep
from tests.support.labelled import labelled, ranked_at_random
from webapp.scores.state import PARTS

PAIRS = ["A", "A", "B", "B"]
CASES = {
    "every family's classes have one clip": (
        ["S0", "S1", "S2", *PAIRS], {"P": ["S0", "S1"], "Q": ["S2"]}
    ),
    "a family without a class": (PAIRS, {"P": [], "Q": ["A", "B"]}),
    "families of nothing but absent classes": (PAIRS, {"P": ["X"], "Q": ["Y"]}),
    "no families": (PAIRS, {}),
    "one class": (["A"] * 5, {"P": ["A"]}),
    "every class has one clip": (["A", "B", "C", "D"], {"P": ["A", "B"], "Q": ["C"]}),
    "some clips without a label": (["A", "A", "", ""], {"P": ["A"]}),
    "one clip with a label": (["A", "", "", ""], {"P": ["A"]}),
    "two clips": (["A", "A"], {"P": ["A"]}),
}  # fmt: skip
NOTHING = {"every class has one clip", "one clip with a label"}


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_scored_is_a_dash_with_its_reason(
    runner: FlaskCliRunner, experimenter: FlaskClient, data: Path, tmp_path: Path, case: str
) -> None:
    made = labelled(data, "few", *CASES[case])
    for number, name in enumerate(("One", "Two")):
        ranked_at_random(made, name, number)
    said = runner.invoke(args=["evaluate", "few"])
    assert said.exit_code == 0, said.output
    assert "nan" not in said.output
    lines = said.output.splitlines()
    assert all("–:" in line for line in lines if " – " in line)
    first = next(line for line in lines if line.startswith("One · "))
    assert ("–: no query has another relevant clip" in first) == (case in NOTHING)
    parts = [f"/scores/few/{part}" for part in PARTS]
    micro = "/scores/few?convention=cbmi2024&average=micro"
    for path in ("/scores/few", micro, *parts, "/browse/few"):
        page = experimenter.get(path, follow_redirects=True)
        assert page.status_code == 200
        assert ">nan<" not in page.text
    for table in ("systems", "families", "classes", "comparison"):
        assert experimenter.get(f"/scores/few/tables/{table}.csv").status_code == 200
    report = tmp_path / "report.html"
    said = runner.invoke(args=["report", "few", "-o", str(report)])
    assert said.exit_code == 0, said.output
    assert ">nan<" not in report.read_text(encoding="utf-8")
    sweep(made, open_embedding(made, "one"))
    choice = runner.invoke(args=["rankings", "choose", "few", "--split-half", "1"]).output
    assert "nan" not in choice
    assert ("undefined in every cell: no query has another rel" in choice) == (case in NOTHING)
    assert experimenter.get("/scores/few").status_code == 200


def test_a_family_says_why_it_has_no_score(runner: FlaskCliRunner, data: Path) -> None:
    labels, families = CASES["every family's classes have one clip"]
    ranked_at_random(labelled(data, "few", labels, families), "One", 1)
    lines = runner.invoke(args=["evaluate", "few"]).output.splitlines()
    own = {line.split()[0]: line for line in lines if line.startswith("  ")}
    assert own["P"].count("–") == 4  # three measures, and the reason
    assert own["P"].endswith("  2 classes, –: no query has another relevant clip")


def test_clips_that_cannot_be_scored_at_all_are_a_sentence(
    runner: FlaskCliRunner, experimenter: FlaskClient, data: Path
) -> None:
    ranked_at_random(labelled(data, "bare", ["", "", ""], {"P": ["A"]}), "One", 1)
    said = runner.invoke(args=["evaluate", "bare"])
    assert said.exit_code == 1
    assert (
        "left out: The system 'one.l2.mcss' cannot be scored: No clip has a label, so there is "
        "nothing to score against." in said.output
    )
    assert "Error: No system of 'bare' could be scored." in said.output
    assert experimenter.get("/scores/bare").status_code == 200


def test_a_ranking_of_one_query(
    runner: FlaskCliRunner, experimenter: FlaskClient, data: Path, tmp_path: Path
) -> None:
    labels = ["A", "A", "B", "B", "", *["C"] * 16]
    made = labelled(data, "few", labels, {"P": ["A"], "Q": ["B", "C"]})
    for query in ("c00", "c04"):
        others = [one for one in made.index if one != query]
        results = [{"result_fname": one, "score": 1.0} for one in others[:16]]
        file = tmp_path / f"{query}.json"
        file.write_text(json.dumps({"query_fname": query, "results": results}))
        import_ranking(made, f"by-{query}", file)
    said = runner.invoke(args=["evaluate", "few"])
    assert said.exit_code == 0, said.output
    lines = {line.split()[0]: line for line in said.output.splitlines() if line.strip()}
    assert "nan" not in said.output
    first = read_objective(made, "by-c00")
    assert first
    own = first["conventions"]["corrected"]
    assert own["macro"] == own["micro"] == dict.fromkeys(("map@15", "map@150", "mr1"), 1.0)
    nothing = dict.fromkeys(("map@15", "map@150", "mr1"))
    assert own["families"]["Q"] == {**nothing, "clips": 0, "classes": 0}
    second = read_objective(made, "by-c04")
    assert second
    assert second["conventions"]["corrected"]["classes"] == {}
    assert second["conventions"]["corrected"]["macro"] == nothing
    assert "by-c04" in lines
    assert lines["Q"].endswith("  0 classes, –: none of them has a query")
    measured = ("/scores/few?measure=map@150", "/scores/few/compare?measure=map@150")
    for path in ("/scores/few", *measured, "/browse/few?query=c00"):
        assert experimenter.get(path).status_code == 200
    report = runner.invoke(args=["report", "few", "-o", str(tmp_path / "report.html")])
    assert report.exit_code == 0, report.output


def test_a_system_that_breaks_keeps_no_other_from_its_scores(
    runner: FlaskCliRunner, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = labelled(data, "few", PAIRS, {"P": ["A", "B"]})
    for number, name in enumerate(("Cut", "Good", "Odd")):
        ranked_at_random(made, name, number)
    damaged = made.folder / "rankings" / "cut.l2.mcss" / "transform.npz"
    damaged.write_bytes(damaged.read_bytes()[:40])
    from evaluation.objective import scoring

    score = scoring.score_ranking

    def breaks(collection, ranking, **options):
        if ranking.system.startswith("odd"):
            raise ZeroDivisionError
        return score(collection, ranking, **options)

    monkeypatch.setattr(scoring, "score_ranking", breaks)
    said = runner.invoke(args=["evaluate", "few"])
    assert said.exit_code == 1
    assert "left out: The system 'cut.l2.mcss' cannot be scored: BadZipFile: " in said.output
    assert "left out: The system 'odd.l2.mcss' cannot be scored: ZeroDivisionError" in said.output
    assert "Good · L2 · MCSS" in said.output
    assert read_objective(made, "good.l2.mcss")


def test_the_case_that_was_reported(
    runner: FlaskCliRunner, data: Path, shared: Path, experimenter: FlaskClient
) -> None:
    folder = shared / "cases" / "families-all-single" / "s_partfam"
    if not folder.is_dir():
        pytest.skip("the reference data has no such case")
    ids = str(folder / "clips.csv")
    for args in (
        ["collections", "import", "y", str(folder), "--reader", "csv"],
        ["embeddings", "import", "y", "N", str(folder / "v.npy"), "--ids", ids],
        ["rankings", "build", "y", "N", "--normalise", "l2", "--pca", "none", "--search", "mcss"],
        ["evaluate", "y"],
    ):
        said = runner.invoke(args=args)
        assert said.exit_code == 0, said.output
    families = [line for line in said.output.splitlines() if line.startswith(("  P ", "  Q "))]
    assert len(families) == 2
    assert all(line.count("–") == 4 for line in families)
    page = experimenter.get("/scores/y/families").text
    assert 'id="families-table"' in page
