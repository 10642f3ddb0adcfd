"""Labels and rankings to numbers: AP, MAP, R1, MR1, sweeps of processing, the scoreboard."""

from evaluation.objective.averages import score_system

__all__ = ["score_system"]
