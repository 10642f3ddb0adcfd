"""The figures of a study's results: what raters said, how surely, and what the labels said.

Each is made of an analysis (`evaluation.analysis.graded`, `evaluation.analysis.rated_lists`,
`evaluation.analysis.preferred_lists`) and of the systems as `evaluation.figures.study.cast` names
them; where there is nothing to draw, there is no figure.
"""
