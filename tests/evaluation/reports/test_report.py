"""The report in one file: the numbers of the scores page, without a server or a network."""

import base64
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from embeddings import __version__
from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.files import write_json
from embeddings.systems.store import Ranking, open_embedding
from evaluation.figures.scores.every import score_figures
from evaluation.figures.shown import number
from evaluation.objective.definitions import METRICS
from evaluation.objective.scoreboard import class_table, family_means, family_table, systems_table
from evaluation.objective.sweep import sweep
from evaluation.reports.scores_report import Assets, best_pair, report
from evaluation.reports.scores_tables import class_rows, family_rows, system_rows
from tests.support.browser.barriers import looks, violations
from tests.support.browser.drawn import draw_all
from tests.support.browser.watching import watch

BARE = Assets(styles="p { color: red }", theme="", plotly="/* drawn by Plotly */", scripts=("1",))


def text_of(html: str) -> str:
    """Return a document without its scripts and styles: what a person can read, and the tags."""
    return re.sub(r"<(script|style)\b.*?</\1>", "", html, flags=re.DOTALL)


def files(html: str) -> dict[str, pd.DataFrame]:
    """Return the CSV files that a document holds, by their names."""
    found = re.findall(
        r'href="data:text/csv;charset=utf-8;base64,([^"]*)" download="([^"]*)"', html
    )
    return {
        name: pd.read_csv(io.BytesIO(base64.b64decode(data)), float_precision="round_trip")
        for data, name in found
    }


def test_it_has_every_table_and_figure(small: Collection, ranked: list[Ranking]) -> None:
    sweep(small, open_embedding(small, "random"))
    html = report(small, "corrected", BARE)
    shown = re.findall(r'data-figure="([^"]*)"', html)
    figures = {figure.name: figure for figure in score_figures(small, "corrected")}
    assert sorted(shown) == sorted(figures)
    assert "sweep" in shown
    for name, figure in figures.items():
        assert figure.json() in html, name
        assert files(html)[f"small-figure-{name}-corrected.csv"].shape == figure.table.shape
    for ranking in ranked:
        assert ranking.title in html
    for words in ("convention corrected", "imported", "simulated", __version__,
                  small.info["imported_at"][:10], "18"):  # fmt: skip
        assert words in text_of(html)


def test_its_files_have_the_numbers_as_they_are(small: Collection, ranked: list[Ranking]) -> None:
    found = files(report(small, "cbmi2024", BARE))
    for name, table in (
        ("systems", systems_table(small, "cbmi2024")),
        ("classes", class_table(small, "cbmi2024")),
    ):
        stored = found[f"small-{name}-cbmi2024.csv"]
        assert stored["map@15"].tolist() == table["map@15"].tolist()
        assert stored["provenance"].tolist() == table["provenance"].tolist()
    families = family_table(small, "cbmi2024")
    heat = found["small-figure-families-cbmi2024.csv"]
    assert set(families["map@15"]) <= set(heat["map@15"])


def test_every_cell_is_under_its_heading(small: Collection, ranked: list[Ranking]) -> None:
    systems, classes = systems_table(small, "corrected"), class_table(small, "corrected")
    table = class_rows(systems, classes)
    stored = classes.set_index(["class", "label"])["map@15"]
    for row in table.groups[""]:
        label = row[0].text.replace(" ", "_")
        for heading, cell in list(zip(table.headings, row, strict=True))[3:]:
            assert cell.value == stored[label, heading.title]
    families = family_table(small, "corrected")
    table = family_rows(systems, families, family_means(small, "corrected"))
    known = families.set_index(["title", "family"])["map@15"]
    for rows in table.groups.values():
        for row in rows:
            for heading, cell in list(zip(table.headings, row, strict=True))[1:-1]:
                assert cell.value == known[row[0].text, heading.title]
    table = system_rows(systems, "corrected")
    by_title = systems.set_index("title")
    titles = [heading.title for heading in table.headings]
    assert titles[4:] == [one.title for one in METRICS.values()] * 2
    columns = [*METRICS, *(f"micro_{name}" for name in METRICS)]
    for rows in table.groups.values():
        for row in rows:
            assert [one.value for one in row[4:]] == by_title.loc[row[0].text, columns].tolist()


def test_the_same_scores_give_the_same_bytes(small: Collection, ranked: list[Ranking]) -> None:
    assert report(small, "corrected", BARE) == report(small, "corrected", BARE)
    assert report(small, "corrected", BARE) != report(small, "cbmi2024", BARE)


