"""What the page of scores opens with: a sentence, a figure and a table."""

import re

import pytest
from flask.testing import FlaskClient

from embeddings.collection.clips import Collection
from embeddings.systems.store import Ranking
from tests.support.pages.score_tables import download, lines, shown
from tests.support.scoreboard import GOOD, disguise
from webapp.scores.state import PARTS

SAYS = {
    "": (
        "The one computed or imported system, Good (imported), has {good} by MAP@15 (class-wise, "
        "corrected)."
    ),
    "?convention=cbmi2024&average=micro&measure=mr1": (
        "The one computed or imported system, Good (imported), has {good} by MR1 (micro, as in "
        "CBMI 2024)."
    ),
}


@pytest.mark.parametrize("query", SAYS)
def test_the_page_opens_with_a_sentence_a_figure_and_a_table(
    experimenter: FlaskClient, small: Collection, ranked: list[Ranking], query: str
) -> None:
    page = experimenter.get(f"/scores/small{query}").text
    rows = [row for row in lines(page, "overview-table") if len(row) > 1]
    assert rows[0] == ["System", "Vectors", "MAP@15", "MAP@150", "MR1"]
    good, random = rows[1:]
    assert (good[:2], random[:2]) == (["Good", "imported"], ["Random ranking", "simulated"])
    value = good[4] if "mr1" in query else good[2]
    said = re.findall(r'<p class="[^"]*answer">(.*?)</p>', page)
    assert said[0] == SAYS[query].format(good=value)
    assert said[1].startswith("The one simulated system, Random ranking (simulated), whose numbers")
    assert page.count("data-figure=") == 1
    stored = download(experimenter, f"/scores/small/systems.csv{query}")
    measure = "mr1" if query else "map@15"
    pattern = "{:.2f}" if query else "{:.3f}"
    assert shown(stored[0][measure], pattern) == value
    for part in PARTS:
        assert f'href="/scores/small/{part}{query}"'.replace("&", "&amp;") in page


@pytest.mark.parametrize("measure", ["map@15", "mr1"])
def test_the_best_and_the_next_are_told_apart(
    experimenter: FlaskClient, small: Collection, ranked: list[Ranking], measure: str
) -> None:
    disguise(small)
    page = experimenter.get(f"/scores/small?measure={measure}").text
    (said,) = re.findall(r'<p class="[^"]*answer">(.*?)</p>', page)
    rows = [row for row in lines(page, "overview-table") if len(row) > 1]
    column = 4 if measure == "mr1" else 2
    best, second = (float(row[column]) for row in rows[1:])
    digits = 2 if measure == "mr1" else 3
    assert said.startswith("Of 2 simulated systems, whose numbers say nothing of the real ones, ")
    assert f"Good (simulated) leads by {rows[0][column]} (class-wise, corrected)" in said
    apart = float(re.search(r", ([\d.]+) better than the next, Random ranking", said)[1])
    assert apart == pytest.approx(abs(best - second), abs=1.5 * 10**-digits)
    compared = download(experimenter, f"/scores/small/tables/comparison.csv?measure={measure}")
    assert {one["system_a"] for one in compared} == {GOOD}
    sign = -1 if measure == "mr1" else 1
    ahead = sum(sign * float(one["difference"]) < 0 for one in compared if one["difference"])
    assert said.endswith(f", and ahead on {ahead} of 5 classes.")
