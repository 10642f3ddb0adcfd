"""Scores of made systems, for figures, and what must be true of every figure."""

from math import nan

import numpy as np
import pandas as pd
import pytest

from embeddings.representations import FOURTEEN
from evaluation.figures.figure import Figure

ABOUT = "Made sounds (1,000 clips, 30 classes)"


def systems(count: int, provenance: str = "simulated") -> pd.DataFrame:
    """Return the table of `count` systems: the paper's fourteen, then others."""
    rng = np.random.default_rng([count, len(provenance)])
    others = [f"Own {number}" for number in range(max(count - len(FOURTEEN), 0))]
    rows = []
    for name in [*FOURTEEN, *others][:count]:
        card = FOURTEEN.get(name)
        title = f"{name} (simulated)" if provenance == "simulated" else name
        rows.append(
            {
                "system": f"{provenance}-{name.lower()}.l2.mcss",
                "title": f"{title} · L2, PCA 100 · MCSS",
                "representation": name,
                "provenance": provenance,
                "modality": card.modality if card else "",
                "parameters": 5e6 if card and card.parameters else nan,
                "dimensions": card.dim if card else 64,
                "scored": True,
                "map@15": rng.random(),
            }
        )
    return pd.DataFrame(rows)


def written(figure: Figure) -> list[str]:
    """Return every text of the figure's text traces."""
    texts = [trace["text"] for trace in figure.plot["data"] if "text" in trace.get("mode", "")]
    return [text for some in texts for text in some]


def check(figure: Figure) -> None:
    """A figure is one that Plotly takes, and its provenance is in the chart itself."""
    graph_objects = pytest.importorskip("plotly.graph_objects")
    graph_objects.Figure(figure.plot)
    figure.json()
    provenances = [one for one in figure.table if one.startswith("provenance")]
    assert provenances
    assert figure.simulated == bool((figure.table[provenances] == "simulated").any(axis=None))
    assert ("simulated" in str(figure.plot["layout"]).lower()) == figure.simulated
    assert figure.caption.endswith(".")
    assert "convention c" in figure.caption
