"""A study's results as the files that a paper takes: LaTeX tables, vector figures, CSV files.

They are made of the sections that a page shows (`evaluation.figures.shown`), so that a paper, a
page and a report say the same.
"""

from evaluation.reports.paper.folder import write_paper

__all__ = ["write_paper"]
