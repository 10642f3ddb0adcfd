"""Judgements to results: one class a method of judging, and what all methods share."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evaluation.analysis.graded import Analysis

__all__ = ["Analysis"]


def __getattr__(name: str) -> Any:
    """Load `Analysis` where a notebook asks for it: commands that want less stay quick."""
    if name != "Analysis":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from evaluation.analysis.graded import Analysis

    return Analysis
