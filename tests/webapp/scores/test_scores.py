"""The page of scores: every number as stored, named, told apart, and downloaded."""

import json
import re

import pytest
from flask.testing import FlaskClient

from embeddings.collection.clips import Collection
from embeddings.search.processing import Recipe
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import Ranking, open_embedding
from evaluation.objective.beside_published import COMPARISONS
from evaluation.objective.definitions import METRICS
from evaluation.objective.scoring import score_ranking
from tests.support.pages.score_tables import Table, download, lines, shown
from tests.support.scoreboard import GOOD, RANDOM, disguise, edit
from webapp.scores.state import PARTS

CBMI = "convention=cbmi2024"
BESIDE = {
    "map@15": ("{:.2f}", "{:+.2f}"),
    "map@150": ("{:.2f}", "{:+.2f}"),
    "mr1": ("{:.0f}", "{:+.1f}"),
}
"""How published values, and differences from them, are shown."""


def names(page: str, table: str = "systems-table") -> list[str]:
    """Return the first cell of each row below the headings: groups and systems in their order."""
    return [row[0] for row in lines(page, table) if len(row) > 1 or row[0]][1:]


@pytest.fixture
def known(small: Collection, ranked: list[Ranking]) -> Collection:
    """The small collection, whose good system says that it is a simulated VGGish."""
    disguise(small)
    return small


@pytest.mark.parametrize("convention", ["cbmi2024", "corrected"])
@pytest.mark.parametrize("average", ["class", "micro"])
def test_the_table_of_systems_has_the_stored_scores_under_their_own_names(
    experimenter: FlaskClient, small: Collection, ranked: list[Ranking], convention: str,
    average: str,
) -> None:  # fmt: skip
    page = experimenter.get(f"/scores/small/systems?convention={convention}&average={average}").text
    table = Table(page, "systems-table")
    heading, *rows = table.lines()
    kind = "class-wise" if average == "class" else "micro"
    how = "as in CBMI 2024" if convention == "cbmi2024" else "corrected"
    assert heading[5:] == [f"{one.title} {kind}, {how}" for one in METRICS.values()]
    assert f"convention {convention}" in table.caption
    assert "mean average precision of the first 15 results, mean average" in table.caption
    assert "Systems: 1 imported, 1 simulated." in " ".join(table.caption.split())
    kept = json.loads((small.folder / "rankings" / GOOD / "objective.json").read_text())
    facts = kept["conventions"][convention]["macro" if average == "class" else "micro"]
    numbers = [f"{facts[name]:.{one.digits}f}" for name, one in METRICS.items()]
    own = next(row for row in rows if row[0].startswith("Good"))
    assert own[1] == "imported"
    assert own[5:] == numbers


@pytest.mark.parametrize("sort", ["map@15", "-map@15", "title", "-title", "provenance", "mr1"])
def test_simulated_systems_stand_below_a_heading_however_it_is_sorted(
    experimenter: FlaskClient, small: Collection, ranked: list[Ranking], sort: str
) -> None:
    page = experimenter.get(f"/scores/small/systems?sort={sort}").text
    groups = names(page)
    assert groups[0].startswith("Computed or imported")
    assert groups[1].startswith("Good")
    assert groups[2].startswith("Simulated")
    assert "not in one ranking with the others" in groups[2]
    assert groups[3].startswith("Random")


def test_sorting_on_the_server(experimenter: FlaskClient, known: Collection) -> None:
    page = experimenter.get("/scores/small/systems").text
    assert [name[:4] for name in names(page)] == ["Simu", "Good", "Rand"]  # the best is first
    assert page.count('aria-sort="descending"') == 1
    assert 'name="sort" value="map@15"' in page  # what it would be by the next press
    page = experimenter.get("/scores/small/systems?sort=map@15").text
    assert [name[:4] for name in names(page)] == ["Simu", "Rand", "Good"]
    assert 'name="sort" value="-map@15"' in page
    assert 'href="/scores/small/classes?sort=map%4015"' in page  # the other parts keep it
    other = experimenter.get("/scores/small/classes?sort=map@15").text
    assert '<input type="hidden" name="sort" value="map@15">' in other
    # a column that this view does not show is no reason to fail
    page = experimenter.get("/scores/small/systems?convention=corrected&sort=published_mr1").text
    assert [name[:4] for name in names(page)] == ["Simu", "Good", "Rand"]


