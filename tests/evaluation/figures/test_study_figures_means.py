"""The figures of means, ranks and groups: what is drawn is what the tables say, for any data."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evaluation.analysis.graded import Analysis
from evaluation.analysis.panel import PanelResults
from evaluation.analysis.rated_lists import RatingAnalysis
from evaluation.figures.figure import Figure
from evaluation.figures.study.cast import study_cast
from evaluation.figures.study.critical import critical_difference, not_told_apart
from evaluation.figures.study.dots import scale_axis
from evaluation.figures.study.group_figures import class_means, facet_scatter, family_means
from evaluation.figures.study.marks import chance, segments, written
from evaluation.figures.study.mean_figures import mean_grades, primary_scores
from evaluation.figures.study.pairs import pair_matrix
from evaluation.figures.study.profile import rank_profile
from evaluation.protocol.terms import Facet, Scale
from evaluation.records.frames import StudyTables
from tests.support.studies.hostile_studies import HOSTILE
from tests.support.studies.list_studies import LISTS, RATED, rated
from tests.support.studies.made_study import judgements, raters, tables
from tests.support.studies.rated import simulated

OF = simulated(systems=6, queries=24, raters=8)
FIRST_RANK = "first_relevant"


def known(**changes: Any) -> StudyTables:
    """Return a study of six systems: the best two are simulated, the fourth one was trained."""
    kinds = {
        name: "simulated" if place < 2 else "computed" for place, name in enumerate(OF.systems)
    }
    systems = {
        name: {"title": f"{name.upper()} · L2", "provenance": kind, "anchor": False,
               "representation": "", "trained_on": "its sounds" if name == "s3" else ""}
        for name, kind in kinds.items()
    }  # fmt: skip
    return tables(OF, **({"systems": systems} | changes))


ORDER = ["s2", "s3", "s4", "s5", "s0", "s1"]
"""The systems as figures have them: by mean grade, and the simulated ones last."""


@pytest.fixture(scope="module")
def made() -> Analysis:
    """The results of that study."""
    return Analysis(known())


@pytest.fixture(scope="module")
def cast(made: Analysis) -> pd.DataFrame:
    """Its systems."""
    return study_cast(made.tables)


def sparse() -> StudyTables:
    """Return the study with 70 % of the grades missing, here and there."""
    table = OF.table.copy()
    table[np.random.default_rng(0).random(table.shape) < 0.7] = np.nan
    part = replace(OF, table=table)
    return known(judgements=judgements(part, known().protocol))


def primarily(measure: str, comparisons: tuple[tuple[str, str], ...] = ()) -> StudyTables:
    """Return the study with another primary measure and comparisons."""
    study = known()
    own = replace(study.protocol.analysis, primary_measure=measure, comparisons=comparisons)
    return replace(study, protocol=replace(study.protocol, analysis=own))


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


def check(figure: Figure | None) -> Figure:
    """A figure is one that Plotly takes; its provenance and its caption are whole."""
    graph_objects = pytest.importorskip("plotly.graph_objects")
    assert figure is not None
    graph_objects.Figure(figure.plot)
    figure.json()
    columns = [one for one in figure.table if one.startswith("provenance")]
    assert columns
    assert figure.simulated == bool((figure.table[columns] == "simulated").any(axis=None))
    assert "name" not in figure.table
    assert figure.caption.endswith(".")
    assert not {"nan", "None"} & set(figure.caption.replace("(", " ").replace(",", " ").split())
    assert "  " not in figure.caption
    assert figure.plot["layout"]["meta"]["least_width"] <= 1100
    return figure


def named(figure: Figure, name: str) -> dict[str, Any]:
    """Return the one trace of a name."""
    (found,) = [one for one in figure.plot["data"] if one.get("name") == name]
    return dict(found)


def ends(trace: dict[str, Any]) -> np.ndarray:
    """Return the ends of a trace of segments, [segments, 2]."""
    return np.reshape(trace["x"], (-1, 3))[:, :2]


def rows_of(figure: Figure) -> list[str]:
    """Return what the rows are called."""
    return list(figure.plot["layout"]["yaxis"]["ticktext"])


def edge(figure: Figure) -> list[float]:
    """Return where lines divide rows."""
    lines = [one for one in figure.plot["layout"]["shapes"] if one["type"] == "line"]
    return [one["y0"] for one in lines if one["y0"] == one["y1"]]


def test_dots_are_the_mean_grades_of_the_table(made: Analysis, cast: pd.DataFrame) -> None:
    figure = check(mean_grades(made, cast))
    assert figure.name == "means"
    table = figure.table
    assert table["system"].tolist() == ORDER
    assert rows_of(figure) == ["S2", "S3", "S4", "S5", "S0 (simulated)", "S1 (simulated)"]
    assert edge(figure) == [3.5]
    estimates = {one.system: one.estimate for one in made.mean_grades.systems}
    expected = [
        [getattr(estimates[name], one) for one in ("value", "low", "high")] for name in ORDER
    ]
    np.testing.assert_array_equal(table[["value", "low", "high"]], expected)
    whiskers, interval, dots = figure.plot["data"]
    assert whiskers["x"] == []  # all was judged
    np.testing.assert_array_equal(dots["x"], table["value"])
    np.testing.assert_array_equal(ends(interval), table[["low", "high"]])
    assert "24 queries" in figure.caption
    assert "8 raters" in figure.caption
    assert "human reference" not in figure.caption


def test_what_was_trained_on_the_collection_is_hollow(made: Analysis, cast: pd.DataFrame) -> None:
    for make in (mean_grades, rank_profile, critical_difference):
        figure = check(make(made, cast))
        fills = [
            fill for trace in figure.plot["data"] if isinstance(trace.get("marker"), dict)
            for fill in np.atleast_1d(trace["marker"].get("color", []))
            if "customdata" in trace
        ]  # fmt: skip
        hollow = {"means": 1, "profile": OF.depth, "critical-difference": 1}[figure.name]
        assert fills.count("#fff") == hollow
        assert "Hollow: trained on sounds of the collection: S3 (its sounds)." in figure.caption
    for make in (pair_matrix, family_means):
        figure = check(make(made, cast))
        assert "○: trained on sounds of the collection: S3 (its sounds)." in figure.caption
        assert "○ S3" in rows_of(figure)


def test_bounds_are_drawn_where_something_was_not_judged(cast: pd.DataFrame) -> None:
    of = Analysis(sparse())
    figure = check(mean_grades(of, cast))
    own = figure.table[figure.table["judged"] < 1]
    assert len(own) > 0
    whiskers = figure.plot["data"][0]
    drawn = np.reshape(whiskers["x"], (-1, 3))[:, :2]
    np.testing.assert_array_equal(drawn, own[["lower_bound", "upper_bound"]])
    assert (drawn[:, 0] < own["value"]).all()
    assert f"{len(own)} of 6 systems" in figure.caption


def test_the_reference_and_who_passed_are_drawn_with_their_intervals(cast: pd.DataFrame) -> None:
    people = raters(OF.raters)
    people.loc[2:, "passed"] = np.arange(6) % 2
    told = known(raters=people)
    everybody, passed = Analysis(told), Analysis(told, screened=True)
    reference = everybody.reference
    figure = check(mean_grades(everybody, cast, passed.mean_grades, reference))
    line = named(figure, f"human reference {reference.value:.1f}")
    assert set(line["x"]) == {reference.value}
    (band,) = [one for one in figure.plot["layout"]["shapes"] if one["type"] == "rect"]
    assert (band["x0"], band["x1"]) == (reference.low, reference.high)
    own = {one.system: one.estimate for one in passed.mean_grades.systems}
    dots = named(figure, "raters who passed")
    assert dots["x"].tolist() == [own[name].value for name in ORDER]
    assert (dots["y"] > named(figure, "all raters")["y"]).all()
    assert figure.table["passed_low"].tolist() == [own[name].low for name in ORDER]
    assert "Diamonds are of the 5 who passed" in figure.caption
    assert figure.table["reference"].unique().tolist() == [reference.value]
    assert "95 % interval over queries and raters: " in figure.caption


def test_what_few_raters_say_is_for_these_alone() -> None:
    few = Analysis(tables(simulated(systems=3, queries=8, raters=4)))
    own = study_cast(few.tables)
    figure = mean_grades(few, own, None, few.reference)
    assert figure
    assert "95 % interval over queries, for these raters alone: " in figure.caption
    of = primarily("ndcg")
    table = of.judgements
    four = replace(of, judgements=table[table["rater"].isin(OF.raters[:4])])
    for told, words in (
        (of, "queries and raters have random weights (seed 1)."),
        (four, "queries have random weights (seed 1); they speak for these raters alone."),
    ):
        every = primary_scores(Analysis(told), study_cast(told))
        assert every
        assert words in every.caption


def test_the_axis_is_the_whole_scale_with_the_words_that_fit() -> None:
    wordy = Facet(anchors=((0, "not at all"), (3, "x" * 30), (50, "half"), (100, "yes")), step=1)
    axis = scale_axis(wordy)
    texts = dict(zip(axis["tickvals"], axis["ticktext"], strict=True))
    assert texts == {0: "0<br>not at all", 50: "50<br>half", 100: "100<br>yes"}
    low, high = axis["range"]
    assert low < 0 < 100 < high
    few = scale_axis(Facet(anchors=((1, "no"), (5, "<b>yes")), step=1))
    assert sorted(few["tickvals"]) == [1, 2, 3, 4, 5]
    assert "5<br>&lt;b&gt;yes" in few["ticktext"]


def test_the_primary_measure_has_a_figure_of_its_own(cast: pd.DataFrame) -> None:
    assert primary_scores(Analysis(known()), cast) is None
    of = Analysis(primarily(FIRST_RANK))
    figure = check(primary_scores(of, cast))
    values = figure.table["value"]
    assert values[:4].is_monotonic_increasing
    assert values[4:].is_monotonic_increasing
    expected = {one.system: one.estimate.value for one in of.primary.systems}
    assert values.tolist() == [expected[name] for name in figure.table["system"]]
    assert "lower is better" in figure.caption
    assert "2,000 replicates" in figure.caption
    assert "seed 1" in figure.caption
    assert figure.plot["layout"]["xaxis"]["title"]["text"] == "First good rank"
    low, high = figure.plot["layout"]["xaxis"]["range"]
    assert low < figure.table["low"].min() < figure.table["high"].max() < high
    assert "higher is better" in check(primary_scores(Analysis(primarily("ndcg")), cast)).caption


def test_lists_are_called_lists() -> None:
    of = RatingAnalysis(rated(LISTS))
    own = study_cast(of.tables)
    figure = check(mean_grades(of, own))
    assert figure.title == "Mean rating"
    assert "Mean rating of its lists" in figure.caption
    assert primary_scores(of, own) is None
    assert rank_profile(of, own) is None
    for make in (pair_matrix, critical_difference, family_means, class_means):
        check(make(of, own))


def test_a_panel_a_system_shows_its_ranks(made: Analysis, cast: pd.DataFrame) -> None:
    figure = check(rank_profile(made, cast))
    assert figure.table["system"].tolist() == [name for name in ORDER for _ in range(5)]
    stored = made.profile.set_index(["system", "rank"])["value"]
    drawn = figure.table.set_index(["system", "rank"])["value"]
    assert drawn.to_dict() == stored.to_dict()
    layout = figure.plot["layout"]
    lines = [one for one in figure.plot["data"] if "customdata" in one]
    names = [one["text"] for one in layout["annotations"] if one["text"] != "Rank"]
    assert names[4:] == ["S0 (simulated)", "S1 (simulated)"]
    for place, (name, line) in enumerate(zip(ORDER, lines, strict=True)):
        own = figure.table[figure.table["system"] == name]
        np.testing.assert_array_equal(line["y"], own["value"])
        traces = [one for one in figure.plot["data"] if one["xaxis"] == line["xaxis"]]
        others, band = traces[:2]
        assert band["y"] == own["low"].tolist() + own["high"].tolist()[::-1]
        # Computed systems and simulated ones are not compared by one panel.
        assert np.isnan(others["y"]).sum() == (1 if place > 3 else 3)
        assert not set(own["value"]) & set(others["y"])
        # Each of the others is a line of its own: whole, with a gap behind it.
        behind = [one for one in (ORDER[4:] if place > 3 else ORDER[:4]) if one != name]
        ranks = np.reshape(others["x"], (len(behind), 6))
        np.testing.assert_array_equal(ranks, [[1, 2, 3, 4, 5, np.nan]] * len(behind))
    bottoms = [layout[f"yaxis{one or ''}"]["domain"][0] for one in ("", 5)]
    (line,) = layout["shapes"]
    assert layout["yaxis5"]["domain"][1] < line["y0"] < bottoms[0]
    assert bottoms[1] >= 0


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
    assert (
        "not adjusted for 15 comparisons"
        in check(pair_matrix(Analysis(known()), own, adjusted=False)).caption
    )


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


def every(of: PanelResults, own: pd.DataFrame) -> list[Figure]:
    """Return all figures that there are of some results."""
    reference = of.reference if isinstance(of, Analysis) else None
    found = [
        mean_grades(of, own, of.mean_grades, reference), primary_scores(of, own),
        rank_profile(of, own), pair_matrix(of, own), critical_difference(of, own),
        family_means(of, own), class_means(of, own),
        facet_scatter(of.facets, of, own) if isinstance(of, Analysis) else None,
    ]  # fmt: skip
    return [one for one in found if one is not None]


@pytest.mark.parametrize("case", [one for one in HOSTILE if one != "blocks missing"])
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
