"""The heat maps of systems by families: MAP@15 as in the paper's figure, and how far from it."""

from typing import TYPE_CHECKING, Any

from evaluation.figures.charts import (
    BARE,
    axis_id,
    axis_name,
    brief,
    headings,
    is_simulated,
    labels,
    plain,
    signed,
    split,
    stack,
)
from evaluation.figures.figure import DIVERGING, SCALE, ColourScale, Figure
from evaluation.figures.heat_map import cells
from evaluation.objective.published import citation, measured_on

if TYPE_CHECKING:
    import pandas as pd

MEAN = "Mean of the families"

_COLUMN = 74
_APART = 0.2
"""How far the mean is from the last family, in columns."""
_NARROWEST = 0.1
"""Values and differences are coloured up to this much at least."""


def family_scores(
    systems: "pd.DataFrame",
    families: "pd.DataFrame",
    means: "pd.DataFrame",
    about: str,
    convention: str,
) -> Figure | None:
    """Return the heat map of the systems' MAP@15 in each family; None without a family's value.

    Parameters
    ----------
    systems : the rows to show, as `charts.cast` gives them
    families, means : `scoreboard.family_table` and `family_means`
    about : the collection, in words
    """
    table = _long(systems, families, means, ["map@15"])
    if not table["map@15"].notna().any():
        return None
    span = (0.0, max(table["map@15"].max(), _NARROWEST))
    return Figure(
        name="families",
        title="MAP@15 by family",
        caption=(
            f"MAP@15 of each system in the families of {about}: the mean over a family's n classes "
            "of the mean over the clips of a class. The last column is the mean of the families, "
            "each counted alike; it is not the mean over all classes. Lighter is higher, and an "
            f"empty cell is undefined. {brief('map@15', convention)}"
        ),
        table=table.drop(columns="name"),
        plot=_heat_map(table, "map@15", SCALE, span),
        simulated=is_simulated(table),
    )


def family_differences(
    systems: "pd.DataFrame",
    families: "pd.DataFrame",
    means: "pd.DataFrame",
    about: str,
    convention: str,
) -> Figure | None:
    """Return the heat map of measured less published MAP@15; None where nothing may be compared.

    The parameters are those of `family_scores`.
    """
    value = "difference_map@15"
    table = _long(systems, families, means, ["map@15", "published_map@15", value])
    table = table[table["system"].isin(table.loc[table[value].notna(), "system"])]
    if table.empty:
        return None
    most = max(table[value].abs().max(), _NARROWEST)
    return Figure(
        name="families-published",
        title="MAP@15 by family: difference from the published values",
        caption=(
            f"MAP@15 by family on {about} less the published value ({citation()}; "
            f"{measured_on()}). Orange is above it, blue below. Only systems of which a "
            f"difference can be told: the published sounds, checkpoint, processing and search"
            f"{', or vectors made to score as published' if is_simulated(table) else ''}. "
            f"{brief('map@15', convention)}"
        ),
        table=table.drop(columns="name"),
        plot=_heat_map(table, value, DIVERGING, (-most, most)),
        simulated=is_simulated(table),
    )


def _long(
    systems: "pd.DataFrame", families: "pd.DataFrame", means: "pd.DataFrame", values: list[str]
) -> "pd.DataFrame":
    """Return a row a system and family, and its mean of the families, in the systems' order."""
    import pandas as pd

    own = families[["system", "family", "classes", *values]].astype({"classes": "Int64"})
    mean = means[["system", *values]].assign(family=MEAN)
    kept = pd.concat([own, mean], ignore_index=True) if len(own) else own
    named = systems[["system", "name", "title", "provenance"]]
    return named.merge(kept, on="system", how="inner")


