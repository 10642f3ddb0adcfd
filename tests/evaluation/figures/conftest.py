"""Studies that the tests of figures draw."""

import pandas as pd
import pytest

from evaluation.analysis.graded import Analysis
from evaluation.figures.study.cast import study_cast
from tests.support.figures.mean_figures import known


@pytest.fixture(scope="module")
def made() -> Analysis:
    """The results of that study."""
    return Analysis(known())


@pytest.fixture(scope="module")
def cast(made: Analysis) -> pd.DataFrame:
    """Its systems."""
    return study_cast(made.tables)
