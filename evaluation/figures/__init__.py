"""Figures as data: what all share, those of scores, and those of studies."""
