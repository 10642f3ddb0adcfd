"""The figure of the sweeps: every processing and search of an embedding, and what each costs.

A panel is an embedding: PCA down, searches across, and a block for each aggregation where a clip
has frames, and for each normalisation, the paper's first. Colours say how far a cell is from the
best one of its own panel, so that panels of good and of bad embeddings can be read alike.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from embeddings.search.neighbours import SEARCHES
from embeddings.search.processing import AGGREGATIONS
from evaluation.figures.charts import (
    BARE,
    axis_id,
    axis_name,
    brief,
    counted,
    headings,
    in_paper_order,
    is_simulated,
    marked,
    plain,
    split,
    stack,
)
from evaluation.figures.figure import PALETTE, SCALE, Figure
from evaluation.figures.heat_map import cells

if TYPE_CHECKING:
    import pandas as pd

_SIZES = 3
"""Sizes of PCA in a block, none among them; where the vectors allow fewer, the rest stays empty."""
_ABREAST = len(AGGREGATIONS)
"""Blocks of cells side by side: aggregations where there are frames, else normalisations."""
_NORMALISED = {"l2": "L2", "minmax": "min-max", "none": "not normalised"}
_ROW = 27
_TICKS = 24
_DARKEST = 0.8
_WIDTH = 640


@dataclass(frozen=True, slots=True)
class _Block:
    """The cells of an aggregation and a normalisation; `at` is its row of blocks, and its place."""

    title: str
    cells: "pd.DataFrame"
    at: tuple[int, int]

    @property
    def sizes(self) -> list[str]:
        """The sizes of PCA, small to large, none last."""
        return sorted(self.cells["pca"].unique(), key=lambda pca: (pca == "none", pca.zfill(9)))


def swept(table: "pd.DataFrame", about: str, convention: str) -> Figure | None:
    """Return the figure "sweep" of `scoreboard.sweep_table` by MAP@15; None without a value.

    `about` is the collection in words.
    """
    if table["value"].notna().sum() == 0:
        return None
    table = _with_names(table)
    return Figure(
        name="sweep",
        title="MAP@15 by aggregation, normalisation, PCA and search",
        caption=(
            f"MAP@15 of {counted(table['name'].nunique(), 'embedding', 'embeddings')} on {about} "
            "under every processing "
            "and search, the mean over all classes. The best cell of each embedding is framed; "
            f"colours are shares of it, from {_DARKEST:.0%} or less (dark) to all of it (light), "
            "and say nothing between embeddings. Of unit vectors, as without PCA after L2, the "
            "three searches rank alike. The paper's cells are those of the first normalisation "
            "with PCA 100, 200 and none; PCA is cut to what the vectors allow. An empty cell "
            "cannot be. The best cell is chosen on the clips that it is scored on, which "
            f"flatters it. {brief('map@15', convention)}"
        ),
        table=table.drop(columns="name").rename(columns={"value": "map@15"}),
        plot=_plot(table),
        simulated=is_simulated(table),
    )


def _with_names(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return the cells with what is drawn: a short name, and each one's share of the best."""
    several = table.groupby(["representation", "provenance"])["embedding"].transform("nunique") > 1
    names = table["representation"].where(~several, table["embedding"])
    names += table["exclude_same"].map(
        lambda one: "" if one == "none" else f", same {one} excluded"
    )
    best = table.groupby(["embedding", "exclude_same"])["value"].transform("max")
    return table.assign(
        name=[marked(*pair) for pair in zip(names, table["provenance"], strict=True)],
        share_of_best=(table["value"] / best).where(best > 0),
    )


def _plot(table: "pd.DataFrame") -> dict[str, Any]:
    parts = split(in_paper_order(table, "name"))
    blocks = [list(_blocks(part)) for _, part in parts]
    high = _SIZES * _ROW + 2 * _TICKS + 18
    panels = stack([(own[-1].at[0] + 1) * high for own in blocks])
    layout = headings([heading for heading, _ in parts], panels)
    data: list[dict[str, Any]] = []
    for own, (_, top) in zip(blocks, panels.domains, strict=True):
        for block in own:
            number = len(data) // 2
            above = top - (block.at[0] * high + 2 * _TICKS) / panels.height
            domain = (above - len(block.sizes) * _ROW / panels.height, above)
            data += _cells(block, number)
            _add_axes(layout, block, number, domain)
    layout |= {
        "height": panels.height + 16, "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "meta": {"least_width": _WIDTH},
    }  # fmt: skip
    return {"data": data, "layout": layout}