def test_it_says_nothing_of_the_machine(small: Collection, ranked: list[Ranking]) -> None:
    assert str(small.folder.parent) not in report(small, "corrected", BARE)
    assert small.info["source"] not in report(small, "corrected", BARE)


def test_it_asks_no_server_for_anything(small: Collection, ranked: list[Ranking]) -> None:
    page = text_of(report(small, "corrected", BARE))
    addresses = re.findall(r'(?:href|src|action)="([^"]*)"', page)
    assert addresses
    assert all(one.startswith(("#", "data:")) for one in addresses)
    assert "default-src 'none'" in page


def test_words_of_others_are_shown_and_not_run(small: Collection, ranked: list[Ranking]) -> None:
    small.info["title"] = "<img src=x>"
    small.info["description"] = '"><script>alert(1)</script>'
    path = small.folder / "rankings" / ranked[0].system / "meta.json"
    write_json(path, ranked[0].meta | {"title": "</script><b>Good</b> · x"})
    html = report(small, "corrected", BARE)
    assert "<img src=x>" not in html
    assert "<script>alert" not in html
    assert "</script><b>" not in html


def test_simulated_systems_are_in_groups_of_their_own(
    small: Collection, ranked: list[Ranking]
) -> None:
    page = report(small, "corrected", BARE)
    table = re.search(r'<table[^>]*id="systems-table".*?</table>', page, re.DOTALL)
    assert table
    bodies = re.findall(r"<tbody>.*?</tbody>", table.group(), re.DOTALL)
    assert len(bodies) == 2
    assert "Simulated: made vectors" in bodies[1]
    assert [("Good" in body, "Random ranking" in body) for body in bodies] == [
        (True, False), (False, True),
    ]  # fmt: skip
    assert "provenance-simulated" in bodies[1]
    assert "provenance-simulated" not in bodies[0]


def test_a_pair_is_of_one_kind_the_better_one_second() -> None:
    def of(**scores: tuple[str, float]) -> pd.DataFrame:
        rows = [(name, kind, value) for name, (kind, value) in scores.items()]
        return pd.DataFrame(rows, columns=["system", "provenance", "map@15"])

    made = {"c": ("simulated", 0.9), "d": ("simulated", 0.8)}
    assert best_pair(of(a=("computed", 0.3), b=("imported", 0.2), **made)) == ("b", "a")
    assert best_pair(of(a=("computed", 0.3), **made)) == ("d", "c")
    assert best_pair(of(a=("computed", 0.3), c=("simulated", 0.9))) is None
    assert best_pair(of(a=("computed", 0.3), b=("computed", float("nan")))) is None


def test_two_systems_are_compared(small: Collection, ranked: list[Ranking]) -> None:
    assert 'data-figure="classes"' not in report(small, "corrected", BARE)  # one of each kind
    html = report(small, "corrected", BARE, (ranked[0].system, ranked[1].system))
    assert 'data-figure="classes"' in html
    assert 'id="compared-table"' in html
    with pytest.raises(InputError, match="no scored system 'none'"):
        report(small, "corrected", BARE, (ranked[0].system, "none"))


def test_without_scores_there_is_no_report(small: Collection) -> None:
    with pytest.raises(
        InputError, match="No system of 'small' is scored yet: flask evaluate small"
    ):
        report(small, "corrected", BARE)


@pytest.mark.parametrize(
    ("value", "form", "text"), [(0.12345, "{:.3f}", "0.123"), (-0.5, "{:+.2f}", "−0.50")]
)
def test_a_number_is_rounded_where_it_is_shown_alone(value: float, form: str, text: str) -> None:
    cell = number(value, form)
    assert (cell.text, cell.value) == (text, value)
    assert number(float("nan")).text == "–"
    assert number(3.25, "{:.2f}", at_least=True).text == "≥ 3.25"


