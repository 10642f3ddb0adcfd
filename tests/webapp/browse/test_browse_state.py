"""The state of the browse page: its address, its walks through queries, its columns."""

import re
from dataclasses import fields, replace
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.systems.store import Ranking
from evaluation.browsing.filters import Choice
from evaluation.browsing.hubness import hubness
from evaluation.browsing.overlap import rank_biased_overlap
from evaluation.objective.scoring import read_query_scores
from webapp.browse.columns import in_order, short_names, side_by_side
from webapp.browse.state import State, read_state
from webapp.browse.walk import LISTED, walk

FIRST, SECOND, MADE = "system-01.l2.mcss", "system-02.l2.mcss", "system-09.l2.mcss"


def read(collection: Collection, systems: list[Ranking], address: str) -> State:
    """Return the state that an address of the page holds."""
    pairs = parse_qsl(urlsplit(address).query, keep_blank_values=True)
    return read_state(MultiDict(pairs), collection, systems)


def shown(page: str) -> list[str]:
    """Return the systems of a page's columns, from the left."""
    return re.findall(r'<section class="system[^"]*" id="system-\d+" data-system="([^"]+)"', page)


def test_an_address_holds_the_whole_state(
    app: Flask, small: Collection, fourteen: list[Ranking]
) -> None:
    state = State(
        name="small",
        columns=(SECOND, FIRST, MADE),
        choice=Choice("Things", ("Hum", "Beep"), "all", ("Hiss",)),
        order="difference",
        by=FIRST,
        than=MADE,
        query="hum 1/ä",
        asked="",
        systems=(SECOND, FIRST, MADE),
        compare=FIRST,
        tab=MADE,
        page=3,
    )
    other = replace(state, order="random", by="", than="", seed=7, asked="Machine")
    every = replace(
        other, systems=(), every=True, tab="", compare="",
        columns=tuple(ranking.system for ranking in fourteen),
    )  # fmt: skip
    with app.test_request_context():
        for one in (state, other, every):
            assert read(small, fourteen, one.address()) == one
        usual = [field.name for field in fields(State) if getattr(state, field.name)]
        assert len(usual) == 11  # all but the seed, every and what is asked: "", any label
        assert read(small, fourteen, "/browse/small").address() == "/browse/small"
        assert state.toward().endswith("&query=")
        assert read(small, fourteen, "?").toward() == "/browse/small?query="


def test_simulated_systems_stand_behind_the_others(
    app: Flask, small: Collection, fourteen: list[Ranking]
) -> None:
    address = f"?system={MADE}&system={SECOND}&system={MADE}&system={FIRST}"
    assert read(small, fourteen, address).columns == (SECOND, FIRST, MADE)
    with app.test_request_context():
        systems = in_order(small, fourteen)
    assert [ranking.provenance for ranking in systems] == ["computed"] * 3 + ["simulated"] * 11
    for part in (systems[:3], systems[3:]):
        scores = [read_map(small, ranking) for ranking in part]
        assert scores == sorted(scores, reverse=True)
    assert len({read_map(small, ranking) for ranking in systems}) > 10


def read_map(small: Collection, ranking: Ranking) -> float:
    """Return the macro MAP@15 that is stored of a system."""
    from evaluation.objective.scoring import read_objective

    stored = read_objective(small, ranking.system)
    assert stored is not None
    return stored["conventions"]["corrected"]["macro"]["map@15"]


def test_a_short_name_says_which_system_it_is(fourteen: list[Ranking]) -> None:
    assert short_names(fourteen)[FIRST] == "Number 1"
    twin = replace(fourteen[0], system="twin", meta=fourteen[0].meta | {"title": "Number 1 · L2"})
    names = short_names([*fourteen, twin])
    assert (names[FIRST], names["twin"]) == ("Number 1 · L2 · MCSS", "Number 1 · L2")


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        (f"?order=difference&by={FIRST}&than={FIRST}", "needs two different systems, not 'system-"),
        ("?order=hubs&by=nobody", "has no system 'nobody' to show; it has: system-01.l2.mcss, "),
        ("?system=", ""),
        ("?page=0", "page must be a whole number from 1 to 10, not '0'."),
        (f"?page={'1' * 5000}", "page must be a whole number from 1 to 10, not '1111"),
        ("?page=²", "page must be a whole number from 1 to 10, not '²'."),
        ("?seed=x&order=hubs", ""),  # an order of its own draws nothing
        ("?compare=nobody&tab=nobody", ""),  # they are not shown any more
    ],
)
def test_what_an_address_cannot_say(
    small: Collection, fourteen: list[Ranking], address: str, sentence: str
) -> None:
    if not sentence:
        assert read(small, fourteen, address).columns
        return
    with pytest.raises(InputError) as error:
        read(small, fourteen, address)
    assert sentence in str(error.value)


