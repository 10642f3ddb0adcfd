"""A notebook's way to :mod:`evaluation.records.frames`."""

from evaluation.records.frames import read_study

__all__ = ["read_study"]