def test_published_values_stand_beside_ours(experimenter: FlaskClient, known: Collection) -> None:
    page = experimenter.get(f"/scores/small/systems?{CBMI}").text
    heading, _, own, other = lines(page, "systems-table")
    assert heading[6:8] == ["MAP@15 published", "MAP@15 difference"]
    ours = float(own[5])
    assert own[6] == "0.20"
    assert float(own[7].replace("−", "-")) == pytest.approx(ours - 0.2, abs=0.006)
    beside = dict(zip(heading, own, strict=True))
    assert [beside[f"{one} published"] for one in ("MAP@150", "MR1")] == ["0.11", "27"]
    assert [beside[f"{one} difference"] for one in ("MAP@150", "MR1")] == ["–", "–"]
    assert other[6:8] == ["–", "–"]
    for kind in ("simulated", "unpublished"):
        assert f'title="{COMPARISONS[kind]}"'.replace("'", "&#39;") in page
    assert "This collection has other sounds" in page
    assert "FSD50K&#39;s evaluation set: 10,231 clips, 200 classes" in page
    said = " ".join(page.split())
    assert "only the MAP@15 of each family was tuned, the mean over its classes. The mean" in said
    assert "This collection has other classes, in other numbers: the difference says how" in said


def test_how_near_the_tuning_of_the_families_came_is_said(
    experimenter: FlaskClient, known: Collection
) -> None:
    reached = {"Things": 0.3011, "Nature": 0.1978}
    made = {"wanted": {"Things": 0.3, "Nature": 0.2}, "reached": reached}
    path = known.folder / "embeddings" / "random" / "meta.json"
    edit(path, lambda meta: meta.update(simulation=made))
    page = " ".join(experimenter.get(f"/scores/small/systems?{CBMI}").text.split())
    assert "the mean over its classes: here to within 0.002 of what was wanted." in page


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("convention=corrected", "may stand beside ours under the convention cbmi2024 alone"),
        (f"{CBMI}&average=micro", "The paper reports class-averaged scores alone"),
    ],
)
def test_published_values_stand_nowhere_else(
    experimenter: FlaskClient, known: Collection, query: str, sentence: str
) -> None:
    page = experimenter.get(f"/scores/small/systems?{query}").text
    assert sentence in page
    assert len(lines(page, "systems-table")[0]) == 5 + len(METRICS)


@pytest.mark.parametrize("query", ["", CBMI, f"{CBMI}&average=micro&sort=mr1", "sort=title"])
def test_the_systems_are_the_csv(experimenter: FlaskClient, known: Collection, query: str) -> None:
    page = experimenter.get(f"/scores/small/systems?{query}").text
    rows = [row for row in lines(page, "systems-table")[1:] if len(row) > 1]
    stored = download(experimenter, f"/scores/small/tables/systems.csv?{query}")
    assert len(rows) == len(stored) == 2
    for row, facts in zip(rows, stored, strict=True):
        assert row[0].replace("\N{NO-BREAK SPACE}", " ") == facts["title"]
        assert row[1] == facts["provenance"] == "simulated"
        assert row[4] == facts["dimensions"]
        patterns = {}
        for name, one in METRICS.items():
            patterns[name] = f"{{:.{one.digits}f}}"
            if len(row) > 5 + len(METRICS) and name in BESIDE:
                own = zip(("published", "difference"), BESIDE[name], strict=True)
                patterns |= {f"{kind}_{name}": pattern for kind, pattern in own}
        assert row[5:] == [shown(facts[key], pattern) for key, pattern in patterns.items()]
        assert facts["convention"] == ("cbmi2024" if CBMI in query else "corrected")
        assert facts["average"] == ("micro" if "micro" in query else "class")
    assert "…" not in str(stored)
    assert any(len(facts["map@15"]) > 10 for facts in stored)  # full precision


@pytest.mark.parametrize("measure", ["map@15", "map@150", "mr1"])
def test_the_families_are_the_csv(
    experimenter: FlaskClient, small: Collection, ranked: list[Ranking], measure: str
) -> None:
    address = f"?{CBMI}&measure={measure}"
    page = experimenter.get(f"/scores/small/families{address}").text
    heading, *rows = lines(page, "families-table")
    assert heading == ["System", "Vectors", "Things", "Nature", "Mean of the families"]
    stored = download(experimenter, f"/scores/small/tables/families.csv{address}")
    values = {(row["title"], row["family"]): row[measure] for row in stored}
    digits = "{:.2f}" if measure == "mr1" else "{:.3f}"
    for row in (one for one in rows if len(one) > 1):
        title = next(title for title, _ in values if title.startswith(row[0]))
        for family, cell in zip(("Things", "Nature", "mean of the families"), row[2:], strict=True):
            assert cell == shown(values.pop((title, family)), digits)
    assert values == {}
    assert {row["provenance"] for row in stored} == {"imported", "simulated"}
    assert "macro" not in page


