"""Queries that were drawn, and that others of their stratum stand for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Replaced:
    """That a query which was drawn is not asked about.

    Attributes
    ----------
    clip : it
    reason : why, in a line
    by : the clip that is asked about instead: the seed draws it. Once a study is made, it is there
    """

    clip: str
    reason: str
    by: str = ""
