"""Scores of made systems, for figures."""

from math import nan

import numpy as np
import pandas as pd

from embeddings.representations import FOURTEEN

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