def test_the_walk_goes_through_the_choice_in_its_order(
    app: Flask, small: Collection, fourteen: list[Ranking]
) -> None:
    hums = [row for row, clip in enumerate(small.clips) if "Machine" in clip.labels]
    one, other = (read_query_scores(small, name) for name in (FIRST, SECOND))
    assert one is not None
    assert other is not None

    def precision(scores, row: int, label: str) -> list[float]:
        pair = (scores.query == row) & (scores.label == scores.classes.index(label))
        return scores.average_precision("corrected")[pair][0].tolist()

    pair = f"by={FIRST}&than={SECOND}"
    with app.test_request_context():
        cases = {
            f"order=lowest&by={FIRST}": lambda row: precision(one, row, "Machine"),
            f"order=difference&{pair}": lambda row: (
                -abs(precision(one, row, "Machine")[0] - precision(other, row, "Machine")[0])
            ),
            f"order=overlap&{pair}": lambda row: rank_biased_overlap(
                [fourteen[0].neighbours[row], fourteen[1].neighbours[row]]
            )[0, 1],
            f"order=hubs&by={FIRST}": lambda row: -hubness(fourteen[0].neighbours).occurrences[row],
        }
        for order, value in cases.items():
            state = read(small, fourteen, f"?class=Machine&{order}")
            steps = walk(small, state, None)
            assert steps.rows.tolist() == sorted(hums, key=lambda row: (value(row), row)), order
            assert steps.place is None
            assert steps.next == steps.rows[0]
        state = read(small, fourteen, "?class=Machine&seed=4")
        drawn = walk(small, state, None).rows
        assert sorted(drawn) == hums
        assert drawn.tolist() == np.random.default_rng(4).permutation(hums).tolist()
        last = walk(small, state, int(drawn[-1]))
        assert (last.previous, last.next, last.place) == (drawn[-2], None, 11)
        first = walk(small, state, int(drawn[0]))
        assert (first.previous, first.next) == (None, drawn[1])
        assert len(first.around()) == min(LISTED, 12)
        whole = walk(small, read(small, fourteen, "?seed=4"), None).rows
        middle = walk(small, read(small, fourteen, "?seed=4"), int(whole[9]))
        assert [number for number, *_ in middle.around()] == list(range(3, 18))


def test_the_way_through_a_walk_by_its_links(
    experimenter: FlaskClient, small: Collection, fourteen: list[Ranking]
) -> None:
    address = experimenter.get("/browse/small?class=Hum&class=Hiss&exclude=Weather&seed=2").location
    seen = []
    while address:
        page = experimenter.get(address).text
        seen.append(re.search(r'id="query-title">Query <span class="clip-id">([^<]+)', page)[1])
        found = re.search(r'rel="next" href="([^"]+)"', page)
        address = found[1].replace("&amp;", "&") if found else ""
    assert sorted(seen) == [f"hum-{take}" for take in range(6)]
    page = experimenter.get("/browse/small?class=Hum&class=Hiss&match=all").text
    assert "No clip fits" in page
    assert '<option value="Hiss" selected' in page


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("class=Hum&class=Hiss", ["Hum", "Hiss"]),
        ("class=Machine&class=Beep&match=all", ["Beep"]),
        ("class=Machine&exclude=Beep", ["Hum"]),
        ("family=Nature", ["Hiss"]),
        ("family=Things&exclude=Hum&exclude=Hiss", ["Beep"]),
    ],
)
def test_filters_take_exactly_the_clips_of_a_plain_computation(
    experimenter: FlaskClient, small: Collection, ranked: list[Ranking], address: str, wanted: list
) -> None:
    target = experimenter.get(f"/browse/small?{address}&order=hubs").location
    page = experimenter.get(target).text
    listed = page[page.index('<ol class="walk-list">') :]
    listed = listed[: listed.index("</ol>")]
    expected = {clip.id for clip in small.clips if clip.labels[0] in wanted}
    ids = re.findall(r'class="clip-id"[^>]*>([^<]+)<', listed)
    assert set(ids) <= expected
    assert len(ids) == min(15, len(expected))
    assert re.search(rf"<summary>{len(expected)} queries, the clips in most lists", page)


