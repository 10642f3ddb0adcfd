"""The figures of a study's results: what raters said, how surely, and what the labels said.

Each is made of an analysis (`evaluation.analysis`, `evaluation.rating_analysis`,
`evaluation.preference_analysis`) and of the systems as `evaluation.study_figures.cast` names them;
where there is nothing to draw, there is no figure.
"""
