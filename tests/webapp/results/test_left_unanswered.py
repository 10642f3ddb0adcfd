"""What raters left without an answer, in studies that were judged by way of the app."""

import io

import pandas as pd
import pytest

from evaluation.analysis.answered import Answered
from evaluation.protocol.terms import ALL
from evaluation.records.bundle import read_bundle
from tests.support.studies.lab import SLUGS, Lab
from webapp.results.asked import read_asked
from webapp.results.cache import forget
from webapp.study import lifecycle

PLACE = ["rater", "query", "block"]


def by_slots(lab: Lab, slug: str) -> Answered:
    """Return the same from every place that raters were given, as the bundle has them."""
    files = read_bundle(lab.bundles[slug]).files
    slots, judged, chosen, given = (
        pd.read_csv(io.BytesIO(files[f"{name}.csv"]), keep_default_na=False)
        for name in ("slots", "judgements", "preferences", "assignments")
    )
    begun = given[(given["finished_at"] == "") & ~given.duplicated("rater", keep="last")]
    at_it = set(map(tuple, begun[PLACE].to_numpy())) if '"open"' in state(files) else set()
    answers = {tuple(row) for row in judged[[*PLACE, "position"]].to_numpy()}
    answers |= {(*row, 1) for row in chosen[PLACE].to_numpy()}
    cells: dict[tuple[object, ...], list[bool]] = {}
    for row in slots.to_dict("records"):
        place = tuple(row[one] for one in PLACE)
        counts = row["kind"] in ("result", "list") and row["repeat"] == 0 and place not in at_it
        if counts and (slug != "a-preference-study" or row["position"] == 1):
            cells.setdefault(place, []).append((*place, row["position"]) in answers)
    every = [one for cell in cells.values() for one in cell]
    left = sum(not any(cell) for cell in cells.values())
    return Answered(len(cells), left, len(every), every.count(False))


def state(files: dict[str, bytes]) -> str:
    """Return the line of study.json that says whether the study is open."""
    (line,) = [one for one in files["study.json"].decode().splitlines() if '"state"' in one]
    return line


@pytest.mark.parametrize("slug", SLUGS)
def test_it_is_what_the_places_say(lab: Lab, slug: str) -> None:
    forget()
    with lab.app.app_context():
        everybody = {} if slug == "a-preference-study" else {"raters": ALL}
        asked = read_asked(lifecycle.find_study(slug), everybody)
        found = asked.results.answered
        notices = [one for section in asked.sections() for one in section.notices]
    assert found == by_slots(lab, slug)
    assert found.items > 0
    noticed = any("without an answer" in one for one in notices)
    assert noticed == (max(found.shares) > 0.05)


def test_broken_sounds_that_were_not_graded_were_left(lab: Lab) -> None:
    assert by_slots(lab, "a-rating-study").items_left >= 2