@pytest.mark.parametrize("measure", ["map@15", "mr1"])
@pytest.mark.parametrize("order", ["class", "-class", "family", "-clips", RANDOM, f"-{RANDOM}"])
def test_the_classes_are_the_csv(
    experimenter: FlaskClient, small: Collection, ranked: list[Ranking], measure: str, order: str
) -> None:
    address = f"?measure={measure}&order={order}"
    page = experimenter.get(f"/scores/small/classes{address}").text
    _, heading, *rows = lines(page, "classes-table")
    assert heading == ["Class", "Family", "Clips", "imported Good", "simulated Random ranking"]
    stored = download(experimenter, f"/scores/small/tables/classes.csv{address}")
    pattern = "{:.2f}" if measure == "mr1" else "{:.3f}"
    pairs = list(zip(stored[::2], stored[1::2], strict=True))
    assert len(pairs) == len(rows) == 5
    for row, (good, random) in zip(rows, pairs, strict=True):
        assert (good["system"], random["system"]) == (GOOD, RANDOM)
        assert (good["provenance"], random["provenance"]) == ("imported", "simulated")
        assert row[:3] == [good["class"], good["family"], good["clips"]]
        assert row[3:] == [shown(good[measure], pattern), shown(random[measure], pattern)]
    values = [float(random[measure]) for _, random in pairs]
    if RANDOM in order:
        assert values == sorted(values, reverse=order.startswith("-"))
    if order == "-class":
        assert [row[0] for row in rows] == ["Weather", "Machine", "Hum", "Hiss", "Beep"]


def test_finding_a_class(experimenter: FlaskClient, ranked: list[Ranking]) -> None:
    page = experimenter.get("/scores/small/classes?find=NATURE").text
    assert [row[0] for row in lines(page, "classes-table")[2:]] == ["Hiss", "Weather"]
    assert "2 of 5 classes" in page
    stored = download(experimenter, "/scores/small/tables/classes.csv?find=NATURE")
    assert {row["class"] for row in stored} == {"Hiss", "Weather"}
    assert "0 of 5 classes" in experimenter.get("/scores/small/classes?find=(").text


def test_a_class_leads_to_its_sounds(experimenter: FlaskClient, ranked: list[Ranking]) -> None:
    page = experimenter.get("/scores/small/classes").text
    assert '<a href="/browse/small?class=Hum">Hum</a>' in page


def test_the_best_of_a_row_is_marked_inside_its_group(
    experimenter: FlaskClient, small: Collection, ranked: list[Ranking]
) -> None:
    page = experimenter.get("/scores/small/classes").text
    assert 'class="number best"' not in page  # one system of a kind has nothing to be best of
    score_ranking(small, build_ranking(small, open_embedding(small, "random"), Recipe(pca=3)))
    page = experimenter.get("/scores/small/classes?measure=mr1").text
    rows = re.findall(r"<tr data-place=\"\d\"><th.*?</tr>", page, re.DOTALL)
    for row in rows:
        cells = re.findall(r'<td class="number( best)?" data-v="([\d.]+)">', row)[1:]
        assert len(cells) == 3
        good, *guesses = [(bool(best), float(value)) for best, value in cells]
        assert not good[0]
        lowest = min(value for _, value in guesses)
        assert [best for best, _ in guesses] == [value == lowest for _, value in guesses]


def test_two_systems_are_compared_class_by_class(
    experimenter: FlaskClient, small: Collection, ranked: list[Ranking]
) -> None:
    page = experimenter.get("/scores/small/compare").text
    assert "One of the two is simulated" in page
    rows = lines(page, "comparison-table")
    assert rows[0] == ["Class", "Clips", "imported Good", "simulated Random ranking", "Difference"]
    stored = download(experimenter, "/scores/small/tables/comparison.csv")
    assert len(rows) == len(stored) + 1 == 6
    for row, facts in zip(rows[1:], stored, strict=True):
        assert (facts["system_a"], facts["system_b"]) == (GOOD, RANDOM)
        assert (facts["provenance_a"], facts["provenance_b"]) == ("imported", "simulated")
        assert row[0] == facts["class"]
        numbers = [shown(facts["a"], "{:.3f}"), shown(facts["b"], "{:.3f}")]
        assert row[2:] == [*numbers, shown(facts["difference"], "{:+.3f}")]
    other = experimenter.get(f"/scores/small/compare?a={RANDOM}&b={GOOD}&measure=mr1").text
    assert lines(other, "comparison-table")[0][2] == "simulated Random ranking"


