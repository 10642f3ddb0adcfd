"""A notebook's way to :mod:`evaluation.objective.scoreboard`."""

from evaluation.objective.scoreboard import (
    class_table,
    compare_classes,
    family_table,
    systems_table,
)

__all__ = ["class_table", "compare_classes", "family_table", "systems_table"]