def test_four_columns_are_usual_and_all_are_one_click_away(
    experimenter: FlaskClient, fourteen: list[Ranking]
) -> None:
    page = experimenter.get("/browse/small?query=hum-0").text
    assert len(shown(page)) == 4
    assert set(shown(page)[:3]) == {ranking.system for ranking in fourteen[:3]}
    assert "4 of 14 systems" in page
    every = re.search(r'href="([^"]+)">Show all 14', page)[1].replace("&amp;", "&")
    page = experimenter.get(every).text
    assert len(shown(page)) == len(set(shown(page))) == 14
    assert page.count('class="result item') == 14 * 15
    assert page.count('class="provenance provenance-simulated"') >= 11
    divided = page.index("group-simulated")
    assert all(page.index(f'data-system="{one}" aria-l') < divided for one in shown(page)[:3])
    assert all(page.index(f'data-system="{one}" aria-l') > divided for one in shown(page)[3:])
    assert "Beside others, simulated systems say nothing of the real ones." in page


def test_columns_are_moved_removed_and_compared_by_links(
    experimenter: FlaskClient, fourteen: list[Ranking]
) -> None:
    third = "system-03.l2.mcss"
    chosen = "&".join(f"system={name}" for name in (FIRST, SECOND, third, MADE))

    def follow(page: str, system: str, words: str) -> str:
        own = page[page.index(f'data-system="{system}" aria-labelledby') :]
        link = re.search(rf'<a [^>]*href="([^"]+)"[^>]*>{words}</a>', own[: own.index("</header>")])
        assert link is not None
        return experimenter.get(link[1].replace("&amp;", "&")).text

    start = experimenter.get(f"/browse/small?query=hum-0&{chosen}").text
    assert shown(start) == [FIRST, SECOND, third, MADE]
    moved = follow(start, FIRST, "Move right")
    assert shown(moved) == [SECOND, FIRST, third, MADE]
    assert "<dt>Overlap with Number 1</dt>" in moved  # the same one as before
    assert shown(follow(moved, third, "Move left")) == [SECOND, third, FIRST, MADE]
    assert shown(follow(moved, FIRST, "Remove this column")) == [SECOND, third, MADE]
    assert "<dt>Overlap with Number 9</dt>" in follow(moved, MADE, "Compare the others with it")
    hubs = follow(moved, MADE, "Its hubs")
    assert "You should be redirected" in hubs


def test_the_columns_say_what_they_share(
    app: Flask, small: Collection, fourteen: list[Ranking]
) -> None:
    unique = 0
    with app.test_request_context():
        state = read(small, fourteen, f"?system={FIRST}&system={SECOND}&system={MADE}")
        state = replace(state, compare=SECOND)
        made = [side_by_side(small, fourteen, state, row, None) for row in range(18)]
    for row, columns in enumerate(made):
        lists = [fourteen[number].neighbours[row, :15].tolist() for number in (0, 1, 8)]
        for column, own in zip(columns.shown, lists, strict=True):
            others = [one for one in lists if one is not own]
            assert column.unique == sum(not any(clip in one for one in others) for clip in own)
            unique += column.unique
            for result in column.listing.results:
                assert column.elsewhere[result.row] == [
                    (other.short, one.index(result.row) + 1)
                    for other, one in zip(columns.shown, lists, strict=True)
                    if one is not own and result.row in one
                ]
        whole = rank_biased_overlap([fourteen[number].neighbours[row] for number in (0, 1, 8)])
        assert [one.overlap for one in columns.shown] == [whole[0, 1], None, whole[2, 1]]
        hubs = hubness(fourteen[0].neighbours)
        assert columns.shown[0].occurrences == hubs.occurrences[row]
        assert columns.shown[0].hubness.skewness == hubs.skewness
    assert unique > 0
    assert columns.compared is columns.shown[1]
    assert columns.is_mixed
    assert columns.first_simulated is columns.shown[2]
    assert columns.pages == 2  # 17 others