def test_systems_of_one_kind_are_compared_first(
    experimenter: FlaskClient, small: Collection, ranked: list[Ranking]
) -> None:
    score_ranking(small, build_ranking(small, open_embedding(small, "random"), Recipe(pca=3)))
    page = experimenter.get("/scores/small/compare").text
    assert "One of the two is simulated" not in page
    assert [cell[:9] for cell in lines(page, "comparison-table")[0][2:4]] == ["simulated"] * 2


def test_every_figure_is_drawn_and_downloads_its_numbers(
    experimenter: FlaskClient, small: Collection, ranked: list[Ranking]
) -> None:
    seen: list[str] = []
    for part in ("", *PARTS):
        answer = experimenter.get(f"/scores/small/{part}".rstrip("/"))
        assert "unsafe-hashes" in answer.headers["Content-Security-Policy"]
        figures = re.findall(r'data-figure="([\w-]+)"', answer.text)
        seen += figures
        for figure in figures:
            address = re.search(rf'href="(/scores/small/{figure}\.csv[^"]*)"', answer.text)
            assert address
            rows = download(experimenter, address.group(1).replace("&amp;", "&"))
            assert rows
            assert "simulated" in str(rows)  # one of the two systems is
            drawn = answer.text.split(f'data-figure="{figure}"')[1].split("</figure>")[0]
            assert 'class="provenance provenance-simulated"' in drawn
    assert seen[0] == "systems"
    assert {"families", "classes"} <= set(seen)
    assert len(seen) == len(set(seen))


def test_simulated_is_said_at_every_table(experimenter: FlaskClient, known: Collection) -> None:
    tables = {"": "overview", "compare": "comparison"}
    for part in ("", "systems", "families", "classes", "compare"):
        page = experimenter.get(f"/scores/small/{part}?{CBMI}".replace("/?", "?")).text
        assert re.search("say nothing of the re(al ones|presentation they are named after)", page)
        table = tables.get(part, part)
        shown = page.split(f'id="{table}-table"')[1].split("</table>")[0]
        assert shown.count('class="provenance provenance-simulated"') == 2
    for table in ("systems", "families", "classes", "comparison"):
        for row in download(experimenter, f"/scores/small/tables/{table}.csv?{CBMI}"):
            assert "simulated" in row.values()


def test_without_simulated_systems_nothing_says_so(
    experimenter: FlaskClient, small: Collection, ranked: list[Ranking]
) -> None:
    disguise(small, "computed")
    edit(
        small.folder / "rankings" / RANDOM / "meta.json",
        lambda meta: meta.update(provenance="imported"),
    )
    page = experimenter.get("/scores/small/systems").text
    assert "provenance-simulated" not in page
    assert "Systems: 1 computed, 1 imported." in " ".join(page.split())


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/scores/nothing", 404, "There is nothing at this address"),
        ("/scores/nothing/tables/systems.csv", 404, "There is nothing at this address"),
        ("/scores/small/tables/nothing.csv", 404, "There is nothing at this address"),
        ("/scores/small/nothing.csv", 404, "There is nothing at this address"),
        ("/scores/small/nothing", 404, "There is nothing at this address"),
        (
            "/scores/small?convention=x",
            400,
            "convention must be one of cbmi2024, corrected, not",
        ),
        ("/scores/small?average=macro", 400, "average must be one of class, micro, not"),
        (
            "/scores/small?measure=p@5",
            400,
            f"measure must be one of {', '.join(METRICS)}, not",
        ),
        ("/scores/small?sort=--mr1", 400, "sort must be one of title, provenance"),
        ("/scores/small?order=<b>", 400, "order must be one of class, family, clips, good"),
        ("/scores/small?a=nobody", 400, "a must be a scored system of &#39;small&#39;"),
        (f"/scores/small/compare?a={GOOD}&b={GOOD}", 400, "compared with itself"),
        ("/scores/small/families.csv?convention=x", 400, "convention must be one of"),
    ],
)
def test_what_is_not_there_is_said(
    experimenter: FlaskClient, ranked: list[Ranking], path: str, status: int, sentence: str
) -> None:
    answer = experimenter.get(path)
    assert answer.status_code == status
    assert sentence in answer.text
    assert "<b>" not in answer.text