def _heat_map(
    table: "pd.DataFrame", value: str, scale: ColourScale, span: tuple[float, float]
) -> dict[str, Any]:
    """Return a plot with a panel a provenance: systems by families, and the mean set apart."""
    families = [one for one in table["family"].unique() if one != MEAN]
    at = {family: float(place) for place, family in enumerate(families)}
    at[MEAN] = len(families) + _APART
    words = [_in_lines(family, table) for family in at]
    parts = split(table)
    ticks = 16 * max(text.count("<br>") + 1 for text in words) + 6
    rows = [labels(part.drop_duplicates("system")["name"]) for _, part in parts]
    sizes = [len(own.texts) * own.row for own in rows]
    panels = stack(sizes, above=ticks, below=14)
    data, layout = [], headings([heading for heading, _ in parts], panels)
    across = BARE | {
        "tickvals": list(at.values()), "ticktext": words, "side": "top", "tickangle": 0,
        "range": [-0.5, at[MEAN] + 0.5],
    }  # fmt: skip
    for number, ((_, part), own) in enumerate(zip(parts, rows, strict=True)):
        named = part.drop_duplicates("system")
        x, y = axis_id("x", number), axis_id("y", number)
        for columns in (families, [MEAN]):
            traces = _cells(part, named, {one: at[one] for one in columns}, value, scale, span)
            data += [trace | {"xaxis": x, "yaxis": y} for trace in traces]
        layout[axis_name("x", number)] = across | {"anchor": y}
        layout[axis_name("y", number)] = BARE | {
            "tickvals": list(range(len(named))), "ticktext": own.texts,
            "range": [len(named) - 0.5, -0.5], "domain": panels.domains[number], "anchor": x,
        }  # fmt: skip
    layout |= {
        "height": panels.height + 16, "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "meta": {"least_width": max(own.width for own in rows) + _COLUMN * len(at)},
    }  # fmt: skip
    return {"data": data, "layout": layout}


def _cells(
    part: "pd.DataFrame",
    named: "pd.DataFrame",
    at: dict[str, float],
    value: str,
    scale: ColourScale,
    span: tuple[float, float],
) -> list[dict[str, Any]]:
    """Return the traces of some columns of a panel."""
    rows = part[["system", "family", value]].assign(said=_said(part, value))
    wide = rows.pivot(index="system", columns="family").reindex(index=named["system"])
    numbers = wide[value].reindex(columns=list(at)).astype(float)
    written = signed if value.startswith("difference") else "{:.3f}".format
    heat, text = cells(
        list(at.values()), range(len(named)), numbers, numbers.map(written), scale, span
    )
    said = wide["said"].reindex(columns=list(at)).to_numpy()
    return [heat | {"hovertext": said, "hoverinfo": "text"}, text]


def _said(part: "pd.DataFrame", value: str) -> list[str]:
    """Return what is said of each cell when it is pointed at."""
    texts = [
        f"{plain(title)}<br>{plain(family.replace('_', ' '))}: {score:.4f}"
        for title, family, score in zip(part["title"], part["family"], part["map@15"], strict=True)
    ]
    if value == "map@15":
        return texts
    pairs = zip(texts, part["published_map@15"], part[value], strict=True)
    return [
        f"{text}<br>published {theirs:.3f}, difference {signed(gap)}" for text, theirs, gap in pairs
    ]


def _in_lines(family: str, table: "pd.DataFrame") -> str:
    """Return a family's name in short lines, with the number of classes that are averaged."""
    lines = [""]
    for word in family.replace("_", " ").replace("-", "-\N{ZERO WIDTH SPACE}").split(" "):
        for piece in word.split("\N{ZERO WIDTH SPACE}"):
            glue = "" if lines[-1].endswith("-") else " "
            if lines[-1] and len(lines[-1]) + len(piece) > 10:
                lines.append(piece)
            else:
                lines[-1] = f"{lines[-1]}{glue}{piece}".strip()
    if family != MEAN:
        lines.append(f"n = {table.loc[table['family'] == family, 'classes'].max()}")
    return "<br>".join(plain(line) for line in lines)