def test_later_ranks_are_paged_and_compared_down_to_their_end(
    experimenter: FlaskClient, small: Collection, fourteen: list[Ranking]
) -> None:
    page = experimenter.get(f"/browse/small?query=hum-0&page=2&system={FIRST}&system={MADE}").text
    assert page.count('class="result item') == 2 * 2
    assert '<span class="rank">16' in page
    assert "only here</span>" not in page  # all 17 others are in both lists by then
    assert page.count('class="also"') == 4
    beyond = experimenter.get(f"/browse/small?query=hum-0&page=3&system={FIRST}").text
    assert "This system keeps 17 results." in beyond


def test_scores_are_those_that_are_stored(
    experimenter: FlaskClient, small: Collection, fourteen: list[Ranking]
) -> None:
    scores = read_query_scores(small, FIRST)
    assert scores is not None
    row = small.index["hiss-3"]
    for asked, label in (("Weather", "Weather"), ("", None)):
        column = -1 if label is None else scores.classes.index(label)
        pair = (scores.query == row) & (scores.label == column)
        values = scores.average_precision("corrected")[pair][0]
        first = scores.first_relevant("corrected")[pair][0]
        page = experimenter.get(f"/browse/small?query=hiss-3&asked={asked}&system={FIRST}").text
        for cutoff, value in zip(scores.cutoffs, values, strict=True):
            assert f"<dt>AP@{cutoff}</dt><dd>{value:.3f}</dd>" in page
        assert f"<dt>R1</dt><dd>{first:.0f}</dd>" in page
        carry = sum(
            bool({label or "Hiss", label or "Weather"} & set(small.clips[one].labels))
            for one in fourteen[0].neighbours[row, :15]
        )
        assert f"<dt>Relevant</dt><dd>{carry}/15</dd>" in page


def test_a_system_that_is_not_scored_is_shown_and_cannot_sort_by_scores(
    experimenter: FlaskClient, small: Collection, fourteen: list[Ranking]
) -> None:
    for name in ("objective.json", "objective_queries.npz"):
        (small.folder / "rankings" / FIRST / name).unlink()
    page = experimenter.get(f"/browse/small?query=hum-0&system={FIRST}&system={MADE}").text
    assert "not scored yet" in page
    answer = experimenter.get(f"/browse/small?order=lowest&by={FIRST}")
    assert answer.status_code == 400
    assert f"The system &#39;{FIRST}&#39; is not scored yet: flask evaluate small." in answer.text


def test_a_search_leads_to_a_clip_or_lists_clips(
    experimenter: FlaskClient, fourteen: list[Ranking]
) -> None:
    carried = f"class=Hum&system={MADE}"
    answer = experimenter.get(f"/browse/small?{carried}&find=hiss-1")
    assert answer.status_code == 302
    assert answer.location == f"/browse/small?class=Hum&system={MADE}&query=hiss-1"
    page = experimenter.get(f"/browse/small?{carried}&find=WEATHER").text
    assert "6 clips have “WEATHER” in their id, title or labels." in page
    assert f'href="/browse/small?class=Hum&amp;system={MADE}&amp;query=hiss-5"' in page
    page = experimenter.get("/browse/small?find=hiss-9").text
    assert "No clip has “hiss-9”" in page
    assert "Did you mean" in page
    page = experimenter.get("/browse/small?find=%3Cscript%3E").text
    assert "<script>" not in page.replace("<script ", "")


def test_the_license_is_called_by_its_name() -> None:
    from webapp.browse.views import licence_name

    assert licence_name("http://creativecommons.org/licenses/by-nc/3.0/") == "CC BY-NC"
    assert licence_name("http://creativecommons.org/publicdomain/zero/1.0/") == "CC0"
    assert licence_name("https://creativecommons.org/licenses/sampling+/1.0/") == "CC SAMPLING+"
    assert licence_name("by the author") == "by the author"
