"""The figures of differences, ranks, groups and facets: what is drawn is what the tables say."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evaluation.analysis.graded import Analysis
from evaluation.analysis.rated_lists import RatingAnalysis
from evaluation.figures.figure import Figure
from evaluation.figures.study.cast import study_cast
from evaluation.figures.study.critical import critical_difference, not_told_apart
from evaluation.figures.study.group_figures import class_means, facet_scatter, family_means
from evaluation.figures.study.marks import chance, segments, written
from evaluation.figures.study.mean_figures import mean_grades
from evaluation.figures.study.pairs import pair_matrix
from evaluation.protocol.terms import Facet, Scale
from tests.support.chosen import chosen
from tests.support.figures.mean_figures import (
    OF,
    ORDER,
    check,
    edge,
    every,
    known,
    named,
    primarily,
    rows_of,
)
from tests.support.studies.hostile_studies import ALWAYS, HOSTILE
from tests.support.studies.list_studies import RATED
from tests.support.studies.made_study import judgements, tables
from tests.support.studies.rated import simulated


def with_facets(*names: str) -> Analysis:
    """Return the results of a study that asks for several facets; each is graded 10 lower."""
    study = known()
    facets = tuple(Facet(name, anchors=((0, "no"), (100, "yes")), step=1) for name in names)
    protocol = replace(study.protocol, scale=Scale(facets))
    one = judgements(OF, protocol)
    every = [
        one.assign(facet=name, grade=(one["grade"] - 10 * place).clip(0, 100))
        for place, name in enumerate(names)
    ]
    given = pd.concat(every, ignore_index=True)
    return Analysis(replace(study, protocol=protocol, judgements=given))


def pair_cells(figure: Figure) -> np.ndarray:
    """Return the cells of the matrix."""
    heat = figure.plot["data"][0]
    assert heat["zmin"] == -heat["zmax"]
    return np.array(heat["z"])


def outlines(figure: Figure) -> dict[tuple[int, int], str]:
    """Return (row, column) -> how it is outlined."""
    rects = [one for one in figure.plot["layout"]["shapes"] if one["type"] == "rect"]
    return {
        (round((one["y0"] + one["y1"]) / 2), round((one["x0"] + one["x1"]) / 2)):
        one["line"]["dash"] for one in rects
    }  # fmt: skip


def test_the_matrix_has_each_difference_twice(made: Analysis, cast: pd.DataFrame) -> None:
    figure = check(pair_matrix(made, cast))
    cells, at = pair_cells(figure), {name: place for place, name in enumerate(ORDER)}
    assert len(made.pairs) == len(figure.table) == 15
    significant: dict[tuple[int, int], str] = {}
    for _, pair in made.pairs.iterrows():
        one, other = at[pair["system_a"]], at[pair["system_b"]]
        assert cells[one, other] == pair["value"] == -cells[other, one]
        if pair["p_holm"] < 0.05:
            significant |= {(one, other): "solid", (other, one): "solid"}
    assert outlines(figure) == significant
    assert 0 < len(significant) < 30
    assert np.isnan(cells.diagonal()).all()
    texts = figure.plot["data"][1]["text"]
    assert texts[0] == written(cells[0, 1], 1, "+")
    hover = figure.plot["data"][0]["hovertext"][at["s0"], at["s5"]]
    pair = made.pairs[(made.pairs["system_a"] == "s0") & (made.pairs["system_b"] == "s5")].iloc[0]
    for said in (
        f"+{pair['value']:.1f} [{pair['low']:.1f}, {pair['high']:.1f}]",
        f"p after Holm {chance(pair['p_holm'])}",
        f"for these raters: Wilcoxon {chance(pair['p_wilcoxon'])}",
        f"Tukey {chance(pair['p_tukey'])}",
    ):
        assert said in hover
    mirror = figure.plot["data"][0]["hovertext"][at["s5"], at["s0"]]
    assert f"−{pair['value']:.1f} [−{pair['high']:.1f}, −{pair['low']:.1f}]" in mirror
    assert f"{len(significant) // 2} of 15" in figure.caption
    lines = [one for one in figure.plot["layout"]["shapes"] if one["type"] == "line"]
    assert sorted((one["x0"], one["y0"]) for one in lines) == [(0, 3.5), (3.5, 0)]


def test_exploratory_pairs_are_dotted_and_unadjusted_ones_can_be_shown() -> None:
    of = Analysis(primarily("mean_grade", (("s0", "s5"), ("s2", "s3"))))
    own = study_cast(of.tables)
    figure = check(pair_matrix(of, own))
    dashes = outlines(figure)
    pairs = of.pairs
    explored = pairs["exploratory"].astype(bool)
    dotted = int((explored & (pairs["p"] < 0.05)).sum())
    assert list(dashes.values()).count("dot") == 2 * dotted > 0
    assert dashes[4, 3] == "solid"
    assert f"13 pairs are exploratory, not among the comparisons that the protocol fixed; dotted: "\
        f"own p below 0.05, not adjusted ({dotted})." in figure.caption  # fmt: skip
    assert "over 2 comparisons" in figure.caption


def test_groups_are_those_whose_ranks_differ_by_less() -> None:
    ranks = np.array([1.0, 3.0, 1.5, 2.4, 5.0])
    assert not_told_apart(ranks, 1.0) == [[0, 2], [2, 3], [1, 3]]
    assert not_told_apart(ranks, 0.5) == []  # what differs by just as much is told apart
    assert not_told_apart(ranks, 10) == [[0, 1, 2, 3, 4]]
    rng = np.random.default_rng(1)
    for limit in (0.5, 1.5, 3.0):
        ranks = rng.uniform(1, 14, 14)
        groups = not_told_apart(ranks, limit)
        joined = {frozenset((a, b)) for own in groups for a in own for b in own if a != b}
        near = {frozenset((a, b)) for a in range(14) for b in range(14)
                if a != b and abs(ranks[a] - ranks[b]) < limit}  # fmt: skip
        assert joined == near
        assert not any(set(a) < set(b) for a in groups for b in groups)


def test_mean_ranks_and_their_bars(made: Analysis, cast: pd.DataFrame) -> None:
    figure = check(critical_difference(made, cast))
    ranks = dict(zip(OF.systems, made.ranks.mean_ranks, strict=True))
    order = [*sorted(ORDER[:4], key=ranks.__getitem__), *sorted(ORDER[4:], key=ranks.__getitem__)]
    assert figure.table["system"].tolist() == order
    assert figure.table["mean_rank"].tolist() == [ranks[name] for name in order]
    scale, _, dots, *bars = figure.plot["data"]
    limit = made.ranks.critical_difference
    assert scale["x"][2] - scale["x"][0] == limit
    np.testing.assert_array_equal(dots["x"], figure.table["mean_rank"])
    for bar in bars:
        own = figure.table["mean_rank"].iloc[bar["y"]]
        assert own.max() - own.min() < limit
    letters = figure.table["joined"]
    near = abs(ranks["s0"] - ranks["s1"]) < limit
    assert bool(set(letters[4]) & set(letters[5])) == near
    for said in (
        "k = 6",
        "n = 24",
        f"{limit:.2f} ranks",
        "Kendall's W",
        "these raters",
        "F(5, 115)",
        "Computed and simulated systems are in one test here.",
    ):
        assert said in figure.caption


def test_one_query_and_one_rater_are_counted_as_one() -> None:
    one = with_facets("semantic", "acoustic")
    table = one.tables.judgements
    only = table[(table["rater"] == OF.raters[0]) & (table["query"] == OF.queries[0])]
    of = Analysis(replace(one.tables, judgements=only))
    figure = facet_scatter(of.facets, of, study_cast(of.tables))
    assert figure
    assert "n: semantic: 1 query, 1 rater; acoustic: 1 query, 1 rater." in figure.caption


def test_without_comparisons_nothing_is_adjusted() -> None:
    told = tables(simulated(systems=3, queries=1, raters=4))
    figure = pair_matrix(Analysis(told), study_cast(told))
    assert figure
    assert "Nothing is outlined: no comparison has a p value to adjust." in figure.caption
    assert "Holm" not in figure.caption


@pytest.mark.parametrize(
    ("make", "by", "several"),
    [(family_means, "family", "families"), (class_means, "class", "classes")],
)
def test_groups_of_queries(
    make: Callable[..., Figure | None], by: str, several: str, made: Analysis, cast: pd.DataFrame
) -> None:
    figure = check(make(made, cast))
    assert figure.name == f"study-{several}"
    stored = (made.families if by == "family" else made.classes).set_index(["system", by])["value"]
    table = figure.table.set_index(["system", by])["value"]
    assert table.to_dict() == stored.to_dict()
    groups = sorted(set(figure.table[by]))
    expected = table.unstack().loc[ORDER, groups]
    np.testing.assert_array_equal(figure.plot["data"][0]["z"], expected)
    heads = figure.plot["layout"]["xaxis"]["ticktext"]
    asked = OF.families if by == "family" else OF.classes
    assert [head.split("n = ")[1] for head in heads] == [str(asked.count(one)) for one in groups]
    assert figure.plot["data"][1]["text"] == [f"{one:.1f}" for one in expected.to_numpy().ravel()]
    assert edge(figure) == [3.5]
    assert ("6 of 24 queries have no family" in figure.caption) == (by == "family")


def test_one_query_without_a_family_has_a_verb_of_its_own() -> None:
    told = tables(simulated(systems=3, queries=4, raters=4))
    figure = family_means(Analysis(told), study_cast(told))
    assert figure
    assert "1 of 4 queries has no family and is left out." in figure.caption


def test_many_groups_are_the_rows() -> None:
    of = Analysis(tables(replace(OF, classes=tuple(f"class {one:02}" for one in range(24)))))
    figure = check(class_means(of, study_cast(of.tables)))
    assert len(rows_of(figure)) == 24
    table = figure.table.pivot(index="class", columns="system", values="value")
    np.testing.assert_array_equal(figure.plot["data"][0]["z"], table[list(OF.systems)])


def test_two_facets_are_across_and_up(cast: pd.DataFrame) -> None:
    of = with_facets("semantic", "acoustic")
    figure = check(facet_scatter(of.facets, of, cast))
    points = [one for one in figure.plot["data"] if "customdata" in one]
    assert [len(one["x"]) for one in points] == [4, 2]  # the simulated ones have their own panel
    stored = of.facets.set_index(["facet", "system"])
    for trace, names in zip(points, (ORDER[:4], ORDER[4:]), strict=True):
        for axis, facet in (("x", "semantic"), ("y", "acoustic")):
            own = stored.loc[facet].loc[names]
            np.testing.assert_array_equal(trace[axis], own["value"])
            errors = trace[f"error_{axis}"]
            np.testing.assert_allclose(trace[axis] + errors["array"], own["high"].astype(float))
            np.testing.assert_allclose(trace[axis] - errors["arrayminus"], own["low"].astype(float))
        assert (trace["x"] > trace["y"]).all()
    assert len(figure.table) == 12
    assert facet_scatter(Analysis(known()).facets, of, cast) is None


def test_three_facets_are_marks_in_a_row(cast: pd.DataFrame) -> None:
    of = with_facets("semantic", "acoustic", "other")
    figure = check(facet_scatter(of.facets, of, cast))
    assert figure.title.endswith("semantic, acoustic and other")
    stored = of.facets.set_index(["facet", "system"])["value"]
    rows = [named(figure, name) for name in ("semantic", "acoustic", "other")]
    for name, trace in zip(("semantic", "acoustic", "other"), rows, strict=True):
        assert trace["x"].tolist() == stored[name][ORDER].tolist()
        assert np.round(trace["y"]).tolist() == list(range(6))
    assert (rows[0]["y"] < rows[1]["y"]).all()


def test_fourteen_systems_can_be_read() -> None:
    of = Analysis(tables(simulated(systems=14, queries=16)))
    own = study_cast(of.tables)
    for figure in every(of, own):
        layout = check(figure).plot["layout"]
        if figure.name in ("means", "pairs", "critical-difference", "study-families"):
            assert layout["height"] >= 24 * 14
            assert len(rows_of(figure)) == 14


@pytest.mark.parametrize(
    "case", chosen([one for one in HOSTILE if one != "blocks missing"], *ALWAYS)
)
def test_hostile_studies_have_figures_that_draw_or_none(case: str) -> None:
    told = HOSTILE[case]()
    of = Analysis(told)
    drawn = {figure.name for figure in every(of, study_cast(told)) if check(figure)}
    assert ("means" in drawn) == any(
        one.estimate.value is not None for one in of.mean_grades.systems
    )
    assert ("critical-difference" in drawn) == (not of.ranks.reason)
    if case == "one system":
        assert "pairs" not in drawn
    if case == "two systems":
        assert "pairs" in drawn
    if case == "K = 1":
        assert "profile" not in drawn


@pytest.mark.parametrize("case", RATED)
def test_hostile_ratings_have_figures_that_draw_or_none(case: str) -> None:
    of = RatingAnalysis(RATED[case]())
    for figure in every(of, study_cast(of.tables)):
        check(figure)


def test_a_system_that_was_never_returned_is_no_zero() -> None:
    of = Analysis(HOSTILE["a system never returned"]())
    figure = check(mean_grades(of, study_cast(of.tables)))
    row = figure.table.iloc[-1]
    assert (row["system"], row["reason"]) == ("s2", "nothing was judged")
    assert np.isnan(row["value"])
    assert "S2 (simulated): nothing was judged." in figure.caption
    assert len(figure.plot["data"][2]["x"]) == len(figure.table) - 1
    cells = pair_cells(check(pair_matrix(of, study_cast(of.tables))))
    assert np.isnan(cells[-1]).all()


def test_names_of_systems_and_groups_are_no_markup() -> None:
    study = known()
    study.systems["s4"]["title"] = "<b>A&B</b>"  # type: ignore[index]
    of = Analysis(replace(study, pools=study.pools.assign(query_family="<i>x</i>")))
    for figure in every(of, study_cast(of.tables)):
        text = str(figure.plot)
        assert "<b>A" not in text
        assert "<i>x" not in text


def test_numbers_in_words() -> None:
    assert [written(one, 1) for one in (-0.04, -1.25, None)] == ["0.0", "−1.2", "–"]
    assert written(0.0, 2, "+") == "0.00"
    assert [chance(one) for one in (0.00009, 0.05, float("nan"))] == ["below 0.0001", "0.0500", "–"]
    np.testing.assert_array_equal(segments([1, 3], [2, 4]), [1, 2, np.nan, 3, 4, np.nan])