def _blocks(part: "pd.DataFrame") -> Iterator[_Block]:
    """Yield the blocks of a panel: a whole row for an embedding's aggregations, or normalisations.

    The embedding's name stands above the first of its blocks in a row.
    """
    row, place = 0, 0
    for name, own in part.groupby("name", sort=False):
        blocks = list(own.groupby(["normalise", "aggregation"], sort=False))
        if place and place + len(blocks) > _ABREAST:
            row, place = row + 1, 0
        whose = f"{name}: "
        for (normalise, way), of_both in blocks:
            if place == _ABREAST:
                row, place, whose = row + 1, 0, f"{name}: "
            words = [way] if way != "none" else []
            yield _Block(whose + ", ".join([*words, _NORMALISED[normalise]]), of_both, (row, place))
            place, whose = place + 1, ""


def _cells(block: _Block, number: int) -> list[dict[str, Any]]:
    """Return a block's traces: shares of the best as colours, the values as numbers."""
    wide = block.cells[["pca", "search", "value", "share_of_best"]].pivot(
        index="pca", columns="search"
    )
    wide = wide.reindex(index=block.sizes)
    values, shares = (
        wide[one].reindex(columns=list(SEARCHES)).astype(float)
        for one in ("value", "share_of_best")
    )
    across, down = range(len(SEARCHES)), range(len(block.sizes))
    heat, text = cells(across, down, shares, values.map("{:.3f}".format), SCALE, (_DARKEST, 1))
    heat |= {
        "customdata": values.to_numpy(),
        "hovertemplate": "%{customdata:.4f}, %{z:.1%} of the best<extra></extra>",
    }
    axes = {"xaxis": axis_id("x", number), "yaxis": axis_id("y", number)}
    return [heat | axes, text | axes]


def _add_axes(
    layout: dict[str, Any], block: _Block, number: int, domain: tuple[float, float]
) -> None:
    """Add a block's axes, its name above it, and a frame around its best cells."""
    x, y = axis_id("x", number), axis_id("y", number)
    left = block.at[1] / _ABREAST
    sizes = block.sizes
    pca = [f"PCA {one}" if one != "none" else "no PCA" for one in sizes]
    layout[axis_name("x", number)] = BARE | {
        "domain": [left, left + 0.94 / _ABREAST], "anchor": y, "side": "top",
        "tickvals": list(range(len(SEARCHES))), "ticktext": [one.upper() for one in SEARCHES],
        "range": [-0.5, len(SEARCHES) - 0.5],
    }  # fmt: skip
    layout[axis_name("y", number)] = BARE | {
        "domain": list(domain), "anchor": x, "range": [len(sizes) - 0.5, -0.5],
        "tickvals": list(range(len(sizes))), "ticktext": pca,
        "showticklabels": block.at[1] == 0,
    }  # fmt: skip
    layout["annotations"].append(
        {
            "text": plain(block.title), "x": left, "xref": "paper", "xanchor": "left",
            "y": domain[1], "yref": "paper", "yanchor": "bottom", "yshift": _TICKS,
            "showarrow": False, "font": {"size": 13},
        }
    )  # fmt: skip
    for _, cell in block.cells[block.cells["share_of_best"] == 1].iterrows():
        across, down = SEARCHES.index(cell["search"]), sizes.index(cell["pca"])
        layout["shapes"].append(
            {
                "type": "rect", "xref": x, "yref": y, "x0": across - 0.5, "x1": across + 0.5,
                "y0": down - 0.5, "y1": down + 0.5, "line": {"color": PALETTE[4], "width": 2.5},
            }
        )  # fmt: skip