def test_the_command_writes_a_file_and_replaces_none(
    runner: FlaskCliRunner, ranked: list[Ranking], tmp_path: Path
) -> None:
    path = tmp_path / "scores.html"
    done = runner.invoke(args=["report", "small", "-o", str(path)])
    assert done.exit_code == 0, done.output
    assert done.output.startswith(f"Wrote {path}: ")
    assert "convention corrected" in done.output
    first = path.read_bytes()
    again = runner.invoke(args=["report", "small", "-o", str(path), "--convention", "cbmi2024"])
    assert again.exit_code == 1
    assert again.output.strip().endswith(
        "is there already, and stays as it is; --force replaces it."
    )
    assert path.read_bytes() == first
    forced = runner.invoke(args=["report", "small", "-o", str(path), "--force"])
    assert forced.exit_code == 0
    assert path.read_bytes() == first
    assert b"plotly.js v" in first
    assert [one.name for one in tmp_path.glob("*.html")] == ["scores.html"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nothing"], "There is no collection 'nothing'"),
        (["small", "-o", "."], "is a folder; -o must name a file"),
        (["small", "-o", "no/such/file.html"], "there is no such folder to write to"),
        (["small", "--compare", "good.l2.mcss", "bad"], "no scored system 'bad'"),
    ],
)
def test_the_command_says_what_is_wrong(
    app: Flask,
    runner: FlaskCliRunner,
    ranked: list[Ranking],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = runner.invoke(args=["report", *arguments])
    assert done.exit_code == 1
    assert sentence in done.output
    assert not list(tmp_path.glob("*.html"))


@pytest.fixture
def written(
    runner: FlaskCliRunner, small: Collection, ranked: list[Ranking], tmp_path: Path
) -> str:
    """The address of a written report."""
    sweep(small, open_embedding(small, "random"))
    systems = ["--compare", ranked[0].system, ranked[1].system]
    path = tmp_path / "report.html"
    assert runner.invoke(args=["report", "small", "-o", str(path), *systems]).exit_code == 0
    return path.as_uri()


@pytest.fixture
def opened(browser: Any, written: str) -> Iterator[Callable[..., Any]]:
    """Return a function that opens the report in a browser without a network."""
    tabs = []

    def show(width: int = 1280, scheme: str = "light", **options: Any) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, **options
        )
        context.set_offline(True)
        tab = context.new_page()
        watch(tab)
        tab.asked = []
        tab.on("request", lambda request: tab.asked.append(request.url))
        tab.goto(written)
        draw_all(tab)
        tabs.append(tab)
        return tab

    yield show
    for tab in tabs:
        tab.context.close()


@pytest.mark.browser
def test_it_opens_without_a_network(opened: Callable[..., Any], written: str) -> None:
    tab = opened()
    assert tab.locator("figure[data-drawn]").count() == 5
    assert tab.locator(".heatmaplayer image").count() >= 3
    light = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    tab.get_by_role("button", name="Dark").click()
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") != light
    with tab.expect_download() as download:
        tab.locator("#figure-families [data-save=svg]").click()
    assert "simulated" in download.value.path().read_text()
    with tab.expect_download() as download:
        tab.locator('a[download="small-systems-corrected.csv"]').click()
    assert download.value.path().read_text().startswith("system,label,title")
    assert [one for one in tab.asked if not one.startswith(("data:", "blob:"))] == [written]
    assert tab.problems == []


@pytest.mark.browser
def test_tables_sort_inside_their_groups_and_classes_are_found(opened: Callable[..., Any]) -> None:
    tab = opened()

    def sort(table: str, title: str) -> None:
        tab.locator(f"#{table}-table thead button", has_text=title).first.click()

    def cells(column: int) -> list[str]:
        rows = tab.locator("#classes-table tbody tr").all()
        return [row.locator("th, td").nth(column).get_attribute("data-v") for row in rows]

    before = cells(0)
    sort("classes", "Class")
    assert cells(0) == sorted(before)
    sort("classes", "Class")
    assert cells(0) == sorted(before, reverse=True)
    heading = tab.locator("#classes-table thead th").first
    assert heading.get_attribute("aria-sort") == "descending"
    sort("classes", "Good")
    values = [float(one) for one in cells(3)]
    assert values == sorted(values, reverse=True)
    sort("systems", "MR1")
    bodies = tab.locator("#systems-table tbody").all_inner_texts()
    assert "Good" in bodies[0]
    assert bodies[1].startswith("Simulated")
    tab.get_by_label("Find a class or family").fill("hum")
    shown = tab.locator("#classes-table tbody tr:visible")
    assert shown.count() == 1
    assert tab.locator("#found").inner_text() == "1 of 5 classes"
    assert tab.problems == []


@pytest.mark.browser
@looks("width", (1280, 360))
def test_no_barrier_and_nothing_sideways(
    opened: Callable[..., Any], width: int, scheme: str
) -> None:
    tab = opened(width, scheme, bypass_csp=True)
    assert tab.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert violations(tab) == ""
