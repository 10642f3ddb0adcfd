"""A study's results as people read them: sections of facts, figures and tables, in words.

`evaluation.findings.sections` puts them in order; a page, a report in one file and a paper's tables
are all made of what it returns.
"""
